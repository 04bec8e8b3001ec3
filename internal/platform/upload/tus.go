package upload

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

// Path is where uploads are made.
const Path = "/v1/uploads"

const (
	version    = "1.0.0"
	extensions = "creation,termination,expiration"
)

// Mount adds the protocol to mux. Uploads belong to the person who asks.
func (s *Store) Mount(mux *http.ServeMux) {
	mux.HandleFunc("OPTIONS "+Path, s.options)
	mux.HandleFunc("POST "+Path, s.speak(s.create))
	mux.HandleFunc("HEAD "+Path+"/{id}", s.speak(s.head))
	mux.HandleFunc("PATCH "+Path+"/{id}", s.speak(s.patch))
	mux.HandleFunc("DELETE "+Path+"/{id}", s.speak(s.delete))
}

func (s *Store) options(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Tus-Resumable", version)
	h.Set("Tus-Version", version)
	h.Set("Tus-Extension", extensions)
	h.Set("Tus-Max-Size", strconv.FormatInt(s.cfg.MaxSize, 10))
	w.WriteHeader(http.StatusNoContent)
}

// speak checks what all requests have in common: the version and the person.
func (s *Store) speak(f func(w http.ResponseWriter, r *http.Request, owner string) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Tus-Resumable", version)
		w.Header().Set("Cache-Control", "no-store")
		if r.Header.Get("Tus-Resumable") != version {
			w.Header().Set("Tus-Version", version)
			w.WriteHeader(http.StatusPreconditionFailed)
			return
		}
		owner, err := web.Person(r.Context())
		if err == nil {
			err = f(w, r, owner)
		}
		if err != nil {
			web.WriteProblem(w, r, s.cfg.Log, err)
		}
	}
}

func (s *Store) create(w http.ResponseWriter, r *http.Request, owner string) error {
	size, err := number(r.Header.Get("Upload-Length"))
	if err != nil {
		return ErrRequest.At("header.Upload-Length", "want the length of the file in bytes")
	}
	meta, err := metadata(r.Header.Get("Upload-Metadata"))
	if err != nil {
		return err
	}
	i, err := s.Create(owner, meta["filename"], meta["filetype"], size)
	if err != nil {
		return err
	}
	w.Header().Set("Location", Path+"/"+i.ID)
	s.expires(w, i)
	w.WriteHeader(http.StatusCreated)
	return nil
}

func (s *Store) expires(w http.ResponseWriter, i Info) {
	w.Header().Set("Upload-Expires", i.Touched.Add(s.cfg.Keep).UTC().Format(http.TimeFormat))
}

func (s *Store) head(w http.ResponseWriter, r *http.Request, owner string) error {
	i, err := s.Get(owner, r.PathValue("id"))
	if err != nil {
		return err
	}
	// Who asks has lost the old line; what it still brings would move the offset.
	s.hold(i.ID, func() {})()
	if i, err = s.Get(owner, i.ID); err != nil {
		return err
	}
	w.Header().Set("Upload-Offset", strconv.FormatInt(i.Offset, 10))
	w.Header().Set("Upload-Length", strconv.FormatInt(i.Size, 10))
	s.expires(w, i)
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Store) delete(w http.ResponseWriter, r *http.Request, owner string) error {
	if err := s.Delete(owner, r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Store) patch(w http.ResponseWriter, r *http.Request, owner string) error {
	if r.Header.Get("Content-Type") != "application/offset+octet-stream" {
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return nil
	}
	offset, err := number(r.Header.Get("Upload-Offset"))
	if err != nil {
		return ErrRequest.At("header.Upload-Offset", "want a number of bytes")
	}
	i, err := s.Get(owner, r.PathValue("id"))
	if err != nil {
		return err
	}
	control := http.NewResponseController(w)
	in := &patient{Reader: r.Body, alive: func() { _ = control.SetReadDeadline(time.Now().Add(s.cfg.Silence)) }}
	release := s.hold(i.ID, func() {
		in.cut.Store(true)
		_ = control.SetReadDeadline(time.Unix(1, 0))
	})
	defer release()
	if i, err = s.Get(owner, i.ID); err != nil { // it may have moved while we waited
		return err
	}
	if offset != i.Offset {
		return ErrOffset
	}
	if err := s.append(i, in); err != nil {
		return err
	}
	if i, err = s.read(i.ID); err != nil {
		return err
	}
	_ = control.SetReadDeadline(time.Time{})
	w.Header().Set("Upload-Offset", strconv.FormatInt(i.Offset, 10))
	s.expires(w, i)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// chunk is how much is written between two looks at the disk.
const chunk = 8 << 20

// append writes what body gives behind what has arrived, and makes it durable.
// What arrived before the line broke stays.
func (s *Store) append(i Info, body io.Reader) error {
	f, err := os.OpenFile(s.data(i.ID), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	for left := i.Size - i.Offset; ; {
		if !s.room(min(left, chunk)) {
			return errors.Join(f.Sync(), ErrNoRoom)
		}
		n, err := io.CopyN(f, body, min(left, chunk))
		left -= n
		switch {
		case errors.Is(err, io.EOF):
			return f.Sync()
		case err != nil:
			return errors.Join(f.Sync(), broken(err))
		case left == 0:
			if extra, _ := io.CopyN(io.Discard, body, 1); extra > 0 {
				return errors.Join(f.Sync(), ErrTooLarge)
			}
			return f.Sync()
		}
	}
}

// broken names what ended a line: the disk is our fault, the line is nobody's.
func broken(err error) error {
	var disk *os.PathError
	if errors.As(err, &disk) {
		return ErrNoRoom.Because(err)
	}
	return ErrOffset.Because(err)
}

// patient gives each reading its time, until it is cut off.
type patient struct {
	io.Reader
	alive func()
	cut   atomic.Bool
}

func (p *patient) Read(b []byte) (int, error) {
	p.alive()
	if p.cut.Load() { // looked at after alive: a cut that comes now ends the reading by its deadline
		return 0, errCut
	}
	return p.Reader.Read(b)
}

var errCut = errors.New("another request has taken over")

// number reads a length or offset: digits only, as tus has them.
func number(s string) (int64, error) {
	if s == "" || strings.TrimLeft(s, "0123456789") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseInt(s, 10, 64)
}

// maxMetadata bounds the header that names the file, in bytes.
const maxMetadata = 4 << 10

// metadata reads an Upload-Metadata header: pairs of a key and a value in
// Base64, joined by commas. Values are made one clean line.
func metadata(header string) (map[string]string, error) {
	out := map[string]string{}
	if len(header) > maxMetadata {
		return nil, ErrRequest.At("header.Upload-Metadata", "too long")
	}
	for pair := range strings.SplitSeq(header, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), " ")
		if key == "" {
			continue
		}
		b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
		if err != nil {
			return nil, ErrRequest.At("header.Upload-Metadata", "the value of a key is not Base64")
		}
		out[key] = text.Line(string(b))
	}
	return out, nil
}
