package search

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

// printOf is "" for a document that is not there.
func printOf(ctx context.Context, q db.Querier, kind, id string) (string, error) {
	p, err := db.One(ctx, q, db.Column[string], `
		SELECT print FROM search_doc
		WHERE kind = $1 AND id = $2`, kind, id)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	return p, err
}

func empty(ctx context.Context, q db.Querier) (bool, error) {
	return db.One(ctx, q, db.Column[bool], `SELECT NOT EXISTS (SELECT 1 FROM search_doc)`)
}

func put(ctx context.Context, tx *db.Tx, postgres bool, d Doc, print string, title, body []string) error {
	if postgres {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO search_doc (kind, id, at, print, words)
			VALUES ($1, $2, $3, $4, CAST($5 AS tsvector))
			ON CONFLICT (kind, id) DO UPDATE
			SET at = excluded.at, print = excluded.print, words = excluded.words`,
			d.Kind, d.ID, clock.Millis(d.At), print, vector(title, body))
		return err
	}
	number, err := db.One(ctx, tx, db.Column[int64], `
		INSERT INTO search_doc (kind, id, at, print)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (kind, id) DO UPDATE
		SET at = excluded.at, print = excluded.print
		RETURNING number`, d.Kind, d.ID, clock.Millis(d.At), print)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM search_fts WHERE rowid = $1`, number); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO search_fts (rowid, title, body)
		VALUES ($1, $2, $3)`, number, strings.Join(title, " "), strings.Join(body, " "))
	return err
}

// vector writes a tsvector; the words hold letters and digits only, so nothing
// needs to be escaped.
func vector(title, body []string) string {
	var b strings.Builder
	for _, w := range title {
		b.WriteString("'" + w + "':1A ")
	}
	for _, w := range body {
		if !slices.Contains(title, w) {
			b.WriteString("'" + w + "':2D ")
		}
	}
	return b.String()
}

func remove(ctx context.Context, tx *db.Tx, postgres bool, kind, id string) error {
	if !postgres {
		if _, err := tx.ExecContext(ctx, `
			DELETE FROM search_fts
			WHERE rowid IN (SELECT number FROM search_doc WHERE kind = $1 AND id = $2)`, kind, id); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `
		DELETE FROM search_doc
		WHERE kind = $1 AND id = $2`, kind, id)
	return err
}

func scan(h *Hit) []any { return []any{&h.Kind, &h.ID} }

func find(ctx context.Context, q db.Querier, postgres bool, want []term, kind string, from int64, n int) ([]Hit, error) {
	if postgres {
		return db.All(ctx, q, scan, `
			SELECT kind, id FROM search_doc
			WHERE words @@ CAST($1 AS tsquery) AND ($2 = '' OR kind = $2)
			ORDER BY ts_rank(words, CAST($1 AS tsquery)) DESC, at DESC, number DESC
			LIMIT $3 OFFSET $4`, join(want, "'", "'", ":*", " & "), kind, n, from)
	}
	return db.All(ctx, q, scan, `
		SELECT d.kind, d.id FROM search_fts
		JOIN search_doc d ON d.number = search_fts.rowid
		WHERE search_fts MATCH $1 AND ($2 = '' OR d.kind = $2)
		ORDER BY bm25(search_fts, 5.0, 1.0), d.at DESC, d.number DESC
		LIMIT $3 OFFSET $4`, join(want, `"`, `"`, "*", " AND "), kind, n, from)
}

// join writes terms in the engine's language.
func join(want []term, open, shut, begin, and string) string {
	parts := make([]string, len(want))
	for i, t := range want {
		parts[i] = open + t.word + shut
		if t.begin {
			parts[i] += begin
		}
	}
	return strings.Join(parts, and)
}
