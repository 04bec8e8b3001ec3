package fakedisk_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/openstall/openstall/internal/testsupport/fakedisk"
)

// put makes a disk and the address of a database on it.
func put(t *testing.T, seed uint64) (*fakedisk.Disk, string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d, err := fakedisk.New(dir, seed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Remove)
	return d, "file:" + filepath.Join(dir, "a.db") + "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate"
}

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	d, err := sql.Open("sqlite", dsn)
	if err != nil {
		t.Fatal(err)
	}
	d.SetMaxOpenConns(1)
	return d
}

func count(t *testing.T, d *sql.DB) (n int) {
	t.Helper()
	if err := d.QueryRow("SELECT COUNT(*) FROM t").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A write is safe after a sync, and not before it.
func TestWhatIsSyncedStays(t *testing.T) {
	for _, mode := range []string{"FULL", "NORMAL", "OFF"} {
		lost := 0
		for seed := range uint64(40) {
			disk, dsn := put(t, seed)
			d := open(t, dsn)
			if _, err := d.Exec("CREATE TABLE t (n BIGINT); PRAGMA synchronous = " + mode); err != nil {
				t.Fatal(err)
			}
			disk.After(1+int(seed)*3, fakedisk.PowerCut, 1)
			told := 0
			for {
				if _, err := d.Exec("INSERT INTO t (n) VALUES ($1)", told); err != nil {
					break
				}
				told++
			}
			if !disk.Off() {
				t.Fatalf("an insert failed while there was power")
			}
			_ = d.Close()
			disk.On()
			again := open(t, dsn)
			var whole string
			if err := again.QueryRow("PRAGMA integrity_check").Scan(&whole); err != nil {
				if mode == "OFF" {
					lost++
					_ = again.Close()
					continue
				}
				t.Fatal(err)
			}
			if n := count(t, again); n < told {
				lost++
			}
			if mode != "OFF" && whole != "ok" {
				t.Errorf("synchronous=%s, seed %d: %s", mode, seed, whole)
			}
			if err := again.Close(); err != nil {
				t.Error(err)
			}
		}
		if mode == "FULL" && lost > 0 || mode != "FULL" && lost == 0 {
			t.Errorf("synchronous=%s: %d of 40 cuts lost what was acknowledged", mode, lost)
		}
		t.Logf("synchronous=%s: %d of 40", mode, lost)
	}
}

// Connections on the disk see one another as on the system's: one writes, others read
// the state of their beginning, and the last that goes tidies the log away.
func TestConnectionsShareADatabase(t *testing.T) {
	disk, dsn := put(t, 1)
	w := open(t, dsn)
	if _, err := w.Exec("CREATE TABLE t (n BIGINT)"); err != nil {
		t.Fatal(err)
	}
	r := open(t, dsn)
	rows, err := r.Query("SELECT n FROM t UNION ALL SELECT 7 UNION ALL SELECT 8")
	if err != nil || !rows.Next() {
		t.Fatal(err)
	}
	for i := range 2000 {
		if _, err := w.Exec("INSERT INTO t (n) VALUES ($1)", fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	seen := 1
	for rows.Next() {
		seen++
	}
	if err := rows.Close(); err != nil || seen != 2 {
		t.Errorf("a reader saw %d rows, %v; it began before the others were written", seen, err)
	}
	if n := count(t, r); n != 2000 {
		t.Errorf("%d rows, want 2000", n)
	}
	if _, err := r.Exec("PRAGMA busy_timeout = 0"); err != nil {
		t.Fatal(err)
	}
	tx, err := w.Begin()
	if err != nil {
		t.Fatal(err)
	}
	var busy *sqlite.Error
	if _, err := r.Exec("INSERT INTO t (n) VALUES (1)"); !errors.As(err, &busy) || busy.Code() != sqlite3.SQLITE_BUSY {
		t.Errorf("a second writer: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Exec("INSERT INTO t (n) VALUES (1)"); err != nil {
		t.Errorf("after the first: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	files := disk.Files()
	if len(files) != 1 || len(files["a.db"]) == 0 {
		t.Errorf("%d files are left", len(files))
	}
}

// A disk that is full or breaks for a while refuses the write and keeps the rest.
func TestARefusedWriteLeavesTheRest(t *testing.T) {
	for _, what := range []fakedisk.Fault{fakedisk.Full, fakedisk.Broken} {
		for n := 1; n < 60; n++ {
			disk, dsn := put(t, uint64(n))
			d := open(t, dsn)
			if _, err := d.Exec("CREATE TABLE t (n BIGINT)"); err != nil {
				t.Fatal(err)
			}
			disk.After(n, what, 3)
			told, refused := 0, 0
			for range 30 {
				if _, err := d.Exec("INSERT INTO t (n) VALUES (1)"); err != nil {
					refused++
					continue
				}
				told++
			}
			if refused == 0 || refused > 3 {
				t.Errorf("fault %d at call %d: %d refused", what, n, refused)
			}
			disk.Cut()
			_ = d.Close()
			disk.On()
			again := open(t, dsn)
			if got := count(t, again); got < told {
				t.Errorf("fault %d at call %d: %d of %d are left", what, n, got, told)
			}
			_ = again.Close()
		}
	}
}
