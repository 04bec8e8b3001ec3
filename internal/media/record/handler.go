package record

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/media/transcode"
)

// Prefix is where the handler is mounted.
const Prefix = "/replay/"

// minSegment is how long a segment of the playlist lasts at least.
const minSegment = 2 * time.Second

// span is a segment of the playlist: parts of one run from keyframe to keyframe.
type span struct {
	run          int
	offset, size int64
	at, duration time.Duration
	wall         time.Time
}

func (x *Index) spans() (out []span) {
	for _, p := range x.parts {
		n := len(out) - 1
		if n < 0 || out[n].run != p.Run || p.Key && out[n].duration >= minSegment-50*time.Millisecond {
			out = append(out, span{run: p.Run, offset: p.Offset, at: p.at, wall: p.wall()})
			n++
		}
		out[n].size = p.Offset + p.Size - out[n].offset
		out[n].duration += p.Duration
	}
	return out
}

// Playlist returns the replay's media playlist over byte ranges of the runs (RFC
// 8216, 4.3). While the recording goes on it has no end.
func (x *Index) Playlist() []byte {
	spans := x.spans()
	target := int64(1)
	for _, s := range spans {
		target = max(target, int64(s.duration.Round(time.Second)/time.Second))
	}
	kind := "EVENT"
	if x.Ended {
		kind = "VOD"
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%d\n#EXT-X-PLAYLIST-TYPE:%s\n#EXT-X-INDEPENDENT-SEGMENTS\n", target, kind)
	run := -1
	for _, s := range spans {
		if s.run != run {
			if run >= 0 && x.breaks[s.run] {
				b.WriteString("#EXT-X-DISCONTINUITY\n")
			}
			run = s.run
			fmt.Fprintf(&b, "#EXT-X-MAP:URI=\"%s\",BYTERANGE=\"%d@0\"\n", runName(run), x.inits[run])
		}
		fmt.Fprintf(&b, "#EXT-X-PROGRAM-DATE-TIME:%s\n#EXTINF:%.5f,\n#EXT-X-BYTERANGE:%d@%d\n%s\n",
			s.wall.Format("2006-01-02T15:04:05.000Z"), s.duration.Seconds(), s.size, s.offset, runName(run))
	}
	if x.Ended {
		b.WriteString("#EXT-X-ENDLIST\n")
	}
	return b.Bytes()
}

// ServeHTTP answers below [Prefix]: a recording's index.m3u8 and its runs, which
// players read in ranges.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, Prefix)
	recording, file, ok2 := strings.Cut(path, "/")
	if !ok || !ok2 {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	dir, err := s.folder(recording)
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	cache := "public, max-age=60"
	if s.cfg.Gate != nil {
		if s.cfg.Gate(r, recording) != nil {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		cache = "private, max-age=60" // what one may see another may not
	}
	if file == "index.m3u8" {
		s.playlist(w, r, recording, cache)
		return
	}
	stem, ok := strings.CutSuffix(file, ".mp4")
	n, err := strconv.Atoi(stem)
	if !ok || err != nil || n < 0 || runName(n) != file {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	f, err := os.Open(filepath.Join(dir, file))
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "video/mp4")
	w.Header().Set("Cache-Control", cache)
	http.ServeContent(w, r, "", info.ModTime(), f)
}

func (s *Store) playlist(w http.ResponseWriter, r *http.Request, recording, cache string) {
	index, err := s.Open(recording)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && len(index.parts) == 0:
		w.WriteHeader(http.StatusNotFound)
		return
	case err != nil:
		s.cfg.Log.ErrorContext(r.Context(), "recording not readable", "recording", recording, "error", err)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if !index.Ended {
		cache = "no-cache"
	}
	body := index.Playlist()
	w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
	w.Header().Set("Cache-Control", cache)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the viewer may have left
	}
}

// Poster returns the picture at an offset of the playback as a JPEG of at most
// 1280 pixels in width. It needs ffmpeg; see [transcode.ErrUnavailable].
func (s *Store) Poster(ctx context.Context, recording string, offset time.Duration) ([]byte, error) {
	dir, err := s.folder(recording)
	if err != nil {
		return nil, err
	}
	index, err := s.Open(recording)
	if err != nil {
		return nil, err
	}
	offset = max(0, min(offset, index.Duration()-time.Millisecond))
	group := index.group(offset)
	if len(group) == 0 {
		return nil, ErrNotFound
	}
	f, err := os.Open(filepath.Join(dir, runName(group[0].Run)))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// Sound may be longer than the picture: near the end, look a little earlier.
	for into := offset - group[0].at; ; into = max(0, into-time.Second/2) {
		jpeg, err := still(ctx, f, index.inits[group[0].Run], group, into)
		switch {
		case err != nil:
			return nil, fmt.Errorf("poster of %s: %w", recording, err)
		case len(jpeg) > 0:
			return jpeg, nil
		case into == 0:
			return nil, fmt.Errorf("poster of %s: no picture at %v", recording, offset)
		}
	}
}

// still decodes the picture that is into a group of parts of a run. There may be
// none.
func still(ctx context.Context, run io.ReaderAt, init int64, group []part, into time.Duration) ([]byte, error) {
	first, last := group[0], group[len(group)-1]
	in := io.MultiReader(
		io.NewSectionReader(run, 0, init),
		io.NewSectionReader(run, first.Offset, last.Offset+last.Size-first.Offset))
	return transcode.Run(ctx, transcode.Job{Stdin: in, Args: []string{
		"-ss", fmt.Sprintf("%.3f", into.Seconds()), "-an", "-frames:v", "1",
		"-vf", "scale='min(1280,iw)':-2", "-q:v", "4", "-f", "mjpeg", "pipe:1",
	}})
}
