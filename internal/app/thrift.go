package app

import (
	"errors"
	"log/slog"

	"github.com/openstall/openstall/internal/media/hls"
)

// errDiskLow stops a recording before the disk is full, so that orders still
// have room.
var errDiskLow = errors.New("the disk has less room than keep-free")

// thriftySink passes parts on to the recording while the disk has room. Once it
// has not, the recording of this show stops for good: a replay with a hole that
// nobody marked would be worse than a shorter one.
type thriftySink struct {
	hls.Sink
	room    func() bool
	show    string
	log     *slog.Logger
	parts   int
	stopped bool
}

// lookEvery is how many parts pass between two looks at the disk.
const lookEvery = 10

func (t *thriftySink) Write(p *hls.Part) {
	if !t.stopped && t.parts%lookEvery == 0 && !t.room() {
		t.stopped = true
		t.log.Error("RECORDING STOPPED: the show goes on without one, nothing was deleted", "show", t.show, "error", errDiskLow)
	}
	t.parts++
	if !t.stopped {
		t.Sink.Write(p)
	}
}
