package fee

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Service keeps the tables. It is safe for concurrent use.
type Service struct {
	db     *db.DB
	bus    *bus.Bus
	now    clock.Now
	notice time.Duration

	mu     sync.Mutex
	tables []Table
	read   time.Time
}

// Option changes a service.
type Option func(*Service)

// WithNotice makes a rise wait for d instead of [Notice].
func WithNotice(d time.Duration) Option { return func(s *Service) { s.notice = d } }

// New returns a service that keeps tables in d.
func New(d *db.DB, b *bus.Bus, now clock.Now, opts ...Option) *Service {
	s := &Service{db: d, bus: b, now: now, notice: Notice}
	for _, o := range opts {
		o(s)
	}
	return s
}

// Notice is how long before its date a rise is announced.
func (s *Service) Notice() time.Duration { return s.notice }

// fresh is how long what was read is believed: another node may have announced a
// table that holds at once, which takes less.
const fresh = time.Minute

// Tables returns every table by its date, from memory.
func (s *Service) Tables(ctx context.Context) ([]Table, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if s.read.IsZero() || now.Sub(s.read) >= fresh || now.Before(s.read) {
		tables, err := all(ctx, s.db)
		if err != nil {
			return nil, err
		}
		s.tables, s.read = tables, now
	}
	return s.tables, nil
}

func (s *Service) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read = time.Time{}
}

// InForce returns the table that holds at an instant. Before the first it is the
// zero one, which takes nothing.
func (s *Service) InForce(ctx context.Context, at time.Time) (Table, error) {
	tables, err := s.Tables(ctx)
	return inForce(tables, at), err
}

func inForce(tables []Table, at time.Time) Table {
	for _, t := range slices.Backward(tables) {
		if !t.From.After(at) {
			return t
		}
	}
	return Table{}
}

// Next returns what comes after the table in force, in the order of its dates,
// without what a later announcement has replaced.
func (s *Service) Next(ctx context.Context) ([]Table, error) {
	tables, err := s.Tables(ctx)
	if err != nil {
		return nil, err
	}
	now := s.now()
	var out []Table
	for _, t := range tables {
		if t.From.After(now) && inForce(tables, t.From).ID == t.ID {
			out = append(out, t)
		}
	}
	return out, nil
}

// Draft is a table to be announced.
type Draft struct {
	Key      string // Idempotency-Key
	By       string // operator
	From     time.Time
	Currency string
	PPM      int64
	Fixed    int64
	Packs    []PackRate
	Note     string
}

// Announce makes a table that holds from a date on; a zero From is now. It
// returns [ErrNotice] when somebody would pay more by it and the date is too
// near. The same key and draft are the same table.
func (s *Service) Announce(ctx context.Context, d Draft) (Table, error) {
	hash := d.digest()
	now := s.now().UTC().Truncate(time.Millisecond)
	if d.From.IsZero() {
		d.From = now
	}
	t := Table{ID: id.New("fee", now), From: d.From.UTC().Truncate(time.Millisecond), AnnouncedAt: now, AnnouncedBy: d.By, Currency: d.Currency,
		PPM: d.PPM, Fixed: d.Fixed, Packs: slices.Clone(d.Packs), Note: text.Line(d.Note)}
	slices.SortFunc(t.Packs, func(a, b PackRate) int { return strings.Compare(a.Pack, b.Pack) })
	if err := t.check(); err != nil {
		return Table{}, err
	}
	key := d.By + ":" + d.Key
	err := s.db.InTx(ctx, func(tx *db.Tx) error {
		if was, is, err := byKey(ctx, tx, key); err != nil || is != "" {
			if t = was; err == nil && is != hash {
				return ErrKeyReused
			}
			return err
		}
		if t.From.Before(now) {
			return ErrPast
		}
		tables, err := all(ctx, tx)
		if err != nil {
			return err
		}
		t.Rise = t.dearer(inForce(tables, t.From))
		if t.Rise && t.From.Before(now.Add(s.notice)) {
			return ErrNotice.At("from", "not before "+now.Add(s.notice).Format(time.RFC3339))
		}
		tx.AfterCommit(s.forget)
		if err := insert(ctx, tx, t, key, hash); err != nil {
			return err
		}
		e, err := bus.New(TopicAnnounced, t.ID, t)
		if err != nil {
			return err
		}
		return s.bus.Publish(ctx, tx, e)
	})
	return t, err
}

func (t Table) check() error {
	if t.PPM < 0 || t.PPM > MaxPPM || t.Fixed < 0 || t.Fixed > MaxFixed || len(t.Note) > 1000 {
		return ErrTable
	}
	for i, p := range t.Packs {
		if _, err := shop.PackOf(p.Pack); err != nil || p.PPM < 0 || p.PPM > MaxPPM || i > 0 && t.Packs[i-1].Pack == p.Pack {
			return ErrTable.At("packs", p.Pack)
		}
	}
	return nil
}

// dearer reports whether t takes more of somebody than another table.
func (t Table) dearer(was Table) bool {
	if t.PPM > was.PPM || t.Fixed > was.Fixed || t.Fixed > 0 && t.Currency != was.Currency {
		return true
	}
	for _, p := range shop.Packs() {
		if t.RateOf(p.Code) > was.RateOf(p.Code) {
			return true
		}
	}
	return false
}

func (d Draft) digest() string {
	d.Key = ""
	b, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
