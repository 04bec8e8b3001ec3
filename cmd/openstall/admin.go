package main

import (
	"context"
	"fmt"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/platform/config"
)

type adminCmd struct {
	Check checkCmd `cmd:"" help:"Verify that stock, orders and books agree; print every invariant."`
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
