package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/openstall/openstall/internal/app/demo"
	"github.com/openstall/openstall/internal/platform/config"
	"github.com/openstall/openstall/internal/platform/telemetry"
)

type demoCmd struct {
	config.Serve `embed:""`
	Seed         uint64 `name:"seed" default:"1" help:"The same seed makes the same market."`
}

func (c *demoCmd) Run() error {
	log, err := telemetry.NewLogger(os.Stderr, "text", "error")
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	cfg := demo.Config(c.Serve)
	if err := cfg.Check(); err != nil {
		return err
	}
	if ok, err := demo.Seeded(ctx, cfg); err != nil {
		return err
	} else if ok {
		fmt.Println("There is a demo market in", cfg.Data, "already.")
		return nil
	}
	if err := demo.Seed(ctx, cfg, log, demo.Options{Seed: c.Seed, Out: os.Stdout}); err != nil {
		return err
	}
	fmt.Println("Run it: openstall serve --demo --data", cfg.Data)
	return nil
}
