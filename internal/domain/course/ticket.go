package course

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// Ticket opens the film of one lesson until an instant: it is a part of the
// film's address, so playlists, films and captions below it need no further
// proof.
type Ticket struct {
	Lesson string
	For    string // an enrolment, [ForAll] or [ForShop]
	Until  time.Time
}

// Who a ticket is for that is nobody's own.
const (
	ForAll  = "preview" // as long as the lesson is one
	ForShop = "shop"    // its staff
)

// mac proves that a ticket is ours.
func mac(secret []byte, body string) string {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte("lesson:" + body))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:18])
}

// sign writes a ticket as it stands in an address: no character of it is special
// there.
func (t Ticket) sign(secret []byte) string {
	body := t.Lesson + "." + t.For + "." + strconv.FormatInt(t.Until.Unix(), 36)
	return body + "." + mac(secret, body)
}

// parseTicket reads what [Ticket.sign] wrote, or returns [ErrTicket] for
// everything else and for a ticket whose time is over.
func parseTicket(secret []byte, s string, now time.Time) (Ticket, error) {
	parts := strings.Split(s, ".")
	if len(parts) != 4 || len(s) > 200 {
		return Ticket{}, ErrTicket
	}
	body := strings.Join(parts[:3], ".")
	if !hmac.Equal([]byte(parts[3]), []byte(mac(secret, body))) {
		return Ticket{}, ErrTicket
	}
	until, err := strconv.ParseInt(parts[2], 36, 64)
	if err != nil {
		return Ticket{}, ErrTicket
	}
	t := Ticket{Lesson: parts[0], For: parts[1], Until: time.Unix(until, 0).UTC()}
	if !now.Before(t.Until) {
		return Ticket{}, ErrTicket
	}
	return t, nil
}
