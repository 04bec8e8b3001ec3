// Command openstall runs a market: shops, live rooms, orders, in one binary.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/app/demo"
	"github.com/openstall/openstall/internal/platform/config"
	"github.com/openstall/openstall/internal/platform/telemetry"
)

type commands struct {
	Serve   serveCmd   `cmd:"" help:"Run the market."`
	Demo    demoCmd    `cmd:"" help:"Fill an empty data folder with a demo market and stop; 'serve --demo' runs it."`
	Migrate migrateCmd `cmd:"" help:"Bring the database up to date and stop."`
	Admin   adminCmd   `cmd:"" help:"For the operator at the machine."`
	Feed    feedCmd    `cmd:"" help:"Measure Discover: evaluator and simulator."`
	Config  configCmd  `cmd:"" help:"About settings."`
	Version versionCmd `cmd:"" help:"Print what this binary was made from."`
	File    string     `name:"config" help:"Settings file; see 'openstall config sample'." placeholder:"FILE"`
}

func main() {
	if err := loadFile(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "openstall:", err)
		os.Exit(2)
	}
	var c commands
	k := kong.Parse(&c, kong.Name("openstall"), kong.Description("Self-hosted live commerce: one binary that runs a whole market."), kong.UsageOnError())
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "openstall:", err)
		os.Exit(1)
	}
}

// loadFile fills the environment from the settings file before flags are read.
func loadFile(args []string) error {
	for i, arg := range args {
		path, ok := strings.CutPrefix(arg, "--config=")
		if arg == "--config" && i+1 < len(args) {
			path, ok = args[i+1], true
		}
		if ok {
			return config.Load(path)
		}
	}
	return nil
}

type serveCmd struct {
	config.Serve `embed:""`
}

func (c *serveCmd) Run() error {
	format := "text"
	if c.LogJSON {
		format = "json"
	}
	log, err := telemetry.NewLogger(os.Stderr, format, c.LogLevel)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if c.Demo {
		return demo.Serve(ctx, c.Serve, log, os.Stdout)
	}
	a, err := app.New(ctx, c.Serve, log)
	if err != nil {
		return err
	}
	return a.Run(ctx)
}

type migrateCmd struct {
	config.Serve `embed:""`
}

func (c *migrateCmd) Run() error {
	d, err := app.OpenDB(context.Background(), c.Serve)
	if err != nil {
		return err
	}
	return d.Close()
}

type configCmd struct {
	Sample sampleCmd `cmd:"" help:"Print every setting with meaning, unit and default."`
}

type sampleCmd struct{}

func (sampleCmd) Run() error {
	config.Sample(os.Stdout)
	return nil
}

type versionCmd struct{}

func (versionCmd) Run() error {
	b := telemetry.ReadBuild()
	fmt.Printf("openstall %s %s %s\n", b.Version, b.Revision, b.Go)
	return nil
}
