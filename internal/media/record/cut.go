package record

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// ErrHole is returned for a span in which the recording has a gap or changes its
// format.
var ErrHole = errors.New("the recording is not continuous there")

// Cut writes what it takes to decode the span from..to of a playback to w, as
// one fragmented MP4: the init segment and the fragments from the last keyframe
// at or before the span on. It returns where in that file the span begins. It
// works while the recording goes on. The errors are [ErrNotFound], also for a
// span outside of the playback, [ErrBadName] and [ErrHole].
func (s *Store) Cut(recording string, from, to time.Duration, w io.Writer) (begins time.Duration, err error) {
	dir, err := s.folder(recording)
	if err != nil {
		return 0, err
	}
	index, err := s.Open(recording)
	if err != nil {
		return 0, err
	}
	if from < 0 || to <= from || to > index.length {
		return 0, ErrNotFound
	}
	group := index.group(from)
	if len(group) == 0 || !group[0].Key {
		return 0, ErrNotFound
	}
	var parts []part
	for _, p := range index.parts {
		if p.at >= group[0].at && p.at < to {
			parts = append(parts, p)
		}
	}
	var run *os.File
	defer func() {
		if run != nil {
			_ = run.Close()
		}
	}()
	var init []byte
	for i, p := range parts {
		if i == 0 || p.Run != parts[i-1].Run {
			if i > 0 && index.breaks[p.Run] {
				return 0, ErrHole
			}
			if run != nil {
				_ = run.Close()
			}
			if run, err = os.Open(filepath.Join(dir, runName(p.Run))); err != nil {
				return 0, err
			}
			head := make([]byte, index.inits[p.Run])
			if _, err := io.ReadFull(run, head); err != nil {
				return 0, err
			}
			switch {
			case init == nil:
				init = head
				if _, err := w.Write(head); err != nil {
					return 0, err
				}
			case !bytes.Equal(init, head):
				return 0, ErrHole
			}
		}
		if _, err := io.Copy(w, io.NewSectionReader(run, p.Offset, p.Size)); err != nil {
			return 0, fmt.Errorf("cut %s: %w", recording, err)
		}
	}
	return from - group[0].at, nil
}
