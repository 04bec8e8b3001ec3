// Package mail sends e-mail and short messages.
//
// SMTP carries e-mail to the world. The outbox keeps messages of both kinds in
// the database and shows them on a page: it is what a market without a mail
// server has, and what tests read sign-in codes from.
package mail

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strings"
)

// Message is one e-mail to one person.
type Message struct {
	To      string // address
	Subject string
	Text    string
	HTML    string // alternative to Text; may be empty
	ReplyTo string // address; may be empty
	// Unsubscribe is an https address that stops messages of this kind by a POST
	// without signing in (RFC 8058); empty for what cannot be stopped.
	Unsubscribe string
}

// Sender sends e-mail. Implementations are safe for concurrent use. Sending may
// take seconds and fail for minutes, so it belongs into a job.
type Sender interface {
	// Send hands m to a mail server. [IsPermanent] tells whether a failure is
	// worth another attempt.
	Send(ctx context.Context, m Message) error
}

// Texter sends short messages to phones.
type Texter interface {
	// SendText sends text to a phone number in E.164 form.
	SendText(ctx context.Context, to, text string) error
}

// ErrRefused is wrapped by a failure that trying again cannot mend: a bad
// address, a mailbox that does not exist.
var ErrRefused = errors.New("refused for good")

// IsPermanent says that sending the same message again is useless.
func IsPermanent(err error) bool { return errors.Is(err, ErrRefused) }

// check refuses what would break the headers of a message.
func (m Message) check() error {
	if err := checkAddress(m.To); err != nil {
		return err
	}
	if m.ReplyTo != "" {
		if err := checkAddress(m.ReplyTo); err != nil {
			return err
		}
	}
	if strings.ContainsAny(m.Subject, "\r\n") {
		return fmt.Errorf("%w: line break in the subject", ErrRefused)
	}
	if m.Unsubscribe != "" {
		u, err := url.Parse(m.Unsubscribe)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || strings.ContainsAny(m.Unsubscribe, "<> \r\n") {
			return fmt.Errorf("%w: unsubscribe address %q", ErrRefused, m.Unsubscribe)
		}
	}
	return nil
}

func checkAddress(a string) error {
	if _, err := mail.ParseAddress(a); err != nil || strings.ContainsAny(a, "\r\n") {
		return fmt.Errorf("%w: address %q", ErrRefused, a)
	}
	return nil
}
