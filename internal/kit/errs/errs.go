// Package errs holds the errors that people and programs outside may see.
//
// Three readers: a client reads the Code, a person the Message or the Chinese,
// the operator the cause that was wrapped on the way up. A code is a promise: it
// is listed in api/problems.yaml and outlives its words.
package errs

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Kind says whose fault an error is and what the caller can do; the web floor
// turns it into a status code.
type Kind int

// Internal is the kind of every error that is not an [*Error].
const (
	Internal     Kind = iota // our fault; people see only a request id
	Invalid                  // the input is wrong; repeating it is useless
	Unauthorised             // sign in first
	Forbidden                // signed in, but not allowed
	NotFound                 // not there, or not theirs: the two look the same
	Conflict                 // the world has moved on; read again
	TooMany                  // slow down
	TooLarge                 // more bytes or pixels than are taken
	Unavailable              // try again later
)

// Field names one wrong part of an input.
type Field struct {
	Location string `json:"location"` // dotted path, such as "body.items[2].quantity"
	Message  string `json:"message"`
}

// Error is a problem with a stable code. Compare with [errors.Is]: two errors
// with the same code are the same problem.
type Error struct {
	Kind    Kind
	Code    string
	Message string // in English
	Chinese string
	Fields  []Field
	cause   error
}

var (
	mu    sync.Mutex
	known = map[string]*Error{}
)

// New declares a problem, in the words of both languages. Call it once per code, from a package variable; a
// second declaration of the same code with other words is a programming error
// and panics.
func New(kind Kind, code, message, chinese string) *Error {
	mu.Lock()
	defer mu.Unlock()
	if was, ok := known[code]; ok && (was.Kind != kind || was.Message != message || was.Chinese != chinese) {
		panic("errs: " + code + " is declared twice")
	}
	e := &Error{Kind: kind, Code: code, Message: message, Chinese: chinese}
	known[code] = e
	return e
}

// All returns every declared problem, sorted by code.
func All() []*Error {
	mu.Lock()
	defer mu.Unlock()
	all := make([]*Error, 0, len(known))
	for _, e := range known {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *Error) int { return strings.Compare(a.Code, b.Code) })
	return all
}

// Error returns the message, then the cause.
func (e *Error) Error() string {
	s := e.Message
	for _, f := range e.Fields {
		s += fmt.Sprintf(" (%s: %s)", f.Location, f.Message)
	}
	if e.cause != nil {
		return s + ": " + e.cause.Error()
	}
	return s
}

// In returns the words for people: in Chinese for "zh", else in English.
func (e *Error) In(language string) string {
	if language == "zh" {
		return e.Chinese
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is the same problem.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// At returns a copy that names the part of the input that is wrong.
func (e *Error) At(location, message string) *Error {
	c := *e
	c.Fields = append(slices.Clone(e.Fields), Field{location, message})
	return &c
}

// Because returns a copy that wraps cause, for the operator's eyes.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// KindOf returns the kind of the first [*Error] in err's chain, or [Internal].
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// ErrInvalid is the general answer to input that does not make sense; see its
// fields.
var ErrInvalid = New(Invalid, "input.invalid", "Something in this request is not right.", "请求里有不对的地方。")
