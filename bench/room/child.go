package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"sync/atomic"
	"time"

	"github.com/openstall/openstall/internal/domain/chat"
	"github.com/openstall/openstall/internal/domain/room"
	"github.com/openstall/openstall/internal/domain/room/roomlive"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/hub"
)

// The three ways.
const (
	byRoom   = "room"     // as the product does it
	gathered = "gathered" // one by one, but what comes within 25 ms leaves in one write
	oneByOne = "one-by-one"
)

const (
	showID  = "shw_bench"
	inStock = 1_000_000
	bagSize = 6
)

// Mix is what happens in a show in a second.
type Mix struct {
	Lines       int `json:"lines,omitempty"` // that viewers say
	BuyersLines int `json:"buyers_lines,omitempty"`
	Taps        int `json:"taps,omitempty"` // on the heart, each of another viewer
	Sold        int `json:"sold,omitempty"` // pieces, each a new count of what is left
}

func (m Mix) sum() int { return m.Lines + m.BuyersLines + m.Taps + m.Sold }

// kind is one thing that happens.
type kind int

const (
	line kind = iota
	buyersLine
	tap
	sale
)

// second spreads the events of a second evenly over it.
func (m Mix) second() []kind {
	type at struct {
		when float64
		kind kind
	}
	var all []at
	for k, n := range []int{line: m.Lines, buyersLine: m.BuyersLines, tap: m.Taps, sale: m.Sold} {
		for i := range n {
			all = append(all, at{(float64(i) + 0.5) / float64(n), kind(k)})
		}
	}
	slices.SortFunc(all, func(a, b at) int { return cmp.Or(cmp.Compare(a.when, b.when), cmp.Compare(a.kind, b.kind)) })
	out := make([]kind, len(all))
	for i, a := range all {
		out[i] = a.kind
	}
	return out
}

// feeder makes a show happen, in one of the three ways.
type feeder struct {
	hub   *hub.Hub
	rooms *room.Service
	left  atomic.Int64
	likes int64 // when they are sent one by one
	n     int64
	way   string
}

// child serves until its stdin is closed: the socket, and POST /run with a mix
// and a length, which returns when the last event was published.
func child(ctx context.Context, way, profile string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	f := &feeder{way: way}
	f.left.Store(inStock)
	closed, err := f.build(ctx)
	if err != nil {
		return err
	}
	defer closed()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /socket", f.hub)
	mux.HandleFunc("POST /run", func(w http.ResponseWriter, r *http.Request) {
		var in order
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := profiled(profile, way, func() error { return f.run(r.Context(), in) }); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	if err := json.NewEncoder(os.Stdout).Encode(l.Addr().String()); err != nil {
		return err
	}
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 30 * time.Second}
	go func() {
		<-ctx.Done()
		_ = srv.Close()
	}()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// profiled keeps a CPU profile of do in a folder, when there is one.
func profiled(folder, way string, do func() error) error {
	if folder == "" {
		return do()
	}
	out, err := os.Create(filepath.Join(folder, fmt.Sprintf("%s-%d.pprof", way, os.Getpid())))
	if err != nil {
		return err
	}
	defer out.Close()
	if err := pprof.StartCPUProfile(out); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return do()
}

// order is what to publish.
type order struct {
	Mix    Mix           `json:"mix"`
	Length time.Duration `json:"length"`
}

func (o order) events() int { return int(o.Length * time.Duration(o.Mix.sum()) / time.Second) }

// build makes the hub and the room as the application does, and a bag of a few
// products instead of a catalogue.
func (f *feeder) build(ctx context.Context) (closed func(), err error) {
	delay := time.Duration(0) // the product's
	if f.way == oneByOne {
		delay = -1
	}
	f.hub, err = hub.New(hub.Config{ConnectionsPerIP: 1 << 20, WriteDelay: delay, Identify: func(r *http.Request) (hub.Viewer, error) {
		return hub.Viewer{ID: r.RemoteAddr, IP: "127.0.0.1"}, nil
	}})
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bench-room-")
	if err != nil {
		return nil, err
	}
	d, err := db.Open(ctx, filepath.Join(dir, "room.db"))
	if err == nil {
		err = d.Migrate(ctx, bus.Migrations, room.Migrations)
	}
	if err != nil {
		return nil, err
	}
	f.rooms = room.New(room.Parts{
		DB: d, Sink: f.hub, Build: f.state, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		Last:   func(context.Context, string, int) ([]chat.Comment, error) { return nil, nil },
		Pinned: func(context.Context, string) (*chat.Comment, error) { return nil, nil },
		OnAir:  func(context.Context) ([]string, error) { return []string{showID}, nil },
		Store:  func(context.Context, string, room.Figures) error { return nil },
	})
	roomlive.Mount(f.hub, roomlive.Parts{
		Rooms: f.rooms,
		Sees:  func(context.Context, string, string) error { return nil },
		Hosts: func(context.Context, string, string) error { return nil },
	})
	if err := f.hub.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = f.rooms.Run(ctx)
	}()
	return func() {
		<-ended
		_ = d.Close()
		_ = os.RemoveAll(dir)
	}, nil
}

func (f *feeder) state(context.Context, string) (room.State, error) {
	st := room.State{State: show.Live, Pinned: 1, DelayHint: 2}
	for i := 1; i <= bagSize; i++ {
		k := room.SKU{ID: fmt.Sprintf("sku_%026d", i), Price: money.Amount{Minor: 1999, Currency: "CNY"}, Available: inStock, Total: inStock}
		if i == 1 {
			k.Available = f.left.Load()
		}
		st.Items = append(st.Items, room.Item{Number: i, Product: fmt.Sprintf("prd_%026d", i), SKUs: []room.SKU{k}})
	}
	return st, nil
}

// run publishes at an even pace. When the machine is too slow for it, it takes
// longer.
func (f *feeder) run(ctx context.Context, o order) error {
	pattern := o.Mix.second()
	total := o.events()
	begin := time.Now()
	for i := range total {
		due := begin.Add(time.Duration(i) * time.Second / time.Duration(len(pattern)))
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := f.happen(pattern[f.n%int64(len(pattern))]); err != nil {
			return err
		}
	}
	return nil
}

const words = "Is the blue one also there in a medium size?"

func (f *feeder) happen(k kind) error {
	f.n++
	now := time.Now()
	c := chat.Comment{ID: id.New("com", now), Show: showID, Name: fmt.Sprintf("Guest %04d", f.n%10_000), Text: words, Kind: chat.Viewer, At: now}
	if k == buyersLine {
		c.Kind = chat.Buyer
	}
	if f.way == byRoom {
		switch k {
		case line, buyersLine:
			f.rooms.Say(c)
		case tap:
			f.rooms.Like(showID, fmt.Sprintf("viewer %d", f.n%5000), 1)
		case sale:
			f.left.Add(-1)
			f.rooms.StockChanged(fmt.Sprintf("sku_%026d", 1))
		}
		return nil
	}
	var message any
	switch k {
	case line, buyersLine:
		message = room.Frame{N: f.n, T: now.UTC(), Chat: []chat.View{c.Public()}}
	case tap:
		f.likes++
		message = room.Frame{N: f.n, T: now.UTC(), Likes: f.likes}
	case sale:
		message = struct {
			N         int64     `json:"n"`
			T         time.Time `json:"t"`
			SKU       string    `json:"sku"`
			Available int64     `json:"available"`
		}{f.n, now.UTC(), fmt.Sprintf("sku_%026d", 1), f.left.Add(-1)}
	}
	data, err := json.Marshal(message)
	if err != nil {
		return err
	}
	return f.hub.Publish(hub.Channel(room.FrameKind, showID), data)
}
