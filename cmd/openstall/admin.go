package main

import (
	"context"
	"fmt"
	"time"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/domain/feed"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/platform/config"
)

type adminCmd struct {
	Check    checkCmd    `cmd:"" help:"Verify that stock, orders and books agree; print every invariant."`
	Fairness fairnessCmd `cmd:"" help:"Prove the promises of Discover from its log; print every promise."`
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
	for _, i := range order.Invariants {
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
