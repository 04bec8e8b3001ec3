package web

import (
	"context"

	"github.com/openstall/openstall/internal/kit/errs"
)

// Identity is who asks.
type Identity struct {
	Person    string // id of the person; "" when nobody is signed in
	Session   string // id of the session
	Viewer    string // id of the browser, signed in or not
	Operator  bool
	Moderator bool
	Source    string // share code through which this browser came
}

type contextKey int

const (
	identityKey contextKey = iota
	requestKey
	clientKey
)

// WithIdentity returns a context that carries who asks.
func WithIdentity(ctx context.Context, i Identity) context.Context {
	return context.WithValue(ctx, identityKey, i)
}

// Who returns who asks.
func Who(ctx context.Context) Identity {
	i, _ := ctx.Value(identityKey).(Identity)
	return i
}

// Person returns the id of the person who asks, or [ErrUnauthorised].
func Person(ctx context.Context) (string, error) {
	if p := Who(ctx).Person; p != "" {
		return p, nil
	}
	return "", ErrUnauthorised
}

// RequestID returns the id of this request, for logs and problem documents.
func RequestID(ctx context.Context) string {
	s, _ := ctx.Value(requestKey).(string)
	return s
}

// ClientIP returns the address of the client, behind trusted proxies too.
func ClientIP(ctx context.Context) string {
	s, _ := ctx.Value(clientKey).(string)
	return s
}

// Guard says who may call an operation.
type Guard int

// Guards, from the widest.
const (
	Anyone    Guard = iota
	SignedIn        // a person
	Operators       // the market's operator
)

func (g Guard) check(ctx context.Context) *errs.Error {
	who := Who(ctx)
	switch {
	case g == Anyone:
	case who.Person == "":
		return ErrUnauthorised
	case g == Operators && !who.Operator:
		return ErrNotFound // what the operator sees does not exist for others
	}
	return nil
}
