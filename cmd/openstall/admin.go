package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/domain/feed"
	"github.com/openstall/openstall/internal/platform/config"
)

type adminCmd struct {
	Check     checkCmd     `cmd:"" help:"Verify that stock, orders and books agree; print every invariant."`
	Reconcile reconcileCmd `cmd:"" help:"Compare a payment provider's books with ours; print every difference."`
	Fairness  fairnessCmd  `cmd:"" help:"Prove the promises of Discover from its log; print every promise."`
}

type checkCmd struct {
	config.Serve `embed:""`
}

func (c *checkCmd) Run() error {
	ctx := context.Background()
	d, err := app.OpenDB(ctx, c.Serve)
	if err != nil {
		return err
	}
	defer d.Close()
	problems, err := app.Check(ctx, d)
	if err != nil {
		return err
	}
	broken := map[string]int{}
	for _, p := range problems {
		broken[p.Invariant]++
	}
	for _, i := range app.Invariants() {
		word := "ok    "
		if broken[i.ID] > 0 {
			word = "BROKEN"
		}
		fmt.Printf("%-4s %s %s\n", i.ID, word, i.Words)
	}
	for _, p := range problems {
		fmt.Printf("%s: %s\n", p.Invariant, p.Detail)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%d violations", len(problems))
	}
	return nil
}

type reconcileCmd struct {
	config.Serve `embed:""`
	Provider     string `name:"provider" default:"stripe" enum:"stripe,wechat" help:"Whose books: stripe or wechat."`
	Day          string `name:"day" help:"Day in the market's time zone (for wechat in China's), as 2026-11-22; empty: yesterday."`
}

func (c *reconcileCmd) Run() error {
	zone, err := app.DaysOf(c.Provider, c.Serve)
	if err != nil {
		return err
	}
	from, err := dayOf(c.Day, time.Now().In(zone))
	if err != nil {
		return err
	}
	ctx := context.Background()
	d, err := app.OpenDB(ctx, c.Serve)
	if err != nil {
		return err
	}
	defer d.Close()
	r, err := app.Reconcile(ctx, d, c.Serve, c.Provider, time.Now, from, from.AddDate(0, 0, 1))
	if err != nil {
		return err
	}
	fmt.Printf("%s at %s: %d payments and %d refunds agree", from.Format(time.DateOnly), c.Provider, r.Payments, r.Refunds)
	if r.Foreign > 0 {
		fmt.Printf(", %d are not of this market", r.Foreign)
	}
	fmt.Println()
	for _, x := range r.Differences {
		fmt.Printf("%s (%s): %s\n", x.Ref, cmp.Or(x.Order, "no order of ours"), x.Words)
	}
	if len(r.Differences) > 0 {
		return fmt.Errorf("%d differences", len(r.Differences))
	}
	return nil
}

// dayOf returns the midnight at which a day begins; the day before now when it is
// not said.
func dayOf(day string, now time.Time) (time.Time, error) {
	if day == "" {
		y, m, d := now.Date()
		return time.Date(y, m, d-1, 0, 0, 0, 0, now.Location()), nil
	}
	at, err := time.ParseInLocation(time.DateOnly, day, now.Location())
	if err != nil {
		return at, fmt.Errorf("day %q: want a day such as 2026-11-22", day)
	}
	return at, nil
}

type fairnessCmd struct {
	config.Serve `embed:""`
}

func (c *fairnessCmd) Run() error {
	ctx := context.Background()
	d, err := app.OpenDB(ctx, c.Serve)
	if err != nil {
		return err
	}
	defer d.Close()
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return err
	}
	v, err := feed.Audit(ctx, d, feed.Config{}, zone)
	if err != nil {
		return err
	}
	if v.Pages == 0 {
		fmt.Println("Discover has shown nothing that is still in the log.")
	} else {
		fmt.Printf("%d pages with %d shows to %d viewers since %s; %d of %d new videos have had all the shows they were owed\n\n",
			v.Pages, v.Shows, v.Viewers, v.Since.In(zone).Format("2006-01-02 15:04"), v.Done, v.Floors)
	}
	broken := map[string]bool{}
	for _, f := range v.Findings {
		broken[f.Check] = true
	}
	for _, k := range feed.Checks {
		word := "ok    "
		if broken[k.ID] {
			word = "BROKEN"
		}
		fmt.Printf("%-8s %s %s\n", k.ID, word, k.Words)
	}
	for _, f := range v.Findings {
		fmt.Printf("%s: %s\n", f.Check, f.Detail)
	}
	if len(v.Findings) > 0 {
		return fmt.Errorf("%d findings", len(v.Findings))
	}
	return nil
}
