// Package dbtest gives tests a real database: SQLite in a temporary folder
// always, PostgreSQL when TEST_POSTGRES_URL names a server.
package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

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
	return open(t, filepath.Join(t.TempDir(), "test.db"), areas)
}

var schemas atomic.Int64

// Postgres returns an empty migrated schema on the server that
// TEST_POSTGRES_URL names.
func Postgres(t testing.TB, areas ...db.Migrations) *db.DB {
	t.Helper()
	return open(t, PostgresURL(t), areas)
}

// PostgresURL makes an empty schema and returns an address that lands in it.
func PostgresURL(t testing.TB) string {
	t.Helper()
	base := os.Getenv("TEST_POSTGRES_URL")
	schema := fmt.Sprintf("t_%d_%d_%d", os.Getpid(), time.Now().UnixNano(), schemas.Add(1))
	admin, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Exec("CREATE SCHEMA " + schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = admin.Exec("DROP SCHEMA " + schema + " CASCADE")
		_ = admin.Close()
	})
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

func open(t testing.TB, dsn string, areas []db.Migrations) *db.DB {
	t.Helper()
	ctx := context.Background()
	d, err := db.Open(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	if err := d.Migrate(ctx, areas...); err != nil {
		t.Fatal(strings.ReplaceAll(err.Error(), dsn, "the test database"))
	}
	return d
}
