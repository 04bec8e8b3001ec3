// Command feed measures serving Discover: pages of ten out of a million live
// videos to random ones of a million viewers, while what is shown and watched is
// written every second; how long the state takes to read back; and what it takes
// in memory. It fills a throw-away SQLite file, and a database beside
// TEST_POSTGRES_URL when that is set.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"runtime/trace"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/openstall/openstall/bench/gauge"
	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/domain/feed"
	"github.com/openstall/openstall/internal/platform/db"
)

// Figures are what one engine reached.
type Figures struct {
	Engine      string  `json:"engine"`
	Videos      int     `json:"videos"`
	Viewers     int     `json:"viewers"`
	FillS       float64 `json:"fill_s"`
	RestoreS    float64 `json:"restore_s"`
	AgainS      float64 `json:"restore_after_kill_s"` // with what the load had not added to figures
	HeapMB      float64 `json:"heap_mb"`              // in use after the restore, collected
	HeapAfterMB float64 `json:"heap_after_mb"`        // after the load, collected
	HeapPeakMB  float64 `json:"heap_peak_mb"`         // most in use during the load, garbage too
	Met         int     `json:"viewers_met"`          // different viewers of the load
	Come        Rate    `json:"come"`                 // viewers read from SQL when they come, as fast as it goes
	Paced       Rate    `json:"paced"`                // the same, asked for at 5,000 a second
	Floor       Rate    `json:"floor"`                // 50 us of arithmetic in the place of a page, nothing else going on
	Here        Rate    `json:"here"`                 // viewers who are here already
	Load        string  `json:"load"`                 // of the machine
	Bars        []Bar   `json:"bars"`
}

// Rate is what one load reached.
type Rate struct {
	PagesPerS float64 `json:"pages_per_s"`
	CPUus     float64 `json:"cpu_us_per_page"` // of this process, with all writing
	P50ms     float64 `json:"p50_ms"`
	P99ms     float64 `json:"p99_ms"`
	MaxMs     float64 `json:"max_ms"`
	P999ms    float64 `json:"p999_ms"`
	Stalls    float64 `json:"over_10_ms"`    // share of pages
	BesideMs  float64 `json:"beside_p99_ms"` // of 50 us of arithmetic in the same loops: what the machine adds
	DueMs     float64 `json:"due_p99_ms"`    // counted from when a page was to be asked for; 0 as fast as it goes
}

// Bar is a figure beside what it is to be.
type Bar struct {
	What   string  `json:"what"`
	Figure float64 `json:"figure"`
	Sign   string  `json:"sign"` // < or >=
	Bar    float64 `json:"bar"`
	Met    bool    `json:"met"`
}

func (f *Figures) judge() {
	add := func(what string, figure float64, sign string, bar float64) {
		f.Bars = append(f.Bars, Bar{what, figure, sign, bar, sign == "<" && figure < bar || sign == ">=" && figure >= bar})
	}
	add("pages/s, viewers who are here", f.Here.PagesPerS, ">=", 5000)
	add("pages/s, viewers read when they come", f.Come.PagesPerS, ">=", 5000)
	add("p99 ms, viewers who are here", f.Here.P99ms, "<", 2)
	add("p99 ms, at 5,000 pages/s of any viewers", f.Paced.P99ms, "<", 2)
	add("heap MB, live", max(f.HeapMB, f.HeapAfterMB), "<", 1<<30/1e6)
	add("heap MB, with garbage", f.HeapPeakMB, "<", 1<<30/1e6)
	add("s to read back", f.RestoreS, "<", 60)
	add("s to read back after a stop under load", f.AgainS, "<", 60)
}

var (
	videos  = flag.Int("videos", 1_000_000, "live videos")
	viewers = flag.Int("viewers", 1_000_000, "viewers with a page in the log")
	seconds = flag.Int("seconds", 70, "of each measurement; the log is folded every minute")
	steady  = flag.Bool("steady", false, "measure the steady load, and the others for a second only")
	asJSON  = flag.Bool("json", false, "one JSON object")
	profile = flag.String("cpuprofile", "", "file for a profile of the load")
	traced  = flag.String("trace", "", "file for an execution trace of five seconds of the steady load with a fold in them")
)

// limit is what an operator with a gigabyte sets as GOMEMLIMIT: live data is half
// of it, and garbage is collected earlier than it would be.
const limit = 1000 << 20

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "feed:", err)
		os.Exit(1)
	}
}

func run() error {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit)
	}
	ctx := context.Background()
	var all []Figures
	dir, err := os.MkdirTemp("", "bench-feed-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	f, err := measure(ctx, "sqlite", filepath.Join(dir, "feed.db"))
	if err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	all = append(all, f)
	f.print()
	if at := os.Getenv("TEST_POSTGRES_URL"); at != "" {
		dsn, drop, err := database(ctx, at)
		if err != nil {
			return err
		}
		f, err := measure(ctx, "postgres", dsn)
		drop()
		if err != nil {
			return fmt.Errorf("postgres: %w", err)
		}
		all = append(all, f)
		f.print()
	}
	if *asJSON {
		return json.NewEncoder(os.Stdout).Encode(map[string]any{"runs": all})
	}
	return nil
}

func (f Figures) print() {
	if *asJSON {
		return
	}
	fmt.Printf("%s, %d videos, %d viewers in the log (filled in %.0f s), load %s\n", f.Engine, f.Videos, f.Viewers, f.FillS, f.Load)
	for _, r := range []struct {
		who string
		Rate
	}{{"read when they come", f.Come}, {"the same, at 5,000/s", f.Paced}, {"here", f.Here}} {
		fmt.Printf("  viewers %-21s %6.0f pages/s  %4.0f us of CPU a page  p50 %.3f  p99 %.3f  most %.0f ms; p99 of 50 us of arithmetic beside them %.3f ms\n", r.who, r.PagesPerS, r.CPUus, r.P50ms, r.P99ms, r.MaxMs, r.BesideMs)
	}
	fmt.Printf("  steady %d pages/s: p99 %.3f  p99.9 %.3f  most %.0f ms, %.3f %% over 10 ms; p99 from when they were due %.3f ms, %.1f times the floor of %.3f ms\n",
		offered, f.Paced.P99ms, f.Paced.P999ms, f.Paced.MaxMs, 100*f.Paced.Stalls, f.Paced.DueMs, f.Paced.DueMs/f.Floor.DueMs, f.Floor.DueMs)
	fmt.Printf("  heap %.0f MB, %.0f MB after %d viewers, %.0f MB at most with garbage\n", f.HeapMB, f.HeapAfterMB, f.Met, f.HeapPeakMB)
	for _, b := range f.Bars {
		word := "met"
		if !b.Met {
			word = "MISSED"
		}
		fmt.Printf("  %-40s %9.2f  %-2s %6.0f  %s\n", b.What, b.Figure, b.Sign, b.Bar, word)
	}
}

// database makes an empty database on a cluster.
func database(ctx context.Context, at string) (string, func(), error) {
	c, err := sql.Open("pgx", at)
	if err != nil {
		return "", nil, err
	}
	name := fmt.Sprintf("bench_feed_%d", os.Getpid())
	if _, err := c.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		_ = c.Close()
		return "", nil, err
	}
	u, err := url.Parse(at)
	if err != nil {
		return "", nil, err
	}
	u.Path = "/" + name
	return u.String(), func() {
		if _, err := c.ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			fmt.Fprintln(os.Stderr, "feed:", err)
		}
		_ = c.Close()
	}, nil
}

func measure(ctx context.Context, engine, dsn string) (Figures, error) {
	d, err := db.Open(ctx, dsn)
	if err != nil {
		return Figures{}, err
	}
	defer d.Close()
	if err := d.Migrate(ctx, app.Migrations()...); err != nil {
		return Figures{}, err
	}
	from := time.Now()
	if err := fill(ctx, d); err != nil {
		return Figures{}, err
	}
	f := Figures{Engine: engine, Videos: *videos, Viewers: *viewers, FillS: time.Since(from).Seconds()}
	s, took, err := restored(ctx, d)
	if err != nil {
		return Figures{}, err
	}
	f.RestoreS = took
	f.HeapMB = heap(true)
	floor := load(ctx, nil, 5, offered, func(*rand.Rand) int { return 0 }, nil)
	f.Floor = floor.rate()
	if *profile != "" {
		out, err := os.Create(*profile + "." + engine)
		if err != nil {
			return Figures{}, err
		}
		defer out.Close()
		if err := pprof.StartCPUProfile(out); err != nil {
			return Figures{}, err
		}
		defer pprof.StopCPUProfile()
	}
	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- s.Run(running) }()
	defer stop()
	met := map[int]bool{}
	anybody := func(r *rand.Rand) int { return r.IntN(*viewers) }
	full := *seconds // of the loads that go as fast as they can
	if *steady {
		full = 1
	}
	first := load(ctx, s, full, 0, anybody, met)
	if first.err != nil {
		return Figures{}, first.err
	}
	f.Come = first.rate()
	if *traced != "" {
		defer record(*traced + "." + engine)()
	}
	paced := load(ctx, s, *seconds, offered, anybody, nil)
	if paced.err != nil {
		return Figures{}, paced.err
	}
	f.Paced = paced.rate()
	here := make([]int, 0, len(met))
	for v := range met {
		here = append(here, v)
	}
	f.Met = len(here)
	here = here[:min(len(here), 50_000)] // a process keeps 100,000
	for _, v := range here {
		if _, err := s.Page(ctx, feed.Viewer{Browser: name(v)}, 1, true); err != nil {
			return Figures{}, err
		}
	}
	second := load(ctx, s, full, 0, func(r *rand.Rand) int { return here[r.IntN(len(here))] }, nil)
	if second.err != nil {
		return Figures{}, second.err
	}
	f.Here = second.rate()
	f.HeapPeakMB = max(first.peak, paced.peak, second.peak)
	f.HeapAfterMB = heap(true)
	if *profile != "" {
		if out, err := os.Create(*profile + "." + engine + ".heap"); err == nil {
			_ = pprof.WriteHeapProfile(out)
			_ = out.Close()
		}
	}
	load, _ := os.ReadFile("/proc/loadavg")
	f.Load = string(load[:min(4, len(load))])
	stop()
	if err := <-done; err != nil {
		return Figures{}, err
	}
	s, here = nil, nil
	_, f.AgainS, err = restored(ctx, d)
	f.judge()
	return f, err
}

// record traces what runs half a minute from now, when a fold has begun. Its answer waits
// for the end of that.
func record(file string) func() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		time.Sleep(32 * time.Second)
		out, err := os.Create(file)
		if err == nil {
			defer out.Close()
			err = trace.Start(out)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "feed:", err)
			return
		}
		time.Sleep(5 * time.Second)
		trace.Stop()
	}()
	return func() { <-done }
}

// restored opens a service and says how long it took to read its state.
func restored(ctx context.Context, d *db.DB) (*feed.Service, float64, error) {
	s, err := feed.New(feed.Parts{DB: d, Secret: []byte("bench"), Zone: time.UTC, Log: slog.New(slog.DiscardHandler), Now: time.Now, Config: feed.Config{Rest: time.Second}}) // nobody comes to an end
	if err != nil {
		return nil, 0, err
	}
	from := time.Now()
	err = s.Restore(ctx)
	return s, time.Since(from).Seconds(), err
}

func heap(collect bool) float64 {
	if collect {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapInuse) / 1e6
}

type outcome struct {
	cpu    time.Duration
	took   []time.Duration
	due    []time.Duration // from when it was to be asked for
	beside []time.Duration
	ended  time.Time // of the last
	wall   time.Duration
	peak   float64
	err    error
}

func (o outcome) rate() Rate {
	at := func(list []time.Duration, q float64) float64 {
		if len(list) == 0 {
			return 0
		}
		return float64(list[int(q*float64(len(list)-1))].Microseconds()) / 1000
	}
	stalls := 0
	for _, t := range o.took {
		if t > 10*time.Millisecond {
			stalls++
		}
	}
	slices.Sort(o.took)
	slices.Sort(o.due)
	slices.Sort(o.beside)
	n := float64(max(1, len(o.took)))
	return Rate{PagesPerS: n / o.wall.Seconds(), CPUus: o.cpu.Seconds() * 1e6 / n, P50ms: at(o.took, 0.5), P99ms: at(o.took, 0.99), MaxMs: at(o.took, 1),
		P999ms: at(o.took, 0.999), Stalls: float64(stalls) / n, BesideMs: at(o.beside, 0.99), DueMs: at(o.due, 0.99)}
}

// spin does arithmetic.
func spin(n int) (x uint64) {
	for range n {
		x = x*6364136223846793005 + 1442695040888963407
	}
	return x
}

// spins of it take 50 us.
var spins = func() int {
	least := time.Hour
	const n = 100_000
	for range 50 {
		from := time.Now()
		sink.Add(spin(n))
		least = min(least, time.Since(from))
	}
	return int(n * 50 * time.Microsecond / least)
}()

var sink atomic.Uint64

// offered is how many pages a second are asked for where the time of a page is
// measured: a queue in front of two busy cores is as long as one makes it.
const offered = 5000

// load asks for pages, perSecond of them from sixteen goroutines, or, where that
// is 0, one after the other from as many as there are cores. Every third page is
// watched for a while. Pages without items are not counted. Without a service it
// does arithmetic in the place of pages.
func load(ctx context.Context, s *feed.Service, seconds, perSecond int, who func(*rand.Rand) int, all map[int]bool) outcome {
	var mu sync.Mutex
	var out outcome
	var wg sync.WaitGroup
	from, used := time.Now(), cpu()
	until := from.Add(time.Duration(seconds) * time.Second)
	workers, every := runtime.NumCPU(), time.Duration(0)
	if perSecond > 0 {
		workers = 16
		every = time.Second * time.Duration(workers) / time.Duration(perSecond)
	}
	for i := range workers {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 7))
			var mine outcome
			met := map[int]bool{}
			for n := 0; time.Now().Before(until) && mine.err == nil; n++ {
				due := from.Add(time.Duration(n) * every)
				time.Sleep(time.Until(due))
				v := who(r)
				met[v] = true
				mine.page(ctx, s, feed.Viewer{Browser: name(v)}, n)
				if perSecond > 0 {
					mine.due = append(mine.due, mine.ended.Sub(due))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			out.took = append(out.took, mine.took...)
			out.due = append(out.due, mine.due...)
			out.beside = append(out.beside, mine.beside...)
			out.peak, out.err = max(out.peak, mine.peak), errors.Join(out.err, mine.err)
			if all != nil {
				maps.Copy(all, met)
			}
		})
	}
	wg.Wait()
	out.wall, out.cpu = time.Since(from), cpu()-used
	return out
}

// page asks for a page, and now and then measures the machine.
func (o *outcome) page(ctx context.Context, s *feed.Service, viewer feed.Viewer, n int) {
	began := time.Now()
	if s == nil {
		sink.Add(spin(spins))
		o.ended = time.Now()
		o.took = append(o.took, o.ended.Sub(began))
		return
	}
	p, err := s.Page(ctx, viewer, 10, true)
	o.ended = time.Now()
	if took := o.ended.Sub(began); len(p.Items) > 0 {
		o.took = append(o.took, took)
		if err == nil && n%3 == 0 {
			err = s.Watch(ctx, viewer, p.Items[0].Video, time.Second)
		}
	}
	o.err = err
	if n%20 == 0 {
		began := time.Now()
		sink.Add(spin(spins))
		o.beside = append(o.beside, time.Since(began))
	}
	if n%5000 == 0 {
		o.peak = max(o.peak, heap(false))
	}
}

// cpu is the processor time of this process.
func cpu() time.Duration {
	d, err := gauge.CPU(os.Getpid())
	if err != nil {
		panic(err)
	}
	return d
}

func name(v int) string { return fmt.Sprintf("browser-%020d", v) }

func video(i int) string { return fmt.Sprintf("vid_%026d", i) }
