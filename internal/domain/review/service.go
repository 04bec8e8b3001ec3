package review

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// Parts are what a service works with.
type Parts struct {
	DB    *db.DB
	Bus   *bus.Bus
	Shops *shop.Service
	// OwnsPhoto reports whether a person has uploaded a picture.
	OwnsPhoto func(ctx context.Context, person, photo string) (bool, error)
	Now       clock.Now
}

// Service keeps reviews. It is safe for concurrent use.
type Service struct{ Parts }

// New returns a service that notes down when money of reviewed goods goes back.
func New(p Parts) *Service {
	s := &Service{p}
	p.Bus.Inline(order.TopicChanged, s.orderChanged)
	return s
}

// Draft is what a buyer says.
type Draft struct {
	Buyer    string
	Order    string
	Position int
	Stars    int64
	Words    string
	Photos   []string
}

// Write keeps what a buyer says of a line, or changes it; saying the same twice
// is saying it once. It returns [ErrTooLate] when the month is over.
func (s *Service) Write(ctx context.Context, d Draft) (Review, error) {
	var err error
	if d.Words, err = clean(d.Words, ErrWords); err != nil {
		return Review{}, err
	}
	if d.Stars < 1 || d.Stars > 5 {
		return Review{}, ErrStars
	}
	if err := s.checkPhotos(ctx, d); err != nil {
		return Review{}, err
	}
	var r Review
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		o, err := order.Lock(ctx, tx, d.Order)
		if err != nil {
			return err
		}
		if o.Buyer != d.Buyer {
			return order.ErrNotFound
		}
		if !CanReview(o, d.Position) {
			return ErrNotYours
		}
		if err := s.Shops.Require(ctx, o.Shop, d.Buyer, shop.See); err == nil {
			return ErrOwnShop
		}
		r, err = s.write(ctx, tx, o, d)
		return err
	})
	return r, err
}

func (s *Service) write(ctx context.Context, tx *db.Tx, o order.Order, d Draft) (Review, error) {
	now := s.Now()
	r, err := ofLine(ctx, tx, o.ID, d.Position)
	if err == nil {
		if now.After(r.EditableUntil()) {
			return Review{}, ErrTooLate
		}
		if r.Stars == d.Stars && r.Words == d.Words && slices.Equal(r.Photos, d.Photos) {
			return r, nil
		}
		r.Stars, r.Words, r.Photos, r.UpdatedAt = d.Stars, d.Words, d.Photos, now
		return r, change(ctx, tx, r)
	}
	if !errors.Is(err, ErrNotFound) {
		return Review{}, err
	}
	rests, err := order.RestsOf(ctx, tx, o)
	if err != nil {
		return Review{}, err
	}
	l := o.Lines[d.Position]
	r = Review{ID: id.New("rev", now), Order: o.ID, Position: d.Position, Shop: o.Shop, Product: l.Product, Title: l.Title, Variant: l.Variant, Buyer: o.Buyer, BuyerName: o.BuyerName,
		Stars: d.Stars, Words: d.Words, Photos: d.Photos, Refunded: wentBack(rests.Lines[d.Position]), CreatedAt: now, UpdatedAt: now}
	if err := insert(ctx, tx, r); err != nil {
		return Review{}, err
	}
	return r, s.Bus.Publish(ctx, tx, bus.Event{Topic: TopicWritten, Key: r.ID, Payload: r.told()})
}

func wentBack(r order.Rest) bool { return r.BackFor+r.BackOff > 0 }

// CanReview reports whether the goods of a line have been received and were
// bought, not sent in place of others.
func CanReview(o order.Order, position int) bool {
	return o.State == order.Completed && o.Quote.Replaces == "" && position >= 0 && position < len(o.Lines)
}

func (s *Service) checkPhotos(ctx context.Context, d Draft) error {
	if len(d.Photos) > maxPhotos {
		return ErrPhotos
	}
	for _, p := range d.Photos {
		own, err := s.OwnsPhoto(ctx, d.Buyer, p)
		if err != nil {
			return err
		}
		if !own {
			return ErrPhotos
		}
	}
	return nil
}

// clean makes what somebody wrote fit to be shown, line by line.
func clean(s string, tooLong error) (string, error) {
	if utf8.RuneCountInString(s) > maxWords {
		return "", tooLong
	}
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, l := range lines {
		lines[i] = text.Line(l)
	}
	return strings.TrimSpace(strings.Join(lines, "\n")), nil
}

// Answer lets the shop speak, once.
func (s *Service) Answer(ctx context.Context, shopID, reviewID, words string) (Review, error) {
	words, err := clean(words, ErrAnswer)
	if err != nil {
		return Review{}, err
	}
	if words == "" {
		return Review{}, ErrAnswer
	}
	var r Review
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		if r, err = byID(ctx, tx, reviewID); err != nil {
			return err
		}
		if r.Shop != shopID {
			return ErrNotFound
		}
		if r.Answer == words {
			return nil
		}
		if err := answer(ctx, tx, reviewID, words, s.Now()); err != nil {
			return err
		}
		r.Answer, r.AnsweredAt = words, s.Now()
		return s.Bus.Publish(ctx, tx, bus.Event{Topic: TopicAnswered, Key: r.ID, Payload: r.told()})
	})
	return r, err
}

// Hide takes words and photos down for a reason that stands in their place; an
// empty reason puts them up again. The stars stay. It is the operator's.
func (s *Service) Hide(ctx context.Context, reviewID, reason string) (Review, error) {
	reason, err := clean(reason, ErrWords)
	if err != nil {
		return Review{}, err
	}
	if err := hide(ctx, s.DB, reviewID, reason); err != nil {
		return Review{}, err
	}
	return byID(ctx, s.DB, reviewID)
}

// OfOrder returns the reviews of an order's lines by position.
func (s *Service) OfOrder(ctx context.Context, orderID string) (map[int]Review, error) {
	rows, err := ofOrder(ctx, s.DB, orderID)
	out := make(map[int]Review, len(rows))
	for _, r := range rows {
		out[r.Position] = r
	}
	return out, err
}

// Filter narrows a list; one of the fields is set.
type Filter struct {
	Product, Shop string
	After         page.Cursor
}

// List pages through reviews, newest first.
func (s *Service) List(ctx context.Context, f Filter, n int) (page.Of[Review], error) {
	rows, err := list(ctx, s.DB, f, n+1)
	return page.Cut(rows, n, func(r Review) page.Cursor { return page.Cursor{At: clock.Millis(r.CreatedAt), ID: r.ID} }), err
}

// Sum counts the reviews of a product or a shop.
func (s *Service) Sum(ctx context.Context, f Filter) (Summary, error) { return sum(ctx, s.DB, f) }

// orderChanged marks the reviews of lines whose money goes back.
func (s *Service) orderChanged(ctx context.Context, tx *db.Tx, e bus.Event) error {
	t, err := bus.Decode[order.Told](e)
	if err != nil || t.Event != "giving_back" {
		return err
	}
	o, err := order.Lock(ctx, tx, t.Order)
	if err != nil {
		return err
	}
	rests, err := order.RestsOf(ctx, tx, o)
	if err != nil {
		return err
	}
	for i, r := range rests.Lines {
		if wentBack(r) {
			if err := markRefunded(ctx, tx, o.ID, i); err != nil {
				return err
			}
		}
	}
	return nil
}
