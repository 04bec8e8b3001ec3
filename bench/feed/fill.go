package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/feed"
	"github.com/openstall/openstall/internal/platform/db"
)

const (
	owners   = 10   // videos of each
	regulars = 50   // one viewer of so many has the pages of a long history
	history  = 40   // pages
	trades   = 11   // lines of business
	topics   = 2000 // words
)

// fill writes videos as if they had been served for a while, and the log of an
// hour ago and before: a page of each viewer, and all that is ever read back of
// every fiftieth.
func fill(ctx context.Context, d *db.DB) error {
	r := rand.New(rand.NewPCG(1, 2))
	now := time.Now()
	day := now.Unix()/86400 - 30
	columns := []string{"video", "shop", "owner", "line", "topics", "length_ms", "state", "given", "credit", "shows", "reports", "shown0", "shown1", "long0", "long1",
		"copy_of", "day", "published_at", "served_at", "changed_at"}
	err := many(ctx, d, "feed_video", columns, *videos, func(i int) []any {
		owner := fmt.Sprintf("shp_%026d", i/owners)
		shows := r.IntN(300)
		credit := max(0, 100-shows)
		a, b := r.IntN(shows+1)/2, r.IntN(shows+1)/2
		return []any{video(i), owner, owner, fmt.Sprintf("trade%d", i/owners%trades), fmt.Sprintf(`["topic%d"]`, r.IntN(topics)), 30_000, "live", 100, credit, shows, 0,
			a, b, r.IntN(a + 1), r.IntN(b + 1), "", day, now.Add(-time.Duration(r.IntN(86400*20)) * time.Second).UnixMilli(), now.Add(-time.Duration(r.IntN(86400)) * time.Second).UnixMilli(), 1}
	})
	if err != nil {
		return err
	}
	s, err := feed.New(feed.Parts{DB: d, Secret: []byte("bench"), Zone: time.UTC, Now: time.Now})
	if err != nil {
		return err
	}
	columns = []string{"run", "seq", "viewer", "at", "shown", "again", "taste", "items"}
	pages := func(run string, n int, who func(i int) (viewer int, before time.Duration)) error {
		return many(ctx, d, "feed_page", columns, n, func(i int) []any {
			v, before := who(i)
			key, _ := s.Key(feed.Viewer{Browser: name(v)})
			items := make([]string, 5)
			for k := range items {
				items[k] = video(r.IntN(*videos)) + ":t"
			}
			return []any{run, i, key, now.Add(-time.Hour - before).UnixMilli(), 5, 0, 0, strings.Join(items, ",")}
		})
	}
	// A history lies all over the log, as pages of many days do.
	few := *viewers / regulars
	if err := pages("run_0", few*history, func(i int) (int, time.Duration) {
		return i % few * regulars, time.Duration(history-i/few) * 24 * time.Hour
	}); err != nil {
		return err
	}
	return pages("run_1", *viewers, func(i int) (int, time.Duration) { return i, 0 })
}

func many(ctx context.Context, d *db.DB, table string, columns []string, n int, row func(int) []any) error {
	const some = 20_000
	for from := 0; from < n; from += some {
		var rows [][]any
		for i := from; i < min(from+some, n); i++ {
			rows = append(rows, row(i))
		}
		if err := d.InTx(ctx, func(tx *db.Tx) error { return tx.InsertMany(ctx, table, columns, rows) }); err != nil {
			return err
		}
	}
	return nil
}
