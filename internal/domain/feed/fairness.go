package feed

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
)

// Fairness is what one day of Discover was for creators. Shares are of 1.
type Fairness struct {
	Day      string  `json:"day" doc:"UTC"`
	Shows    int64   `json:"shows"`
	Creators int     `json:"creators" doc:"With a video in Discover"`
	Reached  int     `json:"reached" doc:"Of these, with a show on this day"`
	Gini     float64 `json:"gini" doc:"Of shows over creators: 0 all alike, towards 1 one has everything"`
	FS50     float64 `json:"fs50" doc:"Creators with at least half of what their number of videos would bring at random"`
	Top1     float64 `json:"top1" doc:"Shows of the most shown hundredth of creators"`
	Most     float64 `json:"most" doc:"Shows of the most shown creator"`
	Floor    Kept    `json:"floor"`
}

// Kept is how far the floor of a day's publications has been paid by now.
type Kept struct {
	Videos int64 `json:"videos" doc:"Published on this day with a floor"`
	Done   int64 `json:"done" doc:"Of these, with all the shows they were owed"`
	Owed   int64 `json:"owed" doc:"Shows promised"`
	Shown  int64 `json:"shown" doc:"Of these, given by now"`
}

type reportCache struct {
	mu   sync.Mutex
	at   time.Time
	days []Fairness
}

// reportDays is how far back the report goes.
const reportDays = 30

// Fairness reports on the last 30 days with shows or publications, the newest
// first. It is made anew at most once a minute.
func (s *Service) Fairness(ctx context.Context) ([]Fairness, error) {
	s.report.mu.Lock()
	defer s.report.mu.Unlock()
	now := s.Now()
	if s.report.days != nil && now.Sub(s.report.at) < time.Minute && now.Sub(s.report.at) >= 0 {
		return s.report.days, nil
	}
	if err := s.settle(ctx); err != nil {
		return nil, err
	}
	today := dayOf(clock.Millis(now))
	since := today - reportDays + 1
	found := map[int64]Fairness{}
	kept, err := days(ctx, s.DB, since)
	if err != nil {
		return nil, err
	}
	for _, d := range kept {
		var f Fairness
		if err := json.Unmarshal([]byte(d.report), &f); err != nil {
			return nil, err
		}
		found[d.day] = f
	}
	f, err := s.fairness(ctx, today)
	if err != nil {
		return nil, err
	}
	found[today] = f
	floors, err := promises(ctx, s.DB, since)
	if err != nil {
		return nil, err
	}
	for _, p := range floors {
		f := found[p.day]
		f.Floor = Kept{p.videos, p.done, p.given, p.given - p.left}
		found[p.day] = f
	}
	out := []Fairness{}
	for day := today; day >= since; day-- {
		if f, ok := found[day]; ok {
			f.Day = time.Unix(day*86400, 0).UTC().Format(time.DateOnly)
			out = append(out, f)
		}
	}
	s.report.days, s.report.at = out, now
	return out, nil
}

// fairness adds up one day.
func (s *Service) fairness(ctx context.Context, day int64) (Fairness, error) {
	owned, err := supply(ctx, s.DB, day)
	if err != nil {
		return Fairness{}, err
	}
	shown, err := shopShows(ctx, s.DB, day)
	if err != nil {
		return Fairness{}, err
	}
	return measure(owned, shown), nil
}

// measure judges the shows of creators against the videos they have.
func measure(owned, shown []shopCount) Fairness {
	videos, shows := map[string]float64{}, map[string]float64{}
	all := 0.0
	for _, c := range owned {
		videos[c.shop] = float64(c.n)
		all += float64(c.n)
	}
	f := Fairness{}
	for _, c := range shown {
		shows[c.shop] = float64(c.n)
		f.Shows += c.n
		f.Reached++
		if _, ok := videos[c.shop]; !ok {
			videos[c.shop] = 0 // withdrawn since
		}
	}
	f.Creators = len(videos)
	if f.Creators == 0 || f.Shows == 0 {
		return f
	}
	fair := float64(f.Shows) / max(all, 1)
	values := make([]float64, 0, len(videos))
	for shop, n := range videos {
		values = append(values, shows[shop])
		if shows[shop] >= fair*n/2 {
			f.FS50++
		}
	}
	slices.Sort(values)
	f.FS50 /= float64(len(values))
	f.Gini = Gini(values)
	for _, n := range values[len(values)-max(1, len(values)/100):] {
		f.Top1 += n
	}
	f.Top1 /= float64(f.Shows)
	f.Most = values[len(values)-1] / float64(f.Shows)
	for _, x := range []*float64{&f.Gini, &f.FS50, &f.Top1, &f.Most} {
		*x = math.Round(*x*1e4) / 1e4
	}
	return f
}

// Gini returns the Gini coefficient of values that are not negative: 0 when all
// are equal, towards 1 when one has everything. It is 0 when all are zero.
func Gini(values []float64) float64 {
	sum, weighted := 0.0, 0.0
	for i, v := range slices.Sorted(slices.Values(values)) {
		sum += v
		weighted += float64(i+1) * v
	}
	if sum == 0 {
		return 0
	}
	n := float64(len(values))
	return 2*weighted/(n*sum) - (n+1)/n
}

// CloseDays keeps the report of days that are over, so that it outlives the log.
func (s *Service) CloseDays(ctx context.Context) error {
	if err := s.settle(ctx); err != nil {
		return err
	}
	today := dayOf(clock.Millis(s.Now()))
	shown, err := daysShown(ctx, s.DB)
	if err != nil {
		return err
	}
	kept, err := days(ctx, s.DB, 0)
	if err != nil {
		return err
	}
	for _, day := range shown {
		if day >= today || slices.ContainsFunc(kept, func(k storedDay) bool { return k.day == day }) {
			continue
		}
		f, err := s.fairness(ctx, day)
		if err != nil {
			return err
		}
		if err := saveDay(ctx, s.DB, day, asJSON(f)); err != nil {
			return err
		}
	}
	return nil
}

// Spent is what a viewer's own time report says of a day.
type Spent struct {
	Day     string // in the market's time zone
	Watched time.Duration
}

// Time reports what a viewer watched in Discover on the last seven days, the
// oldest first; days without are there too.
func (s *Service) Time(ctx context.Context, v Viewer) ([]Spent, error) {
	key, err := s.Key(v)
	if err != nil {
		return nil, err
	}
	if err := s.Flush(ctx); err != nil {
		return nil, err
	}
	today := dayIn(s.Now().In(s.Zone))
	rows, err := timeOf(ctx, s.DB, key, today-6)
	if err != nil {
		return nil, err
	}
	out := make([]Spent, 7)
	for i := range out {
		out[i].Day = time.Unix((today-6+int64(i))*86400, 0).UTC().Format(time.DateOnly)
	}
	for _, r := range rows {
		if i := r.day - today + 6; i >= 0 && i < 7 {
			out[i].Watched = time.Duration(r.ms) * time.Millisecond
		}
	}
	return out, nil
}
