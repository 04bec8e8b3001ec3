package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/openstall/openstall/bench/gauge"
	"github.com/openstall/openstall/internal/media/hls"
	"github.com/openstall/openstall/internal/media/rtmp"
	"github.com/openstall/openstall/internal/media/stream"
)

// address is the first line a child prints.
type address struct {
	RTMP, HTTP string
}

// child serves until its stdin is closed.
func child(ctx context.Context, which, sizes string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	web, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	a := address{HTTP: "http://" + web.Addr().String() + hls.Prefix}
	var h http.Handler
	switch which {
	case "ours":
		live := hls.New(hls.Config{})
		defer live.Close()
		reg := stream.NewRegistry(stream.Config{Grace: time.Second, Attach: []func(*stream.Stream){live.Attach}})
		defer reg.Close()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		a.RTMP = "rtmp://" + l.Addr().String() + "/live/"
		server := rtmp.New(reg, anyone, rtmp.Config{Log: slog.New(slog.DiscardHandler)})
		go func() { _ = server.Serve(ctx, l) }()
		h = live
	case "floor":
		f, err := newFloor(sizes)
		if err != nil {
			return err
		}
		go f.run(ctx)
		h = f
	default:
		return fmt.Errorf("no server %q", which)
	}
	if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
		return err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		<-ctx.Done()
		_ = srv.Close()
	}()
	if err := srv.Serve(web); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// anyone lets every key in: it is "stream.partmilliseconds".
func anyone(_ context.Context, c stream.Claim) (stream.Ticket, error) {
	id, ms, _ := strings.Cut(c.Key, ".")
	n, err := strconv.Atoi(ms)
	if err != nil {
		return stream.Ticket{}, errors.New("a key is a name, a dot and the part target in milliseconds")
	}
	return stream.Ticket{Stream: id, Options: stream.Options{PartTarget: time.Duration(n) * time.Millisecond}}, nil
}

// process is a running child.
type process struct {
	*gauge.Child
	address
}

func launch(ctx context.Context, args ...string) (*process, error) {
	p := &process{}
	var err error
	p.Child, err = gauge.Launch(ctx, &p.address, args...)
	return p, err
}

// floor is the least a server must do: a new part on a timer, the playlist made
// once, all viewers woken together, net/http writing bytes.
type floor struct {
	playlist int   // bytes
	parts    []int // bytes
	every    time.Duration
	now      atomic.Pointer[floorEdition]
}

type floorEdition struct {
	number   int
	playlist []byte
	part     []byte // the newest
	replaced chan struct{}
}

// floorPlan is passed to the child.
type floorPlan struct {
	Playlist int
	Parts    []int
	Every    time.Duration
}

func newFloor(plan string) (*floor, error) {
	var p floorPlan
	if err := json.Unmarshal([]byte(plan), &p); err != nil {
		return nil, err
	}
	f := &floor{playlist: p.Playlist, parts: p.Parts, every: p.Every}
	f.publish(0)
	return f, nil
}

func (f *floor) publish(n int) {
	hint := fmt.Sprintf("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"0.%d.mp4\"\n", n+1)
	text := "#EXTM3U\n" + strings.Repeat("#\n", max(0, (f.playlist-len(hint)-8)/2)) + hint
	e := &floorEdition{number: n, playlist: []byte(text), part: make([]byte, f.parts[n%len(f.parts)]), replaced: make(chan struct{})}
	if old := f.now.Swap(e); old != nil {
		close(old.replaced)
	}
}

func (f *floor) run(ctx context.Context) {
	tick := time.NewTicker(f.every)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-tick.C:
			f.publish(n)
		case <-ctx.Done():
			return
		}
	}
}

// ServeHTTP waits for the number asked for and writes.
func (f *floor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	list := strings.HasSuffix(r.URL.Path, ".m3u8")
	text := strings.TrimSuffix(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:], ".mp4")
	if list {
		text = r.URL.RawQuery
	}
	want, _ := strconv.Atoi(text[strings.LastIndexAny(text, ".=")+1:])
	e := f.now.Load()
	for e.number < want {
		select {
		case <-e.replaced:
			e = f.now.Load()
		case <-r.Context().Done():
			return
		}
	}
	body := e.part
	if list {
		body = e.playlist
	}
	w.Header().Set("Content-Type", "video/mp4")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}
