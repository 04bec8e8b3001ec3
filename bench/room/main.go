// Command room measures what a live room costs: how many events reach viewers
// for one CPU second of the server, when the room gathers what happens into a
// frame per tick, and when the same events go out one by one over the same hub.
//
// Absolute figures depend on the machine and its load; the ratios come from one
// run in which the ways take turns, each in a child process of its own. It needs
// Linux for the CPU times.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"time"

	"github.com/openstall/openstall/bench/gauge"
)

// Result is what a run prints.
type Result struct {
	Go         string       `json:"go"`
	CPUs       int          `json:"cpus"`
	LoadBefore string       `json:"load_before"`
	LoadAfter  string       `json:"load_after"`
	When       time.Time    `json:"when"`
	Viewers    int          `json:"viewers"`
	Seconds    int          `json:"seconds"`
	Shows      []Comparison `json:"shows"`
}

// Comparison is one kind of show, sent in all ways in turns.
type Comparison struct {
	Name string     `json:"name"`
	Mix  Mix        `json:"events_per_second"`
	Runs []Measured `json:"runs"`
	// Events delivered to a viewer for one CPU second of the server, by way.
	PerCPUSecond map[string]gauge.Spread `json:"delivered_per_cpu_second"`
	// What the room delivers over what another way does, turn by turn.
	Ratio map[string]gauge.Spread `json:"room_over"`
}

// ways are in the order of their turns.
var ways = []string{byRoom, gathered, oneByOne}

// shows are the kinds of show. The first is the usual one: few words, many taps,
// and pieces that sell. In the second nothing is added up: every event is a line
// of its own, which a room shows to the last one because buyers say them.
var shows = []struct {
	name string
	mix  Mix
}{
	{"sale", Mix{Lines: 8, Taps: 152, Sold: 40}},
	{"talk", Mix{BuyersLines: 60}},
}

func main() {
	serve := flag.String("serve", "", "be the child process and send in this way: "+strings.Join(ways, ", "))
	only := flag.String("only", "", "one kind of show: sale or talk")
	asJSON := flag.Bool("json", false, "print JSON")
	n := flag.Int("n", 1000, "viewers")
	turns := flag.Int("turns", 3, "turns of all ways")
	seconds := flag.Int("seconds", 10, "length of a run")
	profile := flag.String("profile", "", "folder for CPU profiles of the servers")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *serve != "" {
		if err := child(ctx, *serve, *profile); err != nil {
			log.Fatal(err)
		}
		return
	}
	r := Result{Go: runtime.Version(), CPUs: runtime.NumCPU(), LoadBefore: load(), When: time.Now().UTC().Truncate(time.Second), Viewers: *n, Seconds: *seconds}
	for _, s := range shows {
		if *only != "" && *only != s.name {
			continue
		}
		c := Comparison{Name: s.name, Mix: s.mix}
		if err := c.measure(ctx, *n, *turns, time.Duration(*seconds)*time.Second, *profile); err != nil {
			log.Fatalf("%s: %v", s.name, err)
		}
		r.Shows = append(r.Shows, c)
	}
	r.LoadAfter = load()
	if *asJSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(r); err != nil {
			log.Fatal(err)
		}
		return
	}
	fmt.Print(r.text())
}

func (c *Comparison) measure(ctx context.Context, n, turns int, length time.Duration, profile string) error {
	rates, ratios := map[string][]float64{}, map[string][]float64{}
	for range turns {
		var room float64
		for _, way := range ways {
			m, err := measure(ctx, way, c.Mix, n, length, profile)
			if err != nil {
				return fmt.Errorf("%s: %w", way, err)
			}
			c.Runs = append(c.Runs, m)
			rates[way] = append(rates[way], m.PerCPUSecond)
			if way == byRoom {
				room = m.PerCPUSecond
			} else {
				ratios[way] = append(ratios[way], room/m.PerCPUSecond)
			}
		}
	}
	c.PerCPUSecond, c.Ratio = map[string]gauge.Spread{}, map[string]gauge.Spread{}
	for way, runs := range rates {
		c.PerCPUSecond[way] = gauge.Sum(runs)
	}
	for way, runs := range ratios {
		c.Ratio[way] = gauge.Sum(runs)
	}
	return nil
}

func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(b))[:3], " ")
}

func (r Result) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d CPUs, load %s before and %s after; %d viewers, runs of %d s\n", r.Go, r.CPUs, r.LoadBefore, r.LoadAfter, r.Viewers, r.Seconds)
	for _, c := range r.Shows {
		fmt.Fprintf(&b, "\n%s, %d events a second\n%-12s %10s %8s %8s %10s %14s %10s %8s\n", c.Name, c.Mix.sum(), "", "delivered", "missing", "CPU s", "per CPU s", "writes/event", "last, ms", "seconds")
		for _, m := range c.Runs {
			fmt.Fprintf(&b, "%-12s %10d %8d %8.2f %10.0f %14.3f %10.0f %8.1f\n", m.Way, m.Delivered, m.Missing, m.CPU, m.PerCPUSecond, m.WritesPerEvent, m.LastAfter, m.Seconds)
		}
		for _, way := range ways[1:] {
			fmt.Fprintf(&b, "room over %s: min %.1f, median %.1f, max %.1f\n", way, c.Ratio[way].Min, c.Ratio[way].Median, c.Ratio[way].Max)
		}
	}
	return b.String()
}
