package db

import (
	"context"
	"embed"
	"errors"
)

//go:embed migrations/*.sql
var files embed.FS

// SettingMigrations make the table of [DB.Setting].
var SettingMigrations = Migrations{Area: "db", Files: files}

// Setting returns the value of a key that all nodes of an installation share,
// such as a signing secret. The first caller's fresh value is kept for ever.
func (d *DB) Setting(ctx context.Context, key string, fresh func() (string, error)) (string, error) {
	v, err := One(ctx, d, Column[string], `SELECT value FROM setting WHERE key = $1`, key)
	if !errors.Is(err, ErrNoRows) {
		return v, err
	}
	value, err := fresh()
	if err != nil {
		return "", err
	}
	if _, err := d.ExecContext(ctx, `INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING`, key, value); err != nil {
		return "", err
	}
	return One(ctx, d, Column[string], `SELECT value FROM setting WHERE key = $1`, key)
}
