package app

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"maps"
	"math"
	"slices"
	"syscall"
	"time"

	"github.com/openstall/openstall/internal/domain/show"
	qrcode "github.com/skip2/go-qrcode"
)

// diskSpace returns the free and the whole bytes of the disk below dir; zeros
// when it cannot be asked.
func diskSpace(dir string) (free, total int64) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, 0
	}
	return int64(s.Bavail) * s.Bsize, int64(s.Blocks) * s.Bsize
}

// freeSpace is the first of [diskSpace], without an end when it cannot be asked.
func freeSpace(dir string) int64 {
	free, total := diskSpace(dir)
	if total == 0 {
		return math.MaxInt64
	}
	return free
}

// Clocks of the recordings.
const (
	settleEvery = 20 * time.Second // replays that could not be made ready are tried again
	trimEvery   = 24 * time.Hour
)

// tendRecordings makes the replays ready that a full disk or a crash has left
// behind, and deletes recordings whose time is over. Recordings lie on the disk
// of the process that made them, so each process tends its own.
func (a *App) tendRecordings(ctx context.Context) error {
	a.try(ctx, "recordings were not read", func() error { return a.studio.adopt(ctx) })
	settle, trim := time.NewTicker(settleEvery), time.NewTicker(trimEvery)
	defer settle.Stop()
	defer trim.Stop()
	a.try(ctx, "old recordings were not deleted", func() error { return a.TrimRecordings(ctx) })
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-settle.C:
			for _, showID := range a.studio.marked(a.studio.unfinished) {
				a.studio.settle(showID)
			}
		case <-trim.C:
			a.try(ctx, "old recordings were not deleted", func() error { return a.TrimRecordings(ctx) })
		}
	}
}

// adopt settles the shows that are over and whose recording has no end.
func (s *studio) adopt(ctx context.Context) error {
	names, err := s.recorder.Unfinished()
	if err != nil {
		return err
	}
	for _, showID := range names {
		sh, err := s.shows.Get(ctx, showID)
		if err != nil {
			s.log.Warn("recording of no show", "recording", showID, "error", err)
			continue
		}
		if sh.State.Over() {
			s.settle(showID)
		}
	}
	return nil
}

// TrimRecordings deletes the recordings of shows that ended more than
// keep-recordings days ago, but for those that an order may still need.
func (a *App) TrimRecordings(ctx context.Context) error {
	if a.cfg.KeepRecordings == 0 {
		return nil
	}
	names, err := a.studio.recorder.Names()
	if err != nil {
		return err
	}
	before := a.now().AddDate(0, 0, -a.cfg.KeepRecordings)
	for _, showID := range names {
		sh, err := a.Shows.Get(ctx, showID)
		if errors.Is(err, show.ErrNotFound) {
			continue // not ours to delete
		}
		if err != nil {
			return err
		}
		if !sh.State.Over() || !sh.EndedAt.Before(before) {
			continue
		}
		if needed, err := a.needsReplay(ctx, showID); needed || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		if err := a.DeleteRecording(ctx, showID); err != nil {
			return err
		}
	}
	return nil
}

// DeleteRecording deletes the recording of a show that is over. The show is told
// first: a recording that nobody shows is found again, a replay that is not there
// is not.
func (a *App) DeleteRecording(ctx context.Context, showID string) error {
	if err := a.Shows.Unrecorded(ctx, showID); err != nil {
		return err
	}
	if err := a.studio.recorder.Delete(showID); err != nil {
		return err
	}
	a.log.Info("recording was deleted", "show", showID)
	return nil
}

// marked lists a set of shows.
func (s *studio) marked(set map[string]bool) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(set))
}

// qrPNG draws an address as a QR code.
func qrPNG(address string) ([]byte, error) {
	q, err := qrcode.New(address, qrcode.Medium)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := png.Encode(&b, q.Image(480)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
