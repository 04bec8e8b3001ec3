package mail

import (
	"context"
	"embed"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the tables of this package.
var Migrations = db.Migrations{Area: "mail", Files: files}

// kept is how many messages an outbox holds.
const kept = 200

// Outbox keeps the last messages instead of sending them. It is a [Sender] and a
// [Texter].
type Outbox struct {
	db  *db.DB
	now clock.Now
}

// NewOutbox returns an outbox in d.
func NewOutbox(d *db.DB, now clock.Now) *Outbox { return &Outbox{db: d, now: now} }

// Kept is a message in the outbox.
type Kept struct {
	ID      string
	Channel string // "email" or "sms"
	To      string
	Subject string
	Text    string
	HTML    string
	At      time.Time
}

// Send implements [Sender].
func (o *Outbox) Send(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	return o.keep(ctx, Kept{Channel: "email", To: m.To, Subject: m.Subject, Text: m.Text, HTML: m.HTML})
}

// SendText implements [Texter].
func (o *Outbox) SendText(ctx context.Context, to, text string) error {
	return o.keep(ctx, Kept{Channel: "sms", To: to, Text: text})
}

func (o *Outbox) keep(ctx context.Context, k Kept) error {
	k.At = o.now()
	k.ID = id.New("out", k.At)
	return o.db.InTx(ctx, func(tx *db.Tx) error {
		if err := insertKept(ctx, tx, k); err != nil {
			return err
		}
		return trimKept(ctx, tx, kept)
	})
}

// Messages lists the kept messages, the newest first.
func (o *Outbox) Messages(ctx context.Context) ([]Kept, error) { return listKept(ctx, o.db, kept) }
