package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/openstall/openstall/internal/domain/feed/lab"
)

type feedCmd struct {
	Eval  feedEvalCmd  `cmd:"" help:"Judge Discover beside the usual recommenders on a logged data set."`
	Sim   feedSimCmd   `cmd:"" help:"Run Discover against other policies in a made-up market, with intervals over seeds."`
	Synth feedSynthCmd `cmd:"" help:"Write a made-up data set with the layout that eval reads."`
}

type feedEvalCmd struct {
	Data  string `required:"" help:"Folder with items.tsv.gz, train.tsv.gz and eval.tsv.gz." placeholder:"DIR"`
	K     int    `default:"10" help:"Length of a list."`
	Seed  uint64 `default:"1" help:"Order of users and everything drawn."`
	Phase string `default:"test" enum:"val,test" help:"test judges; val is for choosing settings."`
	JSON  bool   `help:"One JSON object."`
}

func (c *feedEvalCmd) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	s, err := lab.Load(c.Data)
	if err != nil {
		return err
	}
	r, err := lab.Evaluate(ctx, s, lab.Options{K: c.K, Seed: c.Seed, Phase: c.Phase})
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	fmt.Printf("%d users with positives, %d videos, %d creators; lists of %d, phase %s, seed %d\n\n", r.Users, r.Items, r.Creators, r.K, r.Phase, r.Seed)
	return lab.Table(os.Stdout, r.Policies)
}

type feedSynthCmd struct {
	Out      string `required:"" help:"Folder to write to." placeholder:"DIR"`
	Users    int    `default:"600"`
	Creators int    `default:"400"`
	Seed     uint64 `default:"1" help:"The same seed writes the same set."`
}

func (c *feedSynthCmd) Run() error {
	return lab.Synth{Users: c.Users, Creators: c.Creators, Seed: c.Seed}.Write(c.Out)
}

type feedSimCmd struct {
	Seeds int    `default:"10" help:"Worlds."`
	Seed  uint64 `default:"1" help:"Of the first world."`
	Users int    `default:"2500"`
	Days  int    `default:"28"`
	JSON  bool   `help:"One JSON object."`
}

func (c *feedSimCmd) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	r, err := lab.Simulate(ctx, lab.World{Users: c.Users, Days: c.Days, Seed: c.Seed}, c.Seeds)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	return lab.SimTable(os.Stdout, r)
}
