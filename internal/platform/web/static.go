package web

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// asset is one file with its encodings. Its bytes stay in files: the binary's own
// pages, which the system shares and drops as it likes.
type asset struct {
	name, kind, etag string
	br, gz           bool
}

// StaticOption changes how an app is served.
type StaticOption func(*static)

type static struct {
	head func(r *http.Request) string
}

// WithHead adds what head answers to the <head> of index.html, for those who read
// pages and do not run them: programs that make a preview of a link. Browsers,
// which say that they open a document (Sec-Fetch-Dest), get the file as it is,
// compressed and checked by its tag.
func WithHead(head func(r *http.Request) string) StaticOption {
	return func(s *static) { s.head = head }
}

// Static serves an app that was built into files: hashed files below assets/
// are immutable, everything else is checked each time, and an address that is no
// file gets index.html, because the app routes it. Encodings made at build time
// (name.br, name.gz) are preferred.
func Static(files fs.FS, opts ...StaticOption) (http.Handler, error) {
	var s static
	for _, o := range opts {
		o(&s)
	}
	assets := map[string]*asset{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, ".br") || strings.HasSuffix(name, ".gz") {
			return err
		}
		a := &asset{name: name, kind: mime.TypeByExtension(path.Ext(name)), etag: `"` + path.Base(name) + `"`}
		if path.Ext(name) == ".webmanifest" {
			a.kind = "application/manifest+json"
		}
		if !strings.HasPrefix(name, "assets/") { // the name of an asset holds the hash of its content already
			raw, err := fs.ReadFile(files, name)
			if err != nil {
				return err
			}
			sum := sha256.Sum256(raw)
			a.etag = `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
		}
		a.br, a.gz = exists(files, name+".br"), exists(files, name+".gz")
		assets[name] = a
		return nil
	})
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			WriteProblem(w, r, nil, ErrNotFound)
			return
		}
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		a := assets[name]
		if a == nil {
			if strings.HasPrefix(name, "assets/") || path.Ext(name) != "" {
				WriteProblem(w, r, nil, ErrNotFound)
				return
			}
			if a = assets["index.html"]; a == nil {
				WriteProblem(w, r, nil, ErrNotFound)
				return
			}
			if s.head != nil && r.Header.Get("Sec-Fetch-Dest") == "" {
				if more := s.head(r); more != "" {
					serveWith(w, r, files, a, more)
					return
				}
			}
		}
		serveAsset(w, r, files, a)
	}), nil
}

func exists(files fs.FS, name string) bool {
	_, err := fs.Stat(files, name)
	return err == nil
}

// serveWith serves a page with more in its head.
func serveWith(w http.ResponseWriter, r *http.Request, files fs.FS, a *asset, more string) {
	raw, err := fs.ReadFile(files, a.name)
	if err != nil {
		WriteProblem(w, r, nil, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Vary", "Sec-Fetch-Dest, Accept-Language")
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Security-Policy", pagePolicy)
	if r.Method == http.MethodGet {
		_, _ = io.WriteString(w, strings.Replace(string(raw), "</head>", more+"</head>", 1))
	}
}

// pagePolicy: nothing comes from elsewhere; blob: is the player and the camera.
const pagePolicy = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; " +
	"style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; worker-src 'self' blob:; frame-ancestors 'self'; base-uri 'none'; form-action 'self'"

func serveAsset(w http.ResponseWriter, r *http.Request, files fs.FS, a *asset) {
	name := a.name
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("ETag", a.etag)
	h.Set("Vary", "Accept-Encoding")
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	if strings.HasSuffix(name, ".html") {
		h.Set("Content-Security-Policy", pagePolicy)
	}
	if r.Header.Get("If-None-Match") == a.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	accepted := r.Header.Get("Accept-Encoding")
	switch {
	case a.br && strings.Contains(accepted, "br"):
		name += ".br"
		h.Set("Content-Encoding", "br")
	case a.gz && strings.Contains(accepted, "gzip"):
		name += ".gz"
		h.Set("Content-Encoding", "gzip")
	}
	f, err := files.Open(name)
	if err != nil {
		WriteProblem(w, r, nil, err)
		return
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		h.Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	}
	if r.Method == http.MethodGet {
		_, _ = io.Copy(w, f)
	}
}
