package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/media/flv"
	"github.com/openstall/openstall/internal/media/rtmp"
	"github.com/openstall/openstall/internal/platform/config"
)

// Clocks of the running show.
const (
	showFor   = time.Hour // then it ends and another begins
	talkEvery = 70 * time.Second
	answerIn  = 7 * time.Second
	landEvery = 20 * time.Second
	backOff   = 5 * time.Second // after the line was lost
	standBy   = time.Minute     // after somebody else has ended the show or taken its place
)

// maxKept is how many recordings of running shows stay: the latest, and before it
// those in which a visitor bought something. An hour takes 280 MB.
const maxKept = 4

// HostOption changes the running show.
type HostOption func(*host)

// WithLength makes shows last so long instead of an hour.
func WithLength(d time.Duration) HostOption { return func(h *host) { h.showFor = d } }

// WithClips makes the stalls post so many short videos in all instead of what they
// have.
func WithClips(n int) HostOption { return func(h *host) { h.clips = n } }

// host keeps the fish stall on air.
type host struct {
	*app.App
	film film
	path string
	log  *slog.Logger
	// showFor is how long a show lasts.
	showFor time.Duration
	clips   int

	shop   shop.Shop
	people map[string]account.Person
	goods  map[string]catalog.Product // by title in English
	talks  []talk
}

// Host keeps the demo market's running show on air until ctx ends, a new one
// every hour, and forgets most of the old recordings. It sends the film into the
// server's own RTMP door, explains what the film shows, lets people talk now and
// then, and lands fish when little is left. Beside it the stalls post the short
// videos that are not there yet. It counts nobody who is not there.
func Host(ctx context.Context, a *app.App, cfg config.Serve, log *slog.Logger, opts ...HostOption) error {
	h, err := newHost(ctx, a, cfg, log)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("demo host: %w", err)
	}
	for _, o := range opts {
		o(h)
	}
	var posting sync.WaitGroup
	defer posting.Wait()
	posting.Go(func() { h.note(ctx, "posted", func() error { return postRest(ctx, a, h.clips) }) })
	for {
		err := h.onAir(ctx)
		if ctx.Err() != nil {
			return nil
		}
		wait := backOff
		switch {
		case errors.Is(err, errOver):
			wait = 0
		case errors.Is(err, errTaken):
			wait = standBy
		}
		log.Info("demo show is off air for a moment", "cause", err, "back_in", wait)
		if sleep(ctx, wait) != nil {
			return nil
		}
	}
}

func newHost(ctx context.Context, a *app.App, cfg config.Serve, log *slog.Logger) (*host, error) {
	h := &host{App: a, film: eveningFilm(15 * time.Second), path: filmPath(cfg, "live"), log: log, showFor: showFor, clips: math.MaxInt, people: map[string]account.Person{}, goods: map[string]catalog.Product{}}
	var err error
	if h.film.each, err = partOf(h.path, len(h.film.parts)); err != nil {
		return nil, err
	}
	if h.shop, err = a.Shops.BySlug(ctx, fishStall); err != nil {
		return nil, err
	}
	for _, p := range cast {
		if h.people[p.login], err = a.Accounts.Ensure(ctx, p.email(), p.name, p.locale); err != nil {
			return nil, err
		}
	}
	list, err := a.Catalog.OfShop(ctx, h.shop.ID, false, page.First, 50)
	for _, p := range list.Items {
		h.goods[p.Title.Pick("en")] = p
	}
	return h, err
}

// partOf measures a film of n parts.
func partOf(path string, n int) (time.Duration, error) {
	var last uint32
	err := eachTag(path, func(t flv.Tag) error { last = max(last, t.Time); return nil })
	return (time.Duration(last)*time.Millisecond + time.Second/30) / time.Duration(n), err
}

func eachTag(path string, do func(flv.Tag) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := flv.NewReader(f)
	if err != nil {
		return err
	}
	for {
		t, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = do(t)
		}
		if err != nil {
			return err
		}
	}
}

// Why the show is not on air.
var (
	errTaken = errors.New("somebody else has ended it or is on air")
	errOver  = errors.New("its time is up")
)

// onAir finds or begins the show and hosts it until the line is lost.
func (h *host) onAir(ctx context.Context) error {
	sw, err := h.show(ctx)
	if err != nil {
		return err
	}
	c, err := rtmp.Dial(ctx, h.RTMP()+"/"+h.Shows.Ticket(sw.ID))
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	begin := time.Now()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := h.act(ctx, sw, begin); err != nil {
			cancel(err)
		}
	}()
	err = h.loop(ctx, c, begin)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	cancel(err)
	<-ended
	return err
}

// show returns the stall's show, resumed or new. It leaves other people's alone.
func (h *host) show(ctx context.Context) (show.Show, error) {
	open, err := h.Shows.OnAir(ctx, h.shop.ID)
	if err != nil {
		return show.Show{}, err
	}
	for _, sw := range open {
		own, err := h.own(ctx, sw.ID)
		if err == nil && !own {
			err = errTaken
		}
		if err != nil {
			return show.Show{}, err
		}
		if time.Since(sw.StartedAt) < h.showFor {
			return sw, nil
		}
		if _, err := h.EndShow(ctx, h.shop.ID, sw.ID); err != nil {
			return show.Show{}, err
		}
	}
	if err := h.tidy(ctx); err != nil {
		return show.Show{}, err
	}
	return h.begin(ctx)
}

// own reports whether a show was begun by this program. The two past shows and
// everything that a visitor makes are not.
func (h *host) own(ctx context.Context, showID string) (bool, error) {
	return isSet(ctx, h.DB, "demo.show."+showID)
}

// tidy deletes the recordings of earlier running shows but for [maxKept]: a demo
// market that runs for weeks must not fill a disk.
func (h *host) tidy(ctx context.Context) error {
	replays, err := h.Shows.Replays(ctx, h.shop.ID) // the latest first
	if err != nil {
		return err
	}
	kept := 0
	for _, sw := range replays {
		own, err := h.own(ctx, sw.ID)
		if err != nil {
			return err
		}
		if !own {
			continue
		}
		needed, err := h.Orders.NeedsReplay(ctx, sw.ID)
		if err != nil {
			return err
		}
		if kept == 0 || needed && kept < maxKept {
			kept++
			continue
		}
		if err := h.DeleteRecording(ctx, sw.ID); err != nil {
			return err
		}
	}
	return nil
}

// begin starts a show with everything of the stall in the bag.
func (h *host) begin(ctx context.Context) (show.Show, error) {
	sw, err := h.Shows.Create(ctx, h.shop.ID, show.Plan{Title: eveningTitle, HostName: "Nell"})
	if err != nil {
		return show.Show{}, err
	}
	if err := set(ctx, h.DB, "demo.show."+sw.ID, "running"); err != nil {
		return show.Show{}, err
	}
	var bag []show.Item
	for _, st := range stalls {
		if st.slug != fishStall {
			continue
		}
		for i, w := range st.goods {
			if p, ok := h.goods[w.title.Pick("en")]; ok {
				bag = append(bag, show.Item{Number: i + 1, Product: p.ID})
			}
		}
	}
	if _, err := h.Shows.SetBag(ctx, h.shop.ID, sw.ID, bag); err != nil {
		return show.Show{}, err
	}
	return h.Shows.Start(ctx, h.shop.ID, sw.ID)
}

// loop sends the film again and again, each time continuing the clock of the
// last, until the line breaks.
func (h *host) loop(ctx context.Context, c *rtmp.Client, begin time.Time) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for round := time.Duration(0); ; round++ {
		shift := round * h.film.length()
		err := eachTag(h.path, func(t flv.Tag) error {
			at := shift + time.Duration(t.Time)*time.Millisecond
			timer.Reset(time.Until(begin.Add(at)))
			select {
			case <-timer.C:
			case err := <-c.Done():
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
			t.Time = uint32(at / time.Millisecond)
			return c.WriteTag(t)
		})
		if err != nil {
			return err
		}
	}
}

// act does what a host does besides being seen.
func (h *host) act(ctx context.Context, sw show.Show, begin time.Time) error {
	nextTalk, nextLanding := begin.Add(talkEvery/3), begin.Add(time.Second)
	for number := 0; ; {
		now, err := h.Shows.Get(ctx, sw.ID)
		if err != nil {
			return err
		}
		if !now.State.OnAir() {
			return errTaken
		}
		if time.Since(now.StartedAt) > h.showFor {
			return errOver
		}
		if n := h.film.at(time.Since(begin)); n != number {
			number = n
			h.note(ctx, "explained", func() error { _, err := h.Shows.Explain(ctx, h.shop.ID, sw.ID, n); return err })
		}
		if time.Now().After(nextLanding) {
			nextLanding = time.Now().Add(landEvery)
			h.note(ctx, "landed", func() error { return h.land(ctx) })
		}
		if time.Now().After(nextTalk) {
			nextTalk = time.Now().Add(talkEvery)
			h.note(ctx, "said", func() error { return h.talk(ctx, sw.ID) })
		}
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}

// note logs what the host could not do; the show goes on.
func (h *host) note(ctx context.Context, what string, do func() error) {
	if err := do(); err != nil && ctx.Err() == nil {
		h.log.Warn("demo host could not act", "what", what, "error", err)
	}
}

// land brings what is nearly sold out, as the next boat does.
func (h *host) land(ctx context.Context) error {
	for _, st := range stalls {
		if st.slug != fishStall {
			continue
		}
		for _, w := range st.goods {
			p, ok := h.goods[w.title.Pick("en")]
			if !ok {
				continue
			}
			have, err := h.Stock.Of(ctx, p.SKUs[0].ID, stock.Stall)
			if err != nil {
				return err
			}
			if have.Available() >= w.stock/5 {
				continue
			}
			if _, err := h.Stock.Record(ctx, h.shop.ID, stock.Move{Key: id.New("demo", time.Now()), SKU: p.SKUs[0].ID, Add: w.stock - have.Available(), Reason: stock.Landed}); err != nil {
				return err
			}
		}
	}
	return nil
}

// talk lets somebody ask and the host answer, each exchange once before any
// comes again.
func (h *host) talk(ctx context.Context, showID string) error {
	if len(h.talks) == 0 {
		h.talks = append(h.talks, talks...)
		rand.Shuffle(len(h.talks), func(i, j int) { h.talks[i], h.talks[j] = h.talks[j], h.talks[i] })
	}
	t := h.talks[0]
	h.talks = h.talks[1:]
	if _, err := h.Chat.Say(ctx, showID, h.people[t.who].ID, t.words); err != nil {
		return err
	}
	if err := sleep(ctx, answerIn); err != nil {
		return err
	}
	_, err := h.Chat.Say(ctx, showID, h.people["nell"].ID, t.answer)
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
