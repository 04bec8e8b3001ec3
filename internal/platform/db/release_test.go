package db_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

// PostgreSQL is ended at once under writers that release their locks early;
// whatever they were told of must be there afterwards. The server's own writer
// sleeps, so that nothing comes to the disk by chance.
func TestWhatAnEarlyReleaseToldOfSurvivesACrash(t *testing.T) {
	ctx := context.Background()
	c := dbtest.NewCluster(t, "wal_writer_delay=10s", "wal_writer_flush_after=1GB")
	open := func() *db.DB {
		d, err := db.Open(ctx, c.URL())
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := open()
	if _, err := d.ExecContext(ctx, `CREATE TABLE told (id TEXT PRIMARY KEY)`); err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for round := range 3 {
		var mu sync.Mutex
		var writers sync.WaitGroup
		enough := make(chan struct{})
		once := sync.OnceFunc(func() { close(enough) })
		for w := range 4 {
			writers.Go(func() {
				for i := 0; ; i++ {
					id := fmt.Sprintf("%d-%d-%d", round, w, i)
					err := d.InTx(ctx, func(tx *db.Tx) error {
						tx.Together()
						if err := tx.ReleaseEarly(ctx); err != nil {
							return err
						}
						return tx.InsertMany(ctx, "told", []string{"id"}, [][]any{{id}})
					})
					if err != nil {
						return
					}
					mu.Lock()
					told[id] = true
					if i == 50 {
						once()
					}
					mu.Unlock()
				}
			})
		}
		<-enough
		c.Crash()
		writers.Wait()
		_ = d.Close()
		c.Start()
		d = open()
		ids, err := db.All(ctx, d, db.Column[string], `SELECT id FROM told`)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		for _, id := range ids {
			found[id] = true
		}
		for id := range told {
			if !found[id] {
				t.Errorf("round %d: %s was told of and is gone", round, id)
			}
		}
		if t.Failed() {
			break
		}
	}
	_ = d.Close()
}
