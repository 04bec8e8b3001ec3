package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/openstall/openstall/internal/media/hls"
)

type countingSink struct {
	parts int
	ended bool
}

func (c *countingSink) Write(*hls.Part)  { c.parts++ }
func (c *countingSink) Close(ended bool) { c.ended = ended }

func TestRecordingStopsLoudlyBeforeTheDiskIsFull(t *testing.T) {
	var log bytes.Buffer
	free := true
	kept := &countingSink{}
	s := &thriftySink{Sink: kept, room: func() bool { return free }, show: "shw_1", log: slog.New(slog.NewTextHandler(&log, nil))}
	for range 15 {
		s.Write(nil)
	}
	free = false
	for range 30 {
		s.Write(nil)
	}
	free = true
	for range 30 {
		s.Write(nil)
	}
	s.Close(true)
	if kept.parts != 20 || !kept.ended {
		t.Errorf("kept %d parts, ended %v; want 20 parts and the end", kept.parts, kept.ended)
	}
	if n := strings.Count(log.String(), "RECORDING STOPPED"); n != 1 {
		t.Errorf("%d warnings, want one", n)
	}
}
