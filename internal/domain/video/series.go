package video

import (
	"context"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

// Series is videos of a shop in an order to be watched in: lessons, a recipe in
// steps. A video is in one series at most.
type Series struct {
	ID        string
	Shop      string
	Title     string
	Parts     []string // videos, in order
	CreatedAt time.Time
}

// Limits of series.
const (
	MaxParts    = 100
	maxSeries   = 100 // of one shop
	maxOfSeries = 60  // characters of a title
)

// Errors of series.
var (
	ErrNoSeries = errs.New(errs.NotFound, "video.no_series", "There is no such series.", "没有这个合集。")
	ErrSeries   = errs.New(errs.Invalid, "video.series", "A series has a title of 1 to 60 characters and up to 100 videos of its shop, each once.", "合集标题为 1 至 60 个字，最多 100 个视频，不能重复。")
	ErrInSeries = errs.New(errs.Conflict, "video.in_series", "One of these videos is in another series.", "其中有视频已在别的合集里。")
	ErrManySets = errs.New(errs.Conflict, "video.many_series", "A shop has up to 100 series.", "一家店最多 100 个合集。")
)

// MakeSeries makes a series of videos of a shop.
func (s *Service) MakeSeries(ctx context.Context, shopID, title string, parts []string) (Series, error) {
	now := s.Now()
	x := Series{ID: id.New("ser", now), Shop: shopID, CreatedAt: now}
	return s.keepSeries(ctx, x, title, parts, func(tx *db.Tx, x Series) error { return insertSeries(ctx, tx, x, maxSeries) })
}

// ChangeSeries says anew what a series of a shop is called and what is in it.
func (s *Service) ChangeSeries(ctx context.Context, shopID, series, title string, parts []string) (Series, error) {
	x, err := s.SeriesOf(ctx, shopID, series)
	if err != nil {
		return Series{}, err
	}
	return s.keepSeries(ctx, x, title, parts, func(tx *db.Tx, x Series) error { return renameSeries(ctx, tx, x) })
}

func (s *Service) keepSeries(ctx context.Context, x Series, title string, parts []string, keep func(*db.Tx, Series) error) (Series, error) {
	x.Title, x.Parts = text.Line(title), parts
	if n := utf8.RuneCountInString(x.Title); n == 0 || n > maxOfSeries || len(parts) > MaxParts {
		return Series{}, ErrSeries
	}
	for i, part := range parts {
		_, err := s.GetOf(ctx, x.Shop, part)
		if errors.Is(err, ErrNotFound) || slices.Contains(parts[:i], part) {
			return Series{}, ErrSeries
		}
		if err != nil {
			return Series{}, err
		}
	}
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := keep(tx, x); err != nil {
			return err
		}
		return setParts(ctx, tx, x.ID, x.Parts)
	})
	return x, err
}

// DeleteSeries takes a series of a shop apart; its videos stay.
func (s *Service) DeleteSeries(ctx context.Context, shopID, series string) error {
	if _, err := s.SeriesOf(ctx, shopID, series); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *db.Tx) error { return removeSeries(ctx, tx, series) })
}

// SeriesOf returns a series of a shop with all its parts.
func (s *Service) SeriesOf(ctx context.Context, shopID, series string) (Series, error) {
	x, err := seriesBy(ctx, s.DB, series)
	if err != nil {
		return Series{}, err
	}
	if x.Shop != shopID {
		return Series{}, ErrNoSeries
	}
	x.Parts, err = parts(ctx, s.DB, series)
	return x, err
}

// AllSeries lists the series of a shop with all their parts, the newest first.
func (s *Service) AllSeries(ctx context.Context, shopID string) ([]Series, error) {
	out, err := seriesOfShop(ctx, s.DB, shopID, maxSeries)
	for i := range out {
		if err == nil {
			out[i].Parts, err = parts(ctx, s.DB, out[i].ID)
		}
	}
	return out, err
}

// SeenSeries returns a series with the parts that person ("" for nobody) finds;
// without any there is no such series, except for those who work in the shop.
func (s *Service) SeenSeries(ctx context.Context, series, person string) (Series, error) {
	x, err := seriesBy(ctx, s.DB, series)
	if err != nil {
		return Series{}, err
	}
	if x.Parts, err = seenParts(ctx, s.DB, person, series); err != nil {
		return Series{}, err
	}
	if len(x.Parts) == 0 && (person == "" || s.Shops.Require(ctx, x.Shop, person, shop.See) != nil) {
		return Series{}, ErrNoSeries
	}
	return x, nil
}

// SeriesIn lists the series of a shop in which person ("" for nobody) finds
// something, the newest first.
func (s *Service) SeriesIn(ctx context.Context, shopID, person string) ([]Series, error) {
	all, err := seriesOfShop(ctx, s.DB, shopID, maxSeries)
	out := []Series{}
	for _, x := range all {
		if x.Parts, err = seenParts(ctx, s.DB, person, x.ID); err != nil {
			return nil, err
		}
		if len(x.Parts) > 0 {
			out = append(out, x)
		}
	}
	return out, err
}

// SeriesWith returns the series in which person ("" for nobody) finds a video
// among the parts, or false.
func (s *Service) SeriesWith(ctx context.Context, video, person string) (Series, bool, error) {
	x, err := seriesWith(ctx, s.DB, video)
	if errors.Is(err, ErrNoSeries) {
		return Series{}, false, nil
	}
	if err != nil {
		return Series{}, false, err
	}
	x.Parts, err = seenParts(ctx, s.DB, person, x.ID)
	return x, slices.Contains(x.Parts, video), err
}
