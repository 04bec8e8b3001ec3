package app

import (
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/domain/video/videohttp"
	"github.com/openstall/openstall/internal/media/record"
	"github.com/openstall/openstall/internal/media/transcode"
	"github.com/openstall/openstall/internal/platform/blob"
	"github.com/openstall/openstall/internal/platform/job"
	"github.com/openstall/openstall/internal/platform/upload"
	"github.com/openstall/openstall/internal/platform/web"
)

// buildVideos makes what short videos need. Films have a queue of their own with
// one worker: an hour of work must not stand before an order's deadline, and two
// at once are not ready sooner. A film in the making does not hold up the end of
// the process: it is made anew. Its leases run by the world's clock, whatever
// time the market tells.
func (a *App) buildVideos() error {
	var err error
	if a.uploads, err = upload.Open(upload.Config{Dir: a.cfg.Path("uploads"), MaxSize: a.cfg.MaxUpload << 20, Free: func() int64 { return freeSpace(a.cfg.Data) },
		KeepFree: a.cfg.KeepFree << 20, Now: a.now, Log: a.log}); err != nil {
		return err
	}
	a.films = job.New(a.DB, a.log, nil, job.WithWorkers(1), job.WithGrace(time.Second))
	a.Videos = video.New(video.Parts{DB: a.DB, Bus: a.bus, Jobs: a.jobs, Slow: a.films, Blobs: a.blobs, Shops: a.Shops, Catalog: a.Catalog, Social: a.Social,
		Coder: coder{a.blobs, make(chan struct{}, 2)}, HasShow: a.hasShow, Room: a.hasRoom, Work: a.cfg.Path("work"), KeepSources: a.cfg.KeepUploads, Log: a.log, Now: a.now})
	return nil
}

// hasRoom leaves to orders what recordings leave to them.
func (a *App) hasRoom(n int64) bool { return freeSpace(a.cfg.Data)-n >= a.cfg.KeepFree<<20 }

func (a *App) hasShow(ctx context.Context, shopID, showID string) error {
	_, err := a.Shows.GetOf(ctx, shopID, showID)
	return err
}

func (a *App) mountVideos(api *web.API, mux *http.ServeMux) {
	videohttp.Mount(api, mux, a.videoParts())
}

func (a *App) videoParts() videohttp.Parts {
	return videohttp.Parts{Videos: a.Videos, Uploads: a.uploads, Shops: a.Shops, Shows: a.Shows, Shelf: a.Shelf, Accounts: a.Accounts, Blobs: a.blobs,
		Clip: a.clip, Offset: a.offsetOf, Log: a.log, Now: a.now}
}

// clip copies a part of a recording into a file of the work folder.
func (a *App) clip(_ context.Context, showID string, from, to time.Duration) (string, time.Duration, error) {
	f, err := os.CreateTemp(a.cfg.Path("work"), "clip-")
	if err != nil {
		return "", 0, err
	}
	begins, err := a.studio.recorder.Cut(showID, from, to, f)
	if err := errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name())
		if errors.Is(err, record.ErrNotFound) || errors.Is(err, record.ErrHole) {
			err = video.ErrClip.Because(err)
		}
		return "", 0, err
	}
	return f.Name(), begins, nil
}

func (a *App) offsetOf(showID string, at time.Time) time.Duration {
	index, err := a.studio.recorder.Open(showID)
	if err != nil {
		return 0
	}
	offset, _ := index.OffsetAt(at)
	return offset
}

// tendUploads deletes uploads whose time is over. They lie on the disk of the
// process that took them, so each process tends its own.
func (a *App) tendUploads(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		a.try(ctx, "old uploads were not deleted", a.uploads.Sweep)
		a.try(ctx, "halves of films were not deleted", a.sweepWork)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// sweepWork deletes what a crash has left in the work folder; nothing there takes
// a day.
func (a *App) sweepWork() error {
	entries, err := os.ReadDir(a.cfg.Path("work"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || a.now().Sub(info.ModTime()) < 24*time.Hour {
			continue
		}
		if err := os.RemoveAll(a.cfg.Path("work", e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// coder makes films with the media core.
type coder struct {
	blobs  blob.Store
	stills chan struct{} // bounds how many pictures are decoded at once
}

func (c coder) Make(ctx context.Context, dir, name string, from, to time.Duration, progress func(int)) (video.Made, error) {
	f, err := transcode.Make(ctx, dir, name, transcode.Span{From: from, To: to}, progress)
	if err != nil {
		return video.Made{}, blamed(err)
	}
	top := f.Rungs[len(f.Rungs)-1]
	out := video.Film{Duration: f.Duration, Width: f.Width, Height: f.Height, Top: top.Name, Files: []string{transcode.SpriteName},
		Sprite: video.Sprite{Columns: f.Sprite.Columns, Rows: f.Sprite.Rows, Count: f.Sprite.Count, Width: f.Sprite.Width, Height: f.Sprite.Height, Every: f.Sprite.Every}}
	for _, r := range f.Rungs {
		out.Files = append(out.Files, r.Name+".m3u8", r.Name+".mp4")
	}
	return video.Made{Film: out, Master: func(folder string) string { return string(transcode.Master(f.Rungs, folder+"/")) }, Hashes: f.Hashes, Cover: transcode.CoverName}, nil
}

// blamed translates what a file is to blame for.
func blamed(err error) error {
	for from, to := range map[error]error{
		transcode.ErrFormat: video.ErrFormat.Because(err), transcode.ErrBroken: video.ErrBroken.Because(err), transcode.ErrNoPicture: video.ErrNoPicture.Because(err),
		transcode.ErrTooLong: video.ErrTooLong.Because(err), transcode.ErrTooLarge: video.ErrTooLarge.Because(err), transcode.ErrUnavailable: video.ErrNoCoder.Because(err),
	} {
		if errors.Is(err, from) {
			return to
		}
	}
	return err
}

func (c coder) Look(r io.Reader) ([]uint64, error) {
	img, err := jpeg.Decode(r)
	if err != nil {
		return nil, err
	}
	return transcode.Look(img), nil
}

func (c coder) Still(ctx context.Context, f video.Film, at time.Duration) ([]byte, error) {
	select {
	case c.stills <- struct{}{}:
		defer func() { <-c.stills }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	r, err := c.blobs.Open(ctx, f.Folder+f.Top+".m3u8", 0, -1)
	if err != nil {
		return nil, err
	}
	playlist, err := io.ReadAll(io.LimitReader(r, 1<<20))
	_ = r.Close()
	if err != nil {
		return nil, err
	}
	segments := transcode.Segments(playlist)
	if len(segments) == 0 {
		return nil, fmt.Errorf("no segments in %s", f.Folder)
	}
	in := segments[0]
	for _, s := range segments {
		if s.At <= at {
			in = s
		}
	}
	picture, err := transcode.Still(ctx, in, at, func(offset, length int64) (io.ReadCloser, error) {
		return c.blobs.Open(ctx, f.Folder+f.Top+".mp4", offset, length)
	})
	return picture, blamed(err)
}

func (coder) Alike(a, b []uint64) bool { return transcode.Alike(a, b) }
