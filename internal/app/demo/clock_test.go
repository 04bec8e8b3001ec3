package demo

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestTheClockRunsFasterAndNeverBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
		c := newClock(start)
		c.run(6)
		time.Sleep(10 * time.Second)
		if got := c.Now().Sub(start); got != time.Minute {
			t.Errorf("ten seconds at six times took %s", got)
		}
		before := time.Now()
		if err := c.wait(t.Context(), start.Add(2*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(before); got != 10*time.Second {
			t.Errorf("a minute at six times was waited for %s", got)
		}
		c.jump(start)
		if got := c.Now().Sub(start); got != 2*time.Minute {
			t.Errorf("it went back to %s", got)
		}
	})
}

func TestTheMorningOfADemoMarketIsPast(t *testing.T) {
	for _, h := range []int{0, 5, 7, 8, 9, 10, 15, 23} {
		now := time.Date(2026, 11, 22, h, 31, 0, 0, time.UTC)
		m := landing(now, "Europe/Berlin")
		if age := now.Sub(m); age < 2*time.Hour || age > 26*time.Hour {
			t.Errorf("at %d:31 the morning is %s old", h, age)
		}
		if at := m.Format("15:04"); at != "07:30" {
			t.Errorf("at %d:31 the morning is at %s", h, at)
		}
	}
}

func TestEveryCuePlaysByItsScript(t *testing.T) {
	people, wares := map[string]bool{}, map[string]bool{}
	for _, p := range cast {
		people[p.login] = true
	}
	for _, st := range stalls {
		for _, w := range st.goods {
			wares[st.slug+"/"+w.picture] = true
			if _, err := art.Open("art/" + w.picture + ".jpg"); err != nil {
				t.Error(err)
			}
		}
	}
	for _, sc := range []script{morningLanding, tenMaps} {
		last := 0.0
		for _, c := range sc.cues {
			if c.at < last || c.at >= float64(len(sc.parts)) || !people[c.who] || c.buys != nil && !wares[c.buys.slug+"/"+c.buys.picture] {
				t.Errorf("%s: cue %+v", sc.name, c)
			}
			last = c.at
		}
	}
	for _, k := range talks {
		if !people[k.who] || k.words == "" || k.answer == "" {
			t.Errorf("%+v", k)
		}
	}
}
