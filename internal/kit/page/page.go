// Package page carries keyset paging: a list answers its items and an opaque
// word that the next request hands back.
package page

import (
	"encoding/base64"
	"encoding/json"
	"iter"

	"github.com/openstall/openstall/internal/kit/errs"
)

// ErrCursor is returned for a cursor that we did not make.
var ErrCursor = errs.New(errs.Invalid, "page.bad_cursor", "This page link is not valid.", "这个翻页链接无效。")

// Cursor points behind the last item of a page: lists are ordered by At, then
// ID, newest first.
type Cursor struct {
	At int64  `json:"a"`
	ID string `json:"i"`
}

// First is a cursor in front of everything.
var First = Cursor{At: 1<<62 - 1, ID: "~"}

// String encodes c for a client.
func (c Cursor) String() string {
	b, _ := json.Marshal(c)
	return base64.RawURLEncoding.EncodeToString(b)
}

// Parse reads what [Cursor.String] wrote; the empty string is [First].
func Parse(s string) (Cursor, error) {
	if s == "" {
		return First, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return Cursor{}, ErrCursor
	}
	var c Cursor
	if err := json.Unmarshal(b, &c); err != nil || c.ID == "" {
		return Cursor{}, ErrCursor
	}
	return c, nil
}

// Of is one page of a list.
type Of[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty"`
}

// Cut makes a page of at most n out of rows, of which the caller asked for n+1.
func Cut[T any](rows []T, n int, key func(T) Cursor) Of[T] {
	if rows == nil {
		rows = []T{}
	}
	if len(rows) <= n {
		return Of[T]{Items: rows}
	}
	rows = rows[:n]
	return Of[T]{Items: rows, Next: key(rows[n-1]).String()}
}

// All goes through every item of a list, a page at a time; it ends with the first
// error.
func All[T any](list func(after Cursor) (Of[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for after := First; ; {
			part, err := list(after)
			if err != nil {
				yield(none, err)
				return
			}
			for _, it := range part.Items {
				if !yield(it, nil) {
					return
				}
			}
			if part.Next == "" {
				return
			}
			if after, err = Parse(part.Next); err != nil {
				yield(none, err)
				return
			}
		}
	}
}
