package feed

import (
	"math/bits"
	"sync"
	"testing"
	"time"
)

// join starts a process beside those there are.
func (w *town) join() *Service {
	w.t.Helper()
	s := w.made()
	w.try(s.Learn(w.t.Context()))
	return s
}

// paidOf counts the shows in the log that paid, by video.
func (w *town) paidOf() map[string]int {
	w.t.Helper()
	out := map[string]int{}
	pages, err := pagesAfter(w.t.Context(), w.d, "", 0, 1_000_000)
	w.try(err)
	for _, p := range pages {
		w.try(eachLogged(p.items, func(it logged) {
			if it.Paid {
				out[it.Video]++
			}
		}))
	}
	return out
}

// Two processes on one database show pages at once, while shares go from one to
// the other by agreement and by force. Each credit is in the log once, and in the
// end all have been given.
func TestTwoServicesGiveEachCreditOnce(t *testing.T) {
	eachTown(t, 40, func(w *town) {
		if !w.d.Postgres() {
			return // one process has a file of its own
		}
		a := w.open()
		for i := range w.shops {
			w.film(a, i)
		}
		w.page(a, 0, 1)
		w.try(a.Flush(t.Context()))
		b := w.join()
		w.page(b, 1, 1)
		both := []*Service{a, b}
		for round := range 12 {
			var wg sync.WaitGroup
			for i, s := range both {
				for k := range 2 {
					wg.Go(func() {
						for n := range 6 {
							if _, err := s.Page(t.Context(), viewerNo(10+round*100+i*50+k*10+n), 4, true); err != nil {
								t.Error(err)
							}
						}
					})
				}
				wg.Go(func() {
					for range 4 {
						if err := s.Learn(t.Context()); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Go(func() { // as if one of them had been silent
				for range 5 {
					if _, err := w.d.ExecContext(t.Context(), `UPDATE feed_run SET seen_at = 0 WHERE run = $1`, both[round%2].run); err != nil {
						t.Error(err)
					}
				}
			})
			wg.Wait()
		}
		for n := 0; n < 400; n += 2 {
			w.page(a, 5000+n, 8)
			w.page(b, 5001+n, 8)
			if n%40 == 0 {
				w.try(a.Learn(t.Context()))
				w.try(b.Learn(t.Context()))
			}
		}
		w.try(a.settle(t.Context()))
		w.try(b.settle(t.Context()))
		paid := w.paidOf()
		for _, v := range w.videos {
			r, _, err := videoRow(t.Context(), w.d, v)
			w.try(err)
			if int64(paid[v]) != r.Given || r.Credit != 0 {
				t.Errorf("%s: %d shows paid of %d, %d left", v, paid[v], r.Given, r.Credit)
			}
		}
		w.honest(a)
	})
}

// Pages that are asked for at once stand in the log in the order in which they
// were made, and what they were owed falls from one to the next.
func TestTheLogKeepsTheOrderOfPages(t *testing.T) {
	eachTown(t, 6, func(w *town) {
		s := w.open()
		for i := range w.shops {
			w.film(s, i)
		}
		for round := range 4 {
			var wg sync.WaitGroup
			for k := range 16 {
				wg.Go(func() {
					for n := range 5 {
						if _, err := s.Page(t.Context(), viewerNo(round*1000+k*10+n), 6, true); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			w.try(s.Flush(t.Context()))
		}
		w.honest(s)
	})
}

// Shares are dealt among those who show pages, and go to the others when one of
// them leaves or is silent.
func TestSharesGoToThoseWhoShowPages(t *testing.T) {
	eachTown(t, 20, func(w *town) {
		if !w.d.Postgres() {
			return
		}
		a := w.open()
		for i := range w.shops {
			w.film(a, i)
		}
		n := func(s *Service) int { return bits.OnesCount32(s.held) }
		learn := func(all ...*Service) {
			t.Helper()
			for range 2 {
				for _, s := range all {
					w.try(s.Learn(t.Context()))
				}
			}
		}
		w.page(a, 1, 2)
		b := w.join()
		if learn(a, b); n(a) != Shares || n(b) != 0 {
			t.Errorf("beside a process that nobody asks: %d and %d", n(a), n(b))
		}
		w.page(b, 2, 2)
		if learn(a, b); n(a) != Shares/2 || n(b) != Shares/2 || a.held&b.held != 0 {
			t.Errorf("of two that show pages: %d and %d", n(a), n(b))
		}
		w.now = w.now.Add(shareSilence + time.Second)
		w.page(a, 1, 2)
		if learn(a); n(a) != Shares {
			t.Errorf("after the silence of the other: %d", n(a))
		}
		w.page(b, 3, 8) // it pays what it no longer may
		w.try(b.Flush(t.Context()))
		if n(b) != 0 {
			t.Errorf("who was silent still pays %d", n(b))
		}
		learn(a, b)
		w.try(a.leave(t.Context()))
		w.now = w.now.Add(shareSilence + time.Second)
		w.page(b, 2, 2)
		if learn(b); n(b) != Shares {
			t.Errorf("after the other left: %d", n(b))
		}
		w.honest(b)
	})
}
