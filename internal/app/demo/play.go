package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/media/flv"
	"github.com/openstall/openstall/internal/media/rtmp"
)

// script is a past show.
type script struct {
	slug  string
	title text.Local
	host  string // login
	name  string // film and captions
	scene string
	parts []part
	when  func(landing time.Time) time.Time
	cues  []cue
}

// cue is something that happens in a show: a word, or a purchase.
type cue struct {
	at    float64 // in parts of the film
	who   string
	words string
	buys  *purchase
}

func (sc script) film(each time.Duration) film {
	return film{cards: sc.name, scene: sc.scene, parts: sc.parts, each: each}
}

// Paces of a past show.
const (
	haste  = 6                       // times as fast as the world, while the film runs
	breath = 1200 * time.Millisecond // of the show's time, between two words of one person
)

// play performs a show: the film comes in through RTMP like any picture, while
// the host explains, people talk and buy.
func (s *seeder) play(ctx context.Context, sc script) error {
	start := sc.when(landing(time.Now(), s.cfg.TimeZone))
	s.clock.jump(start.Add(-12 * time.Minute))
	sh := s.shops[sc.slug]
	sw, err := s.Shows.Create(ctx, sh.ID, show.Plan{Title: sc.title, StartsAt: start.UTC(), HostName: s.people[sc.host].Name})
	if err != nil {
		return err
	}
	for _, p := range sc.parts {
		if _, err := s.Shows.Add(ctx, sh.ID, sw.ID, s.goods[sc.slug+"/"+p.picture].ID, 0); err != nil {
			return err
		}
	}
	for _, who := range []string{"rosa", "xiaoan", "lena"} {
		if err := s.Shows.Reserve(ctx, sw.ID, s.people[who].ID); err != nil {
			return err
		}
	}
	s.clock.jump(start)
	if sw, err = s.Shows.Start(ctx, sh.ID, sw.ID); err != nil {
		return err
	}
	if err := s.perform(ctx, sc, sw); err != nil {
		return err
	}
	return s.finish(ctx, sw)
}

// perform sends the film and gives the cues.
func (s *seeder) perform(ctx context.Context, sc script, sw show.Show) error {
	f := sc.film(s.o.Part)
	c, err := rtmp.Dial(ctx, s.RTMP()+"/"+s.Shows.Ticket(sw.ID))
	if err != nil {
		return err
	}
	defer c.Close()
	s.clock.run(haste)
	defer s.clock.run(1)
	begin := s.clock.Now()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var both sync.WaitGroup
	both.Go(func() {
		if err := s.send(ctx, c, s.filmPath(sc.name), begin); err != nil {
			cancel(fmt.Errorf("film: %w", err))
		}
	})
	both.Go(func() {
		if err := s.act(ctx, sc, sw, f, begin); err != nil {
			cancel(err)
		}
	})
	both.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return s.recorded(ctx, sw.ID, f.length()-time.Second)
}

// send pushes a film at the pace of the clock.
func (s *seeder) send(ctx context.Context, c *rtmp.Client, path string, begin time.Time) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	r, err := flv.NewReader(file)
	if err != nil {
		return err
	}
	for {
		tag, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = s.clock.wait(ctx, begin.Add(time.Duration(tag.Time)*time.Millisecond))
		}
		if err == nil {
			err = c.WriteTag(tag)
		}
		if err != nil {
			return err
		}
	}
}

// act explains part after part and gives the cues in between.
func (s *seeder) act(ctx context.Context, sc script, sw show.Show, f film, begin time.Time) error {
	// A room that was open before the show hears a moment later that it is on air.
	if err := await(ctx, "room", func() (bool, error) {
		_, err := s.Rooms.Enter(ctx, sw.ID, "demo-browser-of-"+sc.host)
		return s.Rooms.OnAirHere(sw.ID), err
	}); err != nil {
		return err
	}
	for _, p := range shoppers() {
		if _, err := s.Rooms.Enter(ctx, sw.ID, "demo-browser-of-"+p.login); err != nil {
			return err
		}
	}
	cues, spoke := sc.cues, map[string]time.Time{}
	for i, p := range f.parts {
		if err := s.clock.wait(ctx, begin.Add(time.Duration(i)*f.each+100*time.Millisecond)); err != nil {
			return err
		}
		if _, err := s.Shows.Explain(ctx, sw.Shop, sw.ID, p.number); err != nil {
			return err
		}
		for ; len(cues) > 0 && cues[0].at < float64(i+1); cues = cues[1:] {
			c := cues[0]
			at := begin.Add(time.Duration(c.at * float64(f.each)))
			if again := spoke[c.who].Add(breath); again.After(at) {
				at = again
			}
			if err := s.clock.wait(ctx, at); err != nil {
				return err
			}
			if err := s.give(ctx, sw, c); err != nil {
				return fmt.Errorf("cue of %s: %w", c.who, err)
			}
			spoke[c.who] = s.clock.Now()
		}
	}
	return s.clock.wait(ctx, begin.Add(f.length()))
}

func (s *seeder) give(ctx context.Context, sw show.Show, c cue) error {
	if c.buys != nil {
		// What the machine needs for it is not to count sixfold.
		s.clock.run(1)
		defer s.clock.run(haste)
		p := *c.buys
		p.who, p.show = c.who, sw.ID
		_, err := s.buy(ctx, p)
		return err
	}
	s.Rooms.Like(sw.ID, "demo-browser-of-"+c.who, 1)
	_, err := s.Chat.Say(ctx, sw.ID, s.people[c.who].ID, c.words)
	return err
}

// recorded waits until so much of a show is on disk.
func (s *seeder) recorded(ctx context.Context, showID string, length time.Duration) error {
	return await(ctx, "recording", func() (bool, error) {
		x, err := s.Recording(showID)
		return err == nil && x.Duration() >= length, nil
	})
}

// finish ends a show and waits for its replay and its figures.
func (s *seeder) finish(ctx context.Context, sw show.Show) error {
	if _, err := s.EndShow(ctx, sw.Shop, sw.ID); err != nil {
		return err
	}
	return await(ctx, "replay", func() (bool, error) {
		now, err := s.Shows.Get(ctx, sw.ID)
		return now.State == show.Replay && now.Viewers >= int64(len(shoppers())), err
	})
}

// await asks until something is so.
func await(ctx context.Context, what string, is func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		if ok, err := is(); ok || err != nil {
			return err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("waiting for the %s: %w", what, ctx.Err())
		}
	}
}
