// Command kill ends a server without a word in the middle of its work, again and
// again, and looks whether everything that it has answered is there.
//
// Sixteen people order, pay, cancel and count stock over HTTP. Some tenths of a
// second later the server gets SIGKILL; on PostgreSQL every other time the
// database is stopped at once as well. It starts again, everybody repeats under
// the same key what was not answered, and then every order that was answered has
// to be there, once, as far along as was said, nothing else, and `openstall admin
// check` has to find nothing. With -control an answered order is taken away behind
// the market's back, which has to be noticed.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/openstall/openstall/bench/gauge"
	"github.com/openstall/openstall/bench/market"
	"github.com/openstall/openstall/internal/kit/id"
)

var (
	asJSON  = flag.Bool("json", false, "one JSON object instead of words")
	cycles  = flag.Int("cycles", 50, "kills on each engine")
	engine  = flag.String("engine", "", "sqlite or postgres; both when empty")
	binary  = flag.String("binary", "bin/openstall", "the program to kill")
	control = flag.Bool("control", false, "take an answered order away; the run has to fail")
)

// Report is what came of one engine.
type Report struct {
	Engine   string  `json:"engine"`
	Kills    int     `json:"kills"`
	Database int     `json:"stops_of_the_database,omitempty"`
	Answered int     `json:"answered_writes"`
	Open     int     `json:"writes_without_an_answer"`
	Found    int     `json:"of_which_had_been_done"`
	Back     float64 `json:"seconds_until_served_again_max"`
	Lost     int     `json:"lost"`
}

func main() {
	flag.Parse()
	var all []Report
	for _, e := range []string{"sqlite", "postgres"} {
		if *engine != "" && *engine != e {
			continue
		}
		r, err := run(e)
		if err != nil {
			fmt.Fprintf(os.Stderr, "kill: %s after %d kills: %v\n", e, r.Kills, err)
			os.Exit(1)
		}
		all = append(all, r)
		if !*asJSON {
			fmt.Printf("%s: %d kills, %d stops of the database; %d writes answered, %d not, of which %d had been done; served again after %.1f s at most; %d lost\n",
				r.Engine, r.Kills, r.Database, r.Answered, r.Open, r.Found, r.Back, r.Lost)
		}
	}
	if *asJSON {
		_ = json.NewEncoder(os.Stdout).Encode(all)
	}
}

// deed is a write that somebody began.
type deed struct {
	what      string // place, pay, cancel, move
	buyer     int    // -1 is the owner
	path, key string
	body      map[string]any
	order     string // of pay and cancel; of place once it was answered
	answered  bool
	counted   bool // in the report
	refused   bool // by a rule, not by the kill
	payURL    string
	add       int64
}

// crowd is what people remember.
type crowd struct {
	*market.Market
	mu    sync.Mutex
	deeds []*deed
	added int64 // pieces that were counted in
	open  []*deed
	ready []*deed // placed orders that nobody has gone on with
}

func run(engine string) (Report, error) {
	r := Report{Engine: engine}
	database, stop := "", func() error { return nil }
	if engine == "postgres" {
		services, err := gauge.StartServices()
		if err != nil {
			return r, err
		}
		defer services.Stop()
		database, stop = services.Postgres(), services.Crash
	}
	m, err := market.Open(*binary, database, 16, "--metrics", "off")
	if err != nil {
		return r, err
	}
	defer m.Close()
	m.Server.Stderr = nil
	c := &crowd{Market: m}
	for r.Kills < *cycles {
		c.work(time.Duration(150+rand.IntN(850)) * time.Millisecond)
		r.Kills++
		if engine == "postgres" && r.Kills%2 == 0 {
			if err := stop(); err != nil {
				return r, err
			}
			r.Database++
		}
		from := time.Now()
		if err := m.Up(); err != nil {
			return r, err
		}
		r.Back = max(r.Back, time.Since(from).Seconds())
		if *control && r.Kills == 2 {
			if err := c.forge(); err != nil {
				return r, err
			}
		}
		if err := c.repeat(&r); err != nil {
			return r, err
		}
		if err := c.look(&r); err != nil {
			return r, err
		}
	}
	return r, nil
}

// work lets everybody do things until the server dies.
func (c *crowd) work(length time.Duration) {
	var wg sync.WaitGroup
	for buyer := range c.Tokens {
		wg.Go(func() {
			for d := c.next(buyer); d != nil; d = c.next(buyer) {
				c.do(d)
				if !d.answered && !d.refused {
					return
				}
			}
		})
	}
	time.Sleep(length)
	c.Kill()
	wg.Wait()
}

// next is what a buyer does next, nil when the server does not answer.
func (c *crowd) next(buyer int) *deed {
	c.mu.Lock()
	var goesOn *deed
	if n := len(c.ready); n > 0 && rand.IntN(3) > 0 {
		i := rand.IntN(n)
		goesOn = c.ready[i]
		c.ready[i] = c.ready[n-1]
		c.ready = c.ready[:n-1]
	}
	c.mu.Unlock()
	d := &deed{key: id.Secret(16), buyer: buyer}
	switch {
	case goesOn != nil && rand.IntN(3) == 0:
		d.what, d.buyer, d.order, d.path, d.body = "cancel", goesOn.buyer, goesOn.order, "/v1/orders/"+goesOn.order+"/cancel", map[string]any{}
	case goesOn != nil:
		d.what, d.buyer, d.order, d.payURL = "pay", goesOn.buyer, goesOn.order, goesOn.payURL
	case rand.IntN(10) == 0:
		d.what, d.buyer, d.add = "move", -1, int64(1+rand.IntN(20))
		d.path, d.body = "/v1/merchant/shops/"+c.Shop+"/stock/movements", map[string]any{"sku": c.Rare, "add": d.add, "reason": "landed"}
	default:
		o, err := c.Quote(buyer, c.Hot, 1+rand.IntN(3))
		if err != nil {
			return nil
		}
		d.what, d.path, d.body = "place", "/v1/orders", o.Order()
	}
	c.mu.Lock()
	c.deeds = append(c.deeds, d)
	c.mu.Unlock()
	return d
}

// do carries a deed out, or repeats it.
func (c *crowd) do(d *deed) {
	if d.what == "pay" {
		d.answered, d.refused = c.pay(d)
	} else {
		token, from := c.Owner, "198.19.0.1"
		if d.buyer >= 0 {
			token, from = c.Tokens[d.buyer], market.From(d.buyer)
		}
		status, body, err := c.Call(http.MethodPost, d.path, token, from, d.key, d.body)
		switch {
		case err != nil || status >= 500 || status == http.StatusTooManyRequests:
			return
		case status >= 400:
			d.refused = true
			return
		}
		d.answered = true
		if d.what == "place" {
			var o struct {
				ID     string `json:"id"`
				PayURL string `json:"pay_url"`
			}
			_ = json.Unmarshal(body, &o)
			d.order, d.payURL = o.ID, o.PayURL
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case d.what == "place" && d.answered:
		c.ready = append(c.ready, d)
	case d.what == "move" && d.answered:
		c.added += d.add
	}
}

// pay takes a choice on the bank's page. It is refused when the order does not
// wait for money any more.
func (c *crowd) pay(d *deed) (answered, refused bool) {
	status, body, err := c.Call(http.MethodGet, "/v1/orders/"+d.order, c.Tokens[d.buyer], market.From(d.buyer), "", nil)
	var o struct {
		PayURL string `json:"pay_url"`
	}
	if err != nil || status != http.StatusOK || json.Unmarshal(body, &o) != nil {
		return false, false
	}
	if o.PayURL == "" {
		return false, true
	}
	client := &http.Client{Timeout: 10 * time.Second, Transport: c.Client.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	to, err := c.follow(client, http.MethodGet, o.PayURL, d.buyer, nil)
	if err != nil {
		return false, errors.Is(err, errElsewhere)
	}
	_, err = c.follow(client, http.MethodPost, to, d.buyer, url.Values{"choice": {[]string{"succeed", "twice", "out_of_order"}[rand.IntN(3)]}})
	return err == nil, errors.Is(err, errElsewhere)
}

var errElsewhere = errors.New("the page leads nowhere")

// follow asks for a page and returns where it leads.
func (c *crowd) follow(client *http.Client, method, path string, buyer int, form url.Values) (string, error) {
	u, err := url.Parse(path)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequest(method, c.URL+u.Path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Cookie", c.Cookie(buyer))
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusSeeOther && res.StatusCode != http.StatusFound {
		return "", fmt.Errorf("%s: %d, %w", path, res.StatusCode, errElsewhere)
	}
	return res.Header.Get("Location"), nil
}

// repeat does once more, under the same keys, what was not answered.
func (c *crowd) repeat(r *Report) error {
	for _, d := range c.deeds {
		if d.answered && !d.counted {
			r.Answered++
		}
		d.counted = true
		if d.answered || d.refused {
			continue
		}
		r.Open++
		if d.what == "place" {
			before, err := c.orders(d.buyer)
			if err != nil {
				return err
			}
			c.do(d)
			if before[d.order] != "" {
				r.Found++
			}
		} else if d.what != "pay" { // who left the bank's page comes back another time
			c.do(d)
		}
		if !d.answered && !d.refused && d.what != "pay" {
			return fmt.Errorf("%s is not answered after the restart", d.what)
		}
	}
	return nil
}

// look holds what the market has against what people remember.
func (c *crowd) look(r *Report) error {
	has := make([]map[string]string, len(c.Tokens))
	for buyer := range has {
		var err error
		if has[buyer], err = c.orders(buyer); err != nil {
			return err
		}
	}
	want := make([]int, len(c.Tokens))
	for _, d := range c.deeds {
		switch {
		case d.what == "place" && d.answered:
			want[d.buyer]++
			if has[d.buyer][d.order] == "" {
				r.Lost++
				return fmt.Errorf("order %s was answered and is not there", d.order)
			}
		case d.what == "cancel" && d.answered && has[d.buyer][d.order] != "cancelled":
			r.Lost++
			return fmt.Errorf("order %s was cancelled and is %s", d.order, has[d.buyer][d.order])
		case d.what == "pay" && d.answered:
			if err := c.paid(d); err != nil {
				r.Lost++
				return err
			}
		}
	}
	for buyer, n := range want {
		if len(has[buyer]) != n {
			return fmt.Errorf("buyer %d has %d orders and placed %d", buyer, len(has[buyer]), n)
		}
	}
	if err := c.counted(); err != nil {
		return err
	}
	report, err := c.Check()
	if err != nil {
		return fmt.Errorf("check: %w\n%s", err, report)
	}
	// What was looked at once is looked at by the check from now on.
	keep := c.deeds[:0]
	for _, d := range c.deeds {
		if d.what == "place" && d.answered {
			keep = append(keep, d)
		}
	}
	c.deeds = keep
	return nil
}

// orders are the states of a buyer's orders.
func (c *crowd) orders(buyer int) (map[string]string, error) {
	out := map[string]string{}
	for after := ""; ; {
		path := "/v1/orders"
		if after != "" {
			path += "?after=" + url.QueryEscape(after)
		}
		status, body, err := c.Call(http.MethodGet, path, c.Tokens[buyer], market.From(buyer), "", nil)
		if err != nil || status != http.StatusOK {
			return nil, fmt.Errorf("orders: %d, %w", status, err)
		}
		var page struct {
			Items []struct{ ID, State string }
			Next  string
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, err
		}
		for _, o := range page.Items {
			out[o.ID] = o.State
		}
		if after = page.Next; after == "" {
			return out, nil
		}
	}
}

// paid waits until the market knows of a payment that the bank has taken, or has
// given it back because the order was cancelled.
func (c *crowd) paid(d *deed) error {
	var o struct {
		State string `json:"state"`
		Pay   string `json:"pay_state"`
	}
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		_, body, err := c.Call(http.MethodGet, "/v1/orders/"+d.order, c.Tokens[d.buyer], market.From(d.buyer), "", nil)
		if err == nil {
			err = json.Unmarshal(body, &o)
		}
		if err == nil && o.Pay != "pending" && o.Pay != "none" {
			return nil
		}
	}
	return fmt.Errorf("order %s was paid and is %s, %s", d.order, o.State, o.Pay)
}

// counted holds the pieces in the stall against what was counted in.
func (c *crowd) counted() error {
	_, body, err := c.Call(http.MethodGet, "/v1/merchant/shops/"+c.Shop+"/stock", c.Owner, "198.19.0.1", "", nil)
	var sheet struct {
		Items []struct {
			SKU    string `json:"sku"`
			OnHand int64  `json:"on_hand"`
		}
	}
	if err == nil {
		err = json.Unmarshal(body, &sheet)
	}
	for _, row := range sheet.Items {
		if row.SKU == c.Rare && row.OnHand != 500+c.added {
			return fmt.Errorf("%d pieces are there, %d were counted in", row.OnHand, 500+c.added)
		}
	}
	return err
}

// forge takes an answered order away from its buyer.
func (c *crowd) forge() error {
	for _, d := range c.deeds {
		if d.what == "place" && d.answered {
			return c.Exec(context.Background(), `UPDATE orders SET buyer = 'per_nobody' WHERE id = $1`, d.order)
		}
	}
	return nil
}
