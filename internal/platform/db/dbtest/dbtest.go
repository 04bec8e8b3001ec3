// Package dbtest gives tests a real database: SQLite in a temporary folder
// always, PostgreSQL when TEST_POSTGRES_URL names a server.
package dbtest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/openstall/openstall/internal/platform/db"
)

// Each runs f once per engine, on an empty migrated database of its own.
func Each(t *testing.T, f func(t *testing.T, d *db.DB), areas ...db.Migrations) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, SQLite(t, areas...)) })
	if os.Getenv("TEST_POSTGRES_URL") != "" {
		t.Run("postgres", func(t *testing.T) { f(t, Postgres(t, areas...)) })
	}
}

// SQLite returns an empty migrated SQLite database.
func SQLite(t testing.TB, areas ...db.Migrations) *db.DB {
	t.Helper()
	return open(t, SQLiteFile(t, filepath.Join(t.TempDir(), "test.db"), areas...))
}

// Postgres returns an empty migrated database on the server that
// TEST_POSTGRES_URL names.
func Postgres(t testing.TB, areas ...db.Migrations) *db.DB {
	t.Helper()
	return open(t, PostgresURL(t, areas...))
}

func open(t testing.TB, dsn string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// Databases are migrated once for all tests that want the same areas, and copied:
// under the race detector the migrations of a market take longer than most tests.
var (
	files    sync.Map // name of a template: func() ([]byte, error)
	clusters sync.Map // the same: func() error
)

// template names what areas make of an empty database.
func template(t testing.TB, areas []db.Migrations) string {
	t.Helper()
	sum := sha256.New()
	for _, a := range areas {
		err := fs.WalkDir(a.Files, ".", func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			text, err := fs.ReadFile(a.Files, path)
			fmt.Fprintf(sum, "%s %s %d\n%s", a.Area, path, len(text), text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("openstall_%x", sum.Sum(nil)[:10])
}

// SQLiteFile puts an empty migrated database at path, and returns path.
func SQLiteFile(t testing.TB, path string, areas ...db.Migrations) string {
	t.Helper()
	if len(areas) == 0 {
		return path
	}
	dir := t.TempDir()
	get, _ := files.LoadOrStore(template(t, areas), sync.OnceValues(func() ([]byte, error) {
		at := filepath.Join(dir, "template.db")
		if err := migrate(at, areas); err != nil {
			return nil, err
		}
		return os.ReadFile(at)
	}))
	file, err := get.(func() ([]byte, error))()
	if err == nil {
		err = os.WriteFile(path, file, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func migrate(dsn string, areas []db.Migrations) error {
	ctx := context.Background()
	d, err := db.Open(ctx, dsn)
	if err != nil {
		return err
	}
	if err := errors.Join(d.Migrate(ctx, areas...), d.Close()); err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), dsn, "the test database"))
	}
	return nil
}

var made atomic.Int64

// PostgresURL makes an empty migrated database on the server that
// TEST_POSTGRES_URL names, and returns its address.
func PostgresURL(t testing.TB, areas ...db.Migrations) string {
	t.Helper()
	base, err := url.Parse(os.Getenv("TEST_POSTGRES_URL"))
	if err != nil {
		t.Fatal(err)
	}
	admin, err := sql.Open("pgx", base.String())
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) string {
		u := *base
		u.Path = "/" + name
		return u.String()
	}
	from := "template1"
	if len(areas) > 0 {
		from = template(t, areas)
		get, _ := clusters.LoadOrStore(from, sync.OnceValue(func() error { return makeTemplate(admin, at, from, areas) }))
		if err := get.(func() error)(); err != nil {
			t.Fatal(err)
		}
	}
	name := fmt.Sprintf("t_%d_%d_%d", os.Getpid(), time.Now().UnixNano(), made.Add(1))
	if _, err := admin.Exec("CREATE DATABASE " + name + " TEMPLATE " + from); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = admin.Exec("DROP DATABASE " + name + " WITH (FORCE)")
		_ = admin.Close()
	})
	return at(name)
}

// makeTemplate makes the template that is called name, unless another test binary
// has done so. It gets its name when it is whole.
func makeTemplate(admin *sql.DB, at func(string) string, name string, areas []db.Migrations) error {
	var there bool
	if err := admin.QueryRow("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return err
	}
	draft := fmt.Sprintf("%s_%d", name, os.Getpid())
	if _, err := admin.Exec("CREATE DATABASE " + draft); err != nil {
		return err
	}
	if err := migrate(at(draft), areas); err != nil {
		return err
	}
	_, err := admin.Exec("ALTER DATABASE " + draft + " RENAME TO " + name)
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) && pg.Code == "42P04" {
		_, err = admin.Exec("DROP DATABASE " + draft + " WITH (FORCE)")
	}
	return err
}
