package web

import (
	"context"
	"net/http"
	"strings"
	"time"

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
	callKey contextKey = iota
	identityKey
)

// call is what the middleware knows of a request. It travels as one value: a
// context for each fact would be walked by every question and copied by every
// request.
type call struct {
	request, client string
	host, scheme    string // as the browser typed them
	language        string // for words in an error
	who             Identity
}

var noCall call

func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey).(*call); ok {
		return c
	}
	return &noCall
}

// WithIdentity returns a context that carries another identity than the
// request's own.
func WithIdentity(ctx context.Context, i Identity) context.Context {
	return context.WithValue(ctx, identityKey, i)
}

// Who returns who asks.
func Who(ctx context.Context) Identity {
	if i, ok := ctx.Value(identityKey).(Identity); ok {
		return i
	}
	return callOf(ctx).who
}

// Person returns the id of the person who asks, or [ErrUnauthorised].
func Person(ctx context.Context) (string, error) {
	if p := Who(ctx).Person; p != "" {
		return p, nil
	}
	return "", ErrUnauthorised
}

// RequestID returns the id of this request, for logs and problem documents.
func RequestID(ctx context.Context) string { return callOf(ctx).request }

// ClientIP returns the address of the client, behind trusted proxies too.
func ClientIP(ctx context.Context) string { return callOf(ctx).client }

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

// Site returns the host that the browser typed and the scheme it used, for
// cookies, passkeys and absolute addresses.
func Site(ctx context.Context) (host, scheme string) {
	c := callOf(ctx)
	return c.host, c.scheme
}

// Origin is the address of the market as the browser sees it, without a slash
// at its end.
func Origin(ctx context.Context) string {
	host, scheme := Site(ctx)
	return scheme + "://" + host
}

// LanguageOf returns the language in which this request wants to be answered.
func LanguageOf(ctx context.Context) string { return callOf(ctx).language }

// Language picks one of our two languages from an Accept-Language header.
func Language(header string) string {
	for _, part := range strings.Split(header, ",") {
		tag := strings.ToLower(strings.TrimSpace(part))
		if strings.HasPrefix(tag, "zh") {
			return "zh"
		}
		if strings.HasPrefix(tag, "en") {
			return "en"
		}
	}
	return "en"
}

// SessionCookieOf makes the cookie of a session; a negative age takes it away.
func SessionCookieOf(ctx context.Context, token string, age time.Duration) http.Cookie {
	_, scheme := Site(ctx)
	return http.Cookie{Name: SessionCookie, Value: token, Path: "/", MaxAge: int(age / time.Second), HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: scheme == "https"}
}
