// Command place measures placement: one hot SKU over HTTP at 256 buyers, on
// SQLite and on PostgreSQL, beside what pgbench gets on the same cluster in the
// same run; and a flash sale of 500 pieces to 2,000 buyers.
//
// It runs the built binary as a child and reads its CPU from /proc, so the
// client's work is not counted as the server's. See README.md.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openstall/openstall/bench/gauge"
	"github.com/openstall/openstall/bench/market"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/web"
)

var (
	asJSON  = flag.Bool("json", false, "one JSON object instead of a table")
	seconds = flag.Int("seconds", 5, "length of a measurement")
	runs    = flag.Int("runs", 3, "measurements of each kind")
	profile = flag.String("profile", "", "folder for CPU profiles of the server, one for each hot measurement")
	binary  = flag.String("binary", "bin/openstall", "the program to measure")
	engine  = flag.String("engine", "", "sqlite or postgres; both when empty")
)

// Result is one measurement.
type Result struct {
	What      string  `json:"what"`
	Engine    string  `json:"engine"`
	Buyers    int     `json:"buyers"`
	Orders    int64   `json:"orders"`
	PerSecond float64 `json:"per_second"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	CPU       float64 `json:"server_cpu_ms_per_order"`
	Database  float64 `json:"database_cpu_ms_per_order,omitempty"`
	Client    float64 `json:"client_cpu_ms_per_order,omitempty"`
	Idle      float64 `json:"machine_idle_share,omitempty"`
	Refused   int64   `json:"refused,omitempty"`
	Errors    int64   `json:"errors"`
	SoldOut   float64 `json:"sold_out_after_ms,omitempty"`
}

// Report is the whole run.
type Report struct {
	Load    string    `json:"load_average"`
	Results []Result  `json:"results"`
	PGBench []float64 `json:"pgbench_hot_update_and_insert_64_clients_tps,omitempty"`
	Ratio   float64   `json:"postgres_over_pgbench,omitempty"`
}

func main() {
	flag.Parse()
	load, _ := os.ReadFile("/proc/loadavg")
	r := Report{Load: strings.TrimSpace(string(load))}
	if err := measure(&r); err != nil {
		fmt.Fprintln(os.Stderr, "place:", err)
		os.Exit(1)
	}
	if *asJSON {
		_ = json.NewEncoder(os.Stdout).Encode(r)
		return
	}
	fmt.Printf("load average %s\n%-34s %-9s %7s %9s %9s %9s %9s %9s %8s %8s %6s %7s\n", r.Load, "what", "engine", "buyers", "orders", "orders/s", "p50 ms", "p99 ms", "cpu ms", "db ms", "client", "idle", "errors")
	for _, x := range r.Results {
		fmt.Printf("%-34s %-9s %7d %9d %9.0f %9.1f %9.1f %9.3f %8.3f %8.3f %6.2f %7d", x.What, x.Engine, x.Buyers, x.Orders, x.PerSecond, x.P50, x.P99, x.CPU, x.Database, x.Client, x.Idle, x.Errors)
		if x.SoldOut > 0 {
			fmt.Printf("  sold out after %.0f ms, %d refused", x.SoldOut, x.Refused)
		}
		fmt.Println()
	}
	if len(r.PGBench) > 0 {
		fmt.Printf("pgbench, hot row update + order insert, 64 clients: %.0f tps; PostgreSQL placement is %.1f times that\n", median(r.PGBench), r.Ratio)
	}
}

func median(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	s := slices.Clone(x)
	slices.Sort(s)
	return s[len(s)/2]
}

func measure(r *Report) error {
	var onPostgres []float64
	for range *runs {
		if *engine != "postgres" {
			if err := onSQLite(r); err != nil {
				return err
			}
		}
		url := os.Getenv("TEST_POSTGRES_URL")
		if url == "" || *engine == "sqlite" {
			continue
		}
		// Neither pays for what the other left to be written.
		if err := market.PSQL(url, "CHECKPOINT"); err != nil {
			return err
		}
		tps, err := pgbench(url)
		if err != nil {
			return err
		}
		r.PGBench = append(r.PGBench, tps)
		w, err := open(url)
		if err != nil {
			return err
		}
		if err := market.PSQL(url, "CHECKPOINT"); err != nil {
			w.Close()
			return err
		}
		hot, err := w.hot(256)
		w.Close()
		if err != nil {
			return err
		}
		r.Results = append(r.Results, hot)
		onPostgres = append(onPostgres, hot.PerSecond)
	}
	if len(onPostgres) > 0 {
		r.Ratio = median(onPostgres) / median(r.PGBench)
	}
	return nil
}

func onSQLite(r *Report) error {
	w, err := open("")
	if err != nil {
		return err
	}
	defer w.Close()
	hot, err := w.hot(256)
	if err != nil {
		return err
	}
	r.Results = append(r.Results, hot)
	flash, err := w.flash()
	if err == nil {
		r.Results = append(r.Results, flash)
	}
	return err
}

// pgbench measures the naive way on the same cluster: update the hot row and
// insert an order, one transaction each, 64 clients.
func pgbench(url string) (float64, error) {
	dir, err := os.MkdirTemp("", "pgbench")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	tool, err := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	if err != nil || len(tool) == 0 {
		return 0, fmt.Errorf("pgbench is not installed")
	}
	setup := `DROP TABLE IF EXISTS hot; DROP TABLE IF EXISTS hot_order;
		CREATE TABLE hot (id int primary key, stock bigint); INSERT INTO hot VALUES (1, 1000000000);
		CREATE TABLE hot_order (id bigserial primary key, sku int, buyer text, at timestamptz default now());
		CREATE INDEX ON hot_order (buyer);`
	if err := market.PSQL(url, setup); err != nil {
		return 0, err
	}
	script := filepath.Join(dir, "hot.sql")
	body := "BEGIN;\nUPDATE hot SET stock = stock - 1 WHERE id = 1 AND stock >= 1;\nINSERT INTO hot_order (sku, buyer) VALUES (1, 'b' || :client_id);\nCOMMIT;\n"
	if err := os.WriteFile(script, []byte(body), 0o600); err != nil {
		return 0, err
	}
	out, err := exec.Command(tool[len(tool)-1], "-n", "-M", "prepared", "-c", "64", "-j", "2", "-T", strconv.Itoa(*seconds), "-f", script, url).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, out)
	}
	m := regexp.MustCompile(`tps = ([0-9.]+)`).FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("pgbench said %s", out)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}

// world is a market with its server.
type world struct {
	*market.Market
	metrics string // address, "off" unless profiles are taken
}

func open(database string) (world, error) {
	w := world{metrics: "off"}
	if *profile != "" {
		port, err := market.FreePort()
		if err != nil {
			return w, err
		}
		w.metrics = "127.0.0.1:" + port
	}
	var err error
	w.Market, err = market.Open(*binary, database, 2000, "--metrics", w.metrics)
	return w, err
}

// offers asks for n quotes, spread over the buyers.
func (w world) offers(sku string, n int) ([]market.Offer, error) {
	out := make([]market.Offer, n)
	var failed atomic.Pointer[error]
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || failed.Load() != nil {
					return
				}
				var err error
				if out[i], err = w.Quote(i%len(w.Tokens), sku, 1); err != nil {
					failed.Store(&err)
					return
				}
			}
		})
	}
	wg.Wait()
	if e := failed.Load(); e != nil {
		return nil, *e
	}
	return out, nil
}

// request renders the placement of an offer.
func (w world) request(o market.Offer) []byte {
	body, err := json.Marshal(o.Order())
	if err != nil {
		panic(err)
	}
	return fmt.Appendf(nil, "POST /v1/orders HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nX-Forwarded-For: %s\r\nCookie: %s=%s\r\nIdempotency-Key: %s\r\nContent-Length: %d\r\n\r\n%s",
		market.From(o.Buyer), web.SessionCookie, w.Tokens[o.Buyer], id.Secret(16), len(body), body)
}

// hot places orders of one SKU for some seconds.
func (w world) hot(buyers int) (Result, error) {
	r := Result{What: "placement of one hot SKU", Engine: w.Engine, Buyers: buyers}
	offers, err := w.offers(w.Hot, 12_000**seconds)
	if err != nil {
		return r, err
	}
	requests := make([][]byte, len(offers))
	for i, o := range offers {
		requests[i] = w.request(o)
	}
	lines, err := market.Lines(w.URL, buyers)
	if err != nil {
		return r, err
	}
	defer market.HangUp(lines)
	if *profile != "" {
		go w.record()
	}
	runtime.GC()
	// One thread drives all lines: with two, the idle one looks for work on the
	// processor that the server needs.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	cpu, database, idle := w.cpu(), gauge.CPUOf("postgres"), gauge.Idle()
	own, _ := gauge.CPU(os.Getpid())
	var next, ok, bad atomic.Int64
	var mu sync.Mutex
	var took []float64
	start := time.Now()
	end := start.Add(time.Duration(*seconds) * time.Second)
	var wg sync.WaitGroup
	for _, l := range lines {
		wg.Go(func() {
			var own []float64
			for time.Now().Before(end) {
				i := int(next.Add(1)) - 1
				if i >= len(requests) {
					break
				}
				at := time.Now()
				status, body, err := l.Send(requests[i])
				own = append(own, float64(time.Since(at).Microseconds())/1000)
				if err == nil && status == http.StatusCreated {
					ok.Add(1)
				} else if bad.Add(1) == 1 {
					fmt.Fprintln(os.Stderr, "place:", status, string(body), err)
				}
			}
			mu.Lock()
			took = append(took, own...)
			mu.Unlock()
		})
	}
	wg.Wait()
	wall := time.Since(start).Seconds()
	r.Orders, r.Errors = ok.Load(), bad.Load()
	r.PerSecond = float64(r.Orders) / wall
	r.P50, r.P99 = quantile(took, 0.5), quantile(took, 0.99)
	r.CPU = (w.cpu() - cpu).Seconds() * 1000 / float64(max(1, r.Orders))
	r.Idle = (gauge.Idle() - idle).Seconds() / wall / float64(runtime.NumCPU())
	if now, err := gauge.CPU(os.Getpid()); err == nil {
		r.Client = (now - own).Seconds() * 1000 / float64(max(1, r.Orders))
	}
	if w.Engine == "postgres" {
		r.Database = (gauge.CPUOf("postgres") - database).Seconds() * 1000 / float64(max(1, r.Orders))
	}
	return r, nil
}

// record keeps a profile of the server's CPU over the measurement.
func (w world) record() {
	path := filepath.Join(*profile, fmt.Sprintf("%s-%d.prof", w.Engine, time.Now().Unix()))
	if err := gauge.Profile(w.metrics, max(1, *seconds-1), path); err != nil {
		fmt.Fprintln(os.Stderr, "profile:", err)
	}
}

// flash sells 500 pieces to 2,000 buyers who all come at once.
func (w world) flash() (Result, error) {
	r := Result{What: "flash sale, 500 pieces, 2000 buyers", Engine: w.Engine, Buyers: 2000}
	offers, err := w.offers(w.Rare, 2000)
	if err != nil {
		return r, err
	}
	work := make(chan []byte, len(offers))
	for _, o := range offers {
		work <- w.request(o)
	}
	close(work)
	lines, err := market.Lines(w.URL, 256)
	if err != nil {
		return r, err
	}
	defer market.HangUp(lines)
	cpu := w.cpu()
	var ok, refused, bad, last atomic.Int64
	var mu sync.Mutex
	var took []float64
	gate := make(chan struct{})
	var start time.Time
	var wg sync.WaitGroup
	for _, l := range lines {
		wg.Go(func() {
			<-gate
			for request := range work {
				at := time.Now()
				status, body, err := l.Send(request)
				d := float64(time.Since(at).Microseconds()) / 1000
				mu.Lock()
				took = append(took, d)
				mu.Unlock()
				switch {
				case err == nil && status == http.StatusCreated:
					ok.Add(1)
					last.Store(max(last.Load(), int64(time.Since(start))))
				case err == nil && status == http.StatusConflict && bytes.Contains(body, []byte("stock.sold_out")):
					refused.Add(1)
				default:
					if bad.Add(1) == 1 {
						fmt.Fprintln(os.Stderr, "flash:", status, string(body), err)
					}
				}
			}
		})
	}
	start = time.Now()
	close(gate)
	wg.Wait()
	wall := time.Since(start).Seconds()
	r.Orders, r.Refused, r.Errors = ok.Load(), refused.Load(), bad.Load()
	r.PerSecond = float64(len(offers)) / wall
	r.P50, r.P99 = quantile(took, 0.5), quantile(took, 0.99)
	r.SoldOut = float64(last.Load()) / 1e6
	r.CPU = (w.cpu() - cpu).Seconds() * 1000 / float64(len(offers))
	if r.Orders != 500 {
		return r, fmt.Errorf("flash sale sold %d of 500", r.Orders)
	}
	return r, nil
}

func quantile(x []float64, q float64) float64 {
	if len(x) == 0 {
		return 0
	}
	slices.Sort(x)
	return x[min(len(x)-1, int(q*float64(len(x))))]
}

// cpu is the processor time of the server so far.
func (w world) cpu() time.Duration {
	used, _ := gauge.CPU(w.Server.Process.Pid)
	return used
}
