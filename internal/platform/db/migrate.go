package db

import (
	"context"
	"fmt"
	"io/fs"
	"sort"
	"strings"
	"testing/fstest"

	"github.com/pressly/goose/v3"
)

// Migrations are the schema steps of one area: embedded goose files in a folder
// named migrations, forward only. Version numbers (2026112201_order.sql) are
// unique over the whole program. What one engine alone understands lies in a pair
// of files: 2026112353_search.sqlite.sql and 2026112353_search.postgres.sql.
type Migrations struct {
	Area  string
	Files fs.FS
}

// Migrate brings the schema up to date. Two processes that start at once on one
// PostgreSQL wait for each other.
func (d *DB) Migrate(ctx context.Context, areas ...Migrations) error {
	all := fstest.MapFS{} // one folder made of the areas' folders
	owner := map[string]string{}
	for _, a := range areas {
		files, err := fs.Glob(a.Files, "migrations/*.sql")
		if err != nil {
			return err
		}
		for _, f := range files {
			name := strings.TrimPrefix(f, "migrations/")
			if strings.HasSuffix(name, ".sqlite.sql") && d.postgres || strings.HasSuffix(name, ".postgres.sql") && !d.postgres {
				continue
			}
			version, _, _ := strings.Cut(name, "_")
			if was, taken := owner[version]; taken {
				return fmt.Errorf("migration version %s is used by %s and %s", version, was, a.Area)
			}
			owner[version] = a.Area
			text, err := fs.ReadFile(a.Files, f)
			if err != nil {
				return err
			}
			all[name] = &fstest.MapFile{Data: text}
		}
	}
	if len(all) == 0 {
		return nil
	}
	dialect := goose.DialectSQLite3
	if d.postgres {
		dialect = goose.DialectPostgres
		unlock, err := d.migrationLock(ctx)
		if err != nil {
			return err
		}
		defer unlock()
	}
	p, err := goose.NewProvider(dialect, d.w, all, goose.WithAllowOutofOrder(true))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// migrationLock takes a session lock on a connection of its own.
func (d *DB) migrationLock(ctx context.Context) (func(), error) {
	const key = 0x6f73_7461_6c6c // "ostall"
	c, err := d.w.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := c.ExecContext(ctx, "SELECT pg_advisory_lock($1)", key); err != nil {
		_ = c.Close()
		return nil, err
	}
	return func() {
		_, _ = c.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", key)
		_ = c.Close()
	}, nil
}

// Schema returns the SQLite schema as sorted statements, for docs/schema.sql.
func (d *DB) Schema(ctx context.Context) (string, error) {
	if d.postgres {
		return "", fmt.Errorf("the schema is described by SQLite")
	}
	stmts, err := All(ctx, d, Column[string], `
		SELECT sql FROM sqlite_master
		WHERE sql IS NOT NULL AND name NOT LIKE 'goose_%' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'search_fts_%'`)
	if err != nil {
		return "", err
	}
	sort.Strings(stmts)
	return strings.Join(stmts, ";\n\n") + ";\n", nil
}
