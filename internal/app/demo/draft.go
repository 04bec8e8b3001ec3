package demo

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/openstall/openstall/internal/platform/config"
)

// A demo market in files is made in a folder of its own inside the data folder.
// When it is complete that folder gets another name, in one step, and what is in
// it moves out, the database last. So there is never half a demo market: what
// was cut off while being made is thrown away, what was cut off while moving
// goes on.
const (
	making   = "demo.new"
	complete = "demo.made"
	database = "openstall.db"
)

// kept reports whether the market of cfg lies in files.
func kept(cfg config.Serve) bool { return cfg.Database == "" }

// settle moves a complete market out of its folder, if there is one.
func settle(cfg config.Serve) error {
	entries, err := os.ReadDir(cfg.Path(complete))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	move := func(name string) error {
		_ = syscall.Rmdir(cfg.Path(name)) // an empty folder is nothing
		return os.Rename(cfg.Path(complete, name), cfg.Path(name))
	}
	for _, e := range entries {
		if e.Name() == database {
			continue
		}
		if err := move(e.Name()); err != nil {
			return fmt.Errorf("move the demo market: %w", err)
		}
	}
	if err := move(database); err != nil && !errors.Is(err, os.ErrNotExist) { // it may have moved already
		return fmt.Errorf("move the demo market: %w", err)
	}
	return os.Remove(cfg.Path(complete))
}

// vacant reports whether the data folder has room for a market: neither a
// database nor anything that one would know.
func vacant(cfg config.Serve) (bool, error) {
	if _, err := os.Stat(cfg.Path(database)); !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	for _, name := range []string{"recordings", "posters", "blobs"} {
		entries, err := os.ReadDir(cfg.Path(name))
		if len(entries) > 0 {
			return false, nil
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return false, err
		}
	}
	return true, nil
}

// lock keeps a second process from making the same demo market; unlock ends it,
// and so does the end of the process.
func lock(cfg config.Serve) (unlock func(), err error) {
	if err := os.MkdirAll(cfg.Path(), 0o750); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	f, err := os.OpenFile(cfg.Path("demo.lock"), os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return func() { _ = f.Close() }, nil
}
