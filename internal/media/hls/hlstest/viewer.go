package hlstest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Got is a part that a viewer fetched.
type Got struct {
	Part
	MSN           int64
	Index         int
	Init          []byte
	Discontinuity bool // before this part
	Data          []byte
	// At is when the last byte came.
	At time.Time
}

// Viewer follows one stream like a player: multivariant playlist, blocking
// reloads, and the hinted part asked for before it exists.
type Viewer struct {
	Client *http.Client
	// Base is the address of the stream's folder with a slash at its end.
	Base string
	// Skip asks for delta updates.
	Skip bool

	inits map[string][]byte
	list  *Playlist
}

// StatusError is an answer that is not 200.
type StatusError int

func (e StatusError) Error() string { return fmt.Sprintf("status %d", int(e)) }

// Get fetches a file of the stream.
func (v *Viewer) Get(ctx context.Context, name string) ([]byte, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.Base+name, nil)
	if err != nil {
		return nil, nil, err
	}
	client := v.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = StatusError(resp.StatusCode)
	}
	return body, resp.Header, err
}

// Playlist fetches and reads the media playlist; query may be empty.
func (v *Viewer) Playlist(ctx context.Context, query string) (*Playlist, error) {
	if query != "" {
		query = "?" + query
	}
	text, _, err := v.Get(ctx, "media.m3u8"+query)
	if err != nil {
		return nil, err
	}
	return Parse(string(text))
}

// Follow fetches parts from the start of what is listed, or with live from the
// last independent part, and hands them to f until the stream ends (nil), f or
// a request returns an error, or ctx ends.
func (v *Viewer) Follow(ctx context.Context, live bool, f func(Got) error) error {
	v.inits = map[string][]byte{}
	master, _, err := v.Get(ctx, "index.m3u8")
	if err != nil {
		return fmt.Errorf("multivariant playlist: %w", err)
	}
	if !strings.Contains(string(master), "\nmedia.m3u8\n") {
		return fmt.Errorf("multivariant playlist %q", master)
	}
	if v.list, err = v.Playlist(ctx, ""); err != nil {
		return err
	}
	msn, part := v.list.Segments[0].MSN, 0
	if live {
		msn, part = v.edge()
	}
	for {
		msn, part, err = v.take(ctx, msn, part, f)
		if err != nil || v.list.Ended {
			return err
		}
		if err := v.reload(ctx); err != nil {
			return err
		}
	}
}

// edge returns the last independent part.
func (v *Viewer) edge() (msn int64, part int) {
	for i := len(v.list.Segments) - 1; i >= 0; i-- {
		s := v.list.Segments[i]
		for j := len(s.Parts) - 1; j >= 0; j-- {
			if s.Parts[j].Independent {
				return s.MSN, j
			}
		}
	}
	return v.list.Segments[0].MSN, 0
}

// reload asks for the playlist that holds the next part and merges delta updates.
func (v *Viewer) reload(ctx context.Context) error {
	msn, part := v.list.Last()
	if last := v.list.Segments; len(last) > 0 && last[len(last)-1].URI != "" {
		msn, part = msn+1, -1
	}
	query := fmt.Sprintf("_HLS_msn=%d&_HLS_part=%d", msn, part+1)
	if v.Skip {
		query += "&_HLS_skip=YES"
	}
	next, err := v.Playlist(ctx, query)
	if err != nil {
		return err
	}
	if next.Skipped > 0 {
		first := next.Sequence
		known := v.list.Segments
		for len(known) > 0 && known[0].MSN < first {
			known = known[1:]
		}
		if len(known) < next.Skipped {
			return fmt.Errorf("the update skips %d segments, %d are known", next.Skipped, len(known))
		}
		fresh := next.Segments
		if len(fresh) > 0 && fresh[0].Init == "" {
			for i := range fresh {
				if fresh[i].Init == "" {
					fresh[i].Init = known[next.Skipped-1].Init
				}
			}
		}
		next.Segments = append(append([]Segment(nil), known[:next.Skipped]...), fresh...)
	}
	v.list = next
	return nil
}

// take fetches what is listed from (msn, part) on, then the hinted part.
func (v *Viewer) take(ctx context.Context, msn int64, part int, f func(Got) error) (int64, int, error) {
	for _, s := range v.list.Segments {
		if s.MSN < msn {
			continue
		}
		if s.MSN > msn {
			msn, part = s.MSN, 0
		}
		init, err := v.init(ctx, s.Init)
		if err != nil {
			return msn, part, err
		}
		for ; part < len(s.Parts); part++ {
			data, _, err := v.Get(ctx, s.Parts[part].URI)
			if err != nil {
				return msn, part, fmt.Errorf("part %s: %w", s.Parts[part].URI, err)
			}
			g := Got{s.Parts[part], msn, part, init, s.Discontinuity && part == 0, data, time.Now()}
			if err := f(g); err != nil {
				return msn, part, err
			}
		}
		if s.URI != "" {
			msn, part = s.MSN+1, 0
		}
	}
	return msn, part, nil
}

func (v *Viewer) init(ctx context.Context, name string) ([]byte, error) {
	if name == "" {
		return nil, errors.New("a segment without EXT-X-MAP")
	}
	if b, ok := v.inits[name]; ok {
		return b, nil
	}
	b, _, err := v.Get(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("init segment %s: %w", name, err)
	}
	v.inits[name] = b
	return b, nil
}
