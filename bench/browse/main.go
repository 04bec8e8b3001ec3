// Command browse measures what a crowd looks at before it buys: the page of a
// product and the page of a shop with its goods, over HTTP at 64 viewers who are
// signed in, on SQLite and on PostgreSQL. Nothing is sold meanwhile; with -sales
// one variant of the shop is, as fast as its buyer gets answers.
//
// It runs the built binary as a child and reads its CPU from /proc. See
// ../README.md.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openstall/openstall/bench/gauge"
	"github.com/openstall/openstall/bench/market"
	"github.com/openstall/openstall/internal/kit/id"
)

var (
	asJSON  = flag.Bool("json", false, "one JSON object instead of a table")
	seconds = flag.Int("seconds", 4, "length of a measurement")
	runs    = flag.Int("runs", 3, "measurements of each kind")
	profile = flag.String("profile", "", "folder for CPU profiles of the server")
	binary  = flag.String("binary", "bin/openstall", "the program to measure")
	engine  = flag.String("engine", "", "sqlite or postgres; both when empty")
	sales   = flag.Bool("sales", false, "sell from the same shop meanwhile")
)

const viewers = 64

// Result is one measurement.
type Result struct {
	What      string  `json:"what"`
	Engine    string  `json:"engine"`
	PerSecond float64 `json:"per_second"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	CPU       float64 `json:"server_cpu_ms"`
	Database  float64 `json:"database_cpu_ms,omitempty"`
	Client    float64 `json:"client_cpu_ms"`
	Bytes     int     `json:"bytes"`
	Sold      int64   `json:"sold_meanwhile,omitempty"`
	Errors    int64   `json:"errors"`
}

// Report is the whole run.
type Report struct {
	Load    string   `json:"load_average"`
	Results []Result `json:"results"`
}

func main() {
	flag.Parse()
	load, _ := os.ReadFile("/proc/loadavg")
	r := Report{Load: strings.TrimSpace(string(load))}
	for range *runs {
		for _, url := range []string{"", os.Getenv("TEST_POSTGRES_URL")} {
			name := "sqlite"
			if url != "" {
				name = "postgres"
			}
			if *engine != "" && *engine != name || *engine == "postgres" && url == "" || len(r.Results) > 0 && url == "" && name == "postgres" {
				continue
			}
			if err := measure(&r, url); err != nil {
				fmt.Fprintln(os.Stderr, "browse:", err)
				os.Exit(1)
			}
		}
	}
	if *asJSON {
		_ = json.NewEncoder(os.Stdout).Encode(r)
		return
	}
	fmt.Printf("load average %s\n%-22s %-9s %9s %8s %8s %8s %8s %8s %7s %6s %6s\n", r.Load, "what", "engine", "pages/s", "p50 ms", "p99 ms", "cpu ms", "db ms", "client", "bytes", "sold", "errors")
	for _, x := range r.Results {
		fmt.Printf("%-22s %-9s %9.0f %8.2f %8.2f %8.3f %8.3f %8.3f %7d %6d %6d\n", x.What, x.Engine, x.PerSecond, x.P50, x.P99, x.CPU, x.Database, x.Client, x.Bytes, x.Sold, x.Errors)
	}
}

func measure(r *Report, database string) error {
	metrics := "off"
	if *profile != "" {
		port, err := market.FreePort()
		if err != nil {
			return err
		}
		metrics = "127.0.0.1:" + port
	}
	m, err := market.Open(*binary, database, 200, "--metrics", metrics)
	if err != nil {
		return err
	}
	defer m.Close()
	var products []string
	for _, p := range m.Goods {
		products = append(products, "/v1/products/"+p)
	}
	for _, page := range []struct {
		what  string
		paths []string
	}{{"product", products}, {"shop with its goods", []string{"/v1/shops/" + m.Slug}}} {
		if *profile != "" {
			go record(m, metrics, page.what)
		}
		x, err := look(m, page.what, page.paths)
		if err != nil {
			return err
		}
		r.Results = append(r.Results, x)
	}
	return nil
}

func look(m *market.Market, what string, paths []string) (Result, error) {
	r := Result{What: what, Engine: m.Engine}
	requests := make([][]byte, 0, len(paths)*len(m.Tokens))
	for i := range m.Tokens {
		for _, p := range paths {
			requests = append(requests, fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: bench\r\nAccept: application/json\r\nX-Forwarded-For: %s\r\nCookie: %s\r\n\r\n", p, market.From(i), m.Cookie(i)))
		}
	}
	lines, err := market.Lines(m.URL, viewers)
	if err != nil {
		return r, err
	}
	defer market.HangUp(lines)
	for _, l := range lines { // the first look at a page may read it
		if status, body, err := l.Send(requests[0]); err != nil || status != http.StatusOK {
			return r, fmt.Errorf("%s: %d %s %w", what, status, body, err)
		}
	}
	runtime.GC()
	// One thread drives all lines, as in bench/place.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	cpu, _ := gauge.CPU(m.Server.Process.Pid)
	own, _ := gauge.CPU(os.Getpid())
	database := gauge.CPUOf("postgres")
	var next, ok, bad, size, sold atomic.Int64
	var mu sync.Mutex
	var took []float64
	start := time.Now()
	end := start.Add(time.Duration(*seconds) * time.Second)
	var wg sync.WaitGroup
	if *sales {
		wg.Go(func() {
			for time.Now().Before(end) {
				if offer, err := m.Quote(0, m.Hot, 1); err == nil {
					if status, _, err := m.Call(http.MethodPost, "/v1/orders", m.Tokens[0], market.From(0), id.Secret(16), offer.Order()); err == nil && status == http.StatusCreated {
						sold.Add(1)
					}
				}
			}
		})
	}
	for _, l := range lines {
		wg.Go(func() {
			var own []float64
			for time.Now().Before(end) {
				at := time.Now()
				status, body, err := l.Send(requests[int(next.Add(1))%len(requests)])
				own = append(own, float64(time.Since(at).Microseconds())/1000)
				if err != nil || status != http.StatusOK {
					if bad.Add(1) == 1 {
						fmt.Fprintln(os.Stderr, "browse:", status, string(body), err)
					}
					continue
				}
				ok.Add(1)
				size.Store(int64(len(body)))
			}
			mu.Lock()
			took = append(took, own...)
			mu.Unlock()
		})
	}
	wg.Wait()
	n := float64(max(1, ok.Load()))
	r.PerSecond, r.Errors, r.Bytes, r.Sold = n/time.Since(start).Seconds(), bad.Load(), int(size.Load()), sold.Load()
	slices.Sort(took)
	r.P50, r.P99 = took[len(took)/2], took[len(took)*99/100]
	if now, err := gauge.CPU(m.Server.Process.Pid); err == nil {
		r.CPU = (now - cpu).Seconds() * 1000 / n
	}
	if now, err := gauge.CPU(os.Getpid()); err == nil {
		r.Client = (now - own).Seconds() * 1000 / n
	}
	if m.Engine == "postgres" {
		r.Database = (gauge.CPUOf("postgres") - database).Seconds() * 1000 / n
	}
	return r, nil
}

// record keeps a profile of the server's CPU over the measurement.
func record(m *market.Market, metrics, what string) {
	path := fmt.Sprintf("%s/%s-%s.prof", *profile, m.Engine, strings.ReplaceAll(what, " ", "-"))
	if err := gauge.Profile(metrics, max(1, *seconds-1), path); err != nil {
		fmt.Fprintln(os.Stderr, "profile:", err)
	}
}
