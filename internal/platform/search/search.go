// Package search finds things by their words, in Chinese and English alike, in
// the database itself: FTS5 on SQLite, tsvector on PostgreSQL.
//
// The words are cut here and not by the engine, so both find the same: a text in
// an alphabet by its words, one in Chinese, Japanese or Korean by its characters
// and pairs of them. A question wants all of its words; the last may be
// unfinished. No question is an error.
package search

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the index.
var Migrations = db.Migrations{Area: "search", Files: files}

// Doc is something to be found.
type Doc struct {
	Kind  string
	ID    string
	Title string // weighs most
	Body  string
	At    time.Time // of two that fit alike the newer comes first
}

// Hit is something that was found.
type Hit struct {
	Kind string
	ID   string
}

// Index finds documents. It is safe for concurrent use.
type Index struct{ db *db.DB }

// New returns the index that lies in d.
func New(d *db.DB) *Index { return &Index{db: d} }

// Put makes a document findable by its present words. Doing it again changes
// nothing.
func (x *Index) Put(ctx context.Context, d Doc) error {
	title, body := tokens(d.Title), tokens(d.Body)
	sum := sha256.Sum256([]byte(strings.Join(title, " ") + "\n" + strings.Join(body, " ") + "\n" + d.At.UTC().Format(time.RFC3339)))
	print := hex.EncodeToString(sum[:12])
	was, err := printOf(ctx, x.db, d.Kind, d.ID)
	if err != nil || was == print {
		return wrap("index "+d.Kind, err)
	}
	return wrap("index "+d.Kind, x.db.InTx(ctx, func(tx *db.Tx) error { return put(ctx, tx, x.db.Postgres(), d, print, title, body) }))
}

// Delete makes a document found no more.
func (x *Index) Delete(ctx context.Context, kind, id string) error {
	was, err := printOf(ctx, x.db, kind, id)
	if err != nil || was == "" {
		return wrap("unindex "+kind, err)
	}
	return wrap("unindex "+kind, x.db.InTx(ctx, func(tx *db.Tx) error { return remove(ctx, tx, x.db.Postgres(), kind, id) }))
}

// Empty reports whether nothing can be found.
func (x *Index) Empty(ctx context.Context) (bool, error) { return empty(ctx, x.db) }

// Find pages through what fits a question, the best first; of one kind, or of all
// for "". A question without words finds nothing.
func (x *Index) Find(ctx context.Context, question, kind string, after page.Cursor, n int) (page.Of[Hit], error) {
	want := terms(question)
	if len(want) == 0 {
		return page.Of[Hit]{Items: []Hit{}}, nil
	}
	from := int64(0)
	if after != page.First {
		from = min(max(after.At, 0), 1000) // nobody reads on so far
	}
	rows, err := find(ctx, x.db, x.db.Postgres(), want, kind, from, n+1)
	return page.Cut(rows, n, func(Hit) page.Cursor { return page.Cursor{At: from + int64(n), ID: "+"} }), wrap("search", err)
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
