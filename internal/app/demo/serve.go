package demo

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/platform/config"
)

// Serve runs a demo market until ctx ends: it is made first when the data folder
// is empty. What a visitor needs is written to out.
func Serve(ctx context.Context, cfg config.Serve, log *slog.Logger, out io.Writer) error {
	cfg = Config(cfg)
	if err := cfg.Check(); err != nil {
		return err
	}
	ok, err := Seeded(ctx, cfg)
	if err != nil {
		return err
	}
	if !ok {
		fmt.Fprintln(out, "The data folder is empty: making a demo market. This takes about a minute, once.")
		if err := Seed(ctx, cfg, slog.New(errorsOnly{log.Handler()}), Options{Out: out}); err != nil {
			return err
		}
		debug.FreeOSMemory() // films and pictures passed through; the market is smaller
	}
	a, err := app.New(ctx, cfg, log)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	hosted := make(chan struct{})
	go func() {
		defer close(hosted)
		select {
		case <-a.Ready():
		case <-ctx.Done():
			return
		}
		if err := welcome(ctx, a, out); err != nil {
			log.Error("demo market could not introduce itself", "error", err)
		}
		if a.RTMP() == "" {
			log.Warn("no running show: rtmp is off")
			return
		}
		if err := Host(ctx, a, cfg, log); err != nil {
			log.Error("no running show", "error", err)
		}
	}()
	err = a.Run(ctx)
	cancel(err)
	<-hosted
	return err
}

// errorsOnly keeps a log quiet while the market is made: that its publishers come
// and go is how it is made.
type errorsOnly struct{ slog.Handler }

// Enabled reports whether a record is an error.
func (errorsOnly) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }

// WithAttrs and WithGroup keep the log quiet below them.
func (e errorsOnly) WithAttrs(a []slog.Attr) slog.Handler { return errorsOnly{e.Handler.WithAttrs(a)} }
func (e errorsOnly) WithGroup(name string) slog.Handler   { return errorsOnly{e.Handler.WithGroup(name)} }

// welcome tells a visitor where everything is.
func welcome(ctx context.Context, a *app.App, out io.Writer) error {
	sh, err := a.Shops.BySlug(ctx, bookStall)
	if err != nil {
		return err
	}
	// A stream key is told once; a demo market remembers it for its visitor.
	key, err := a.DB.Setting(ctx, "demo.key", func() (string, error) { return a.Shows.RotateKey(ctx, sh.ID) })
	if err != nil {
		return err
	}
	fmt.Fprintf(out, `
Demo market. Nothing here is sold, no money moves.

  shoppers    %[1]s/
  sellers     %[1]s/console/
  codes       %[1]s/outbox       (every sign-in code and letter, for this machine only)

  rosa@demo.market      buys, with orders in her list
  nell@demo.market      owns Marlow's Fish, which is on air
  kofi@ ines@           run its shows, serve its customers
  mira@demo.market      owns Page & Spine
  op@demo.market        runs the market
`, a.URL())
	if a.RTMP() != "" {
		fmt.Fprintf(out, `
  Go live as Page & Spine from OBS or ffmpeg:
    server    %s
    key       %s
  The picture appears in Mira's console for practice; "Go live" shows it to everybody.
`, a.RTMP(), key)
	}
	fmt.Fprintln(out)
	return nil
}
