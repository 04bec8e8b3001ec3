package room

import (
	"context"
	"errors"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

func figuresOf(ctx context.Context, q db.Querier, show string) (Figures, error) {
	f, err := db.One(ctx, q, func(f *Figures) []any { return []any{&f.ViewersTotal, &f.Likes} }, `
		SELECT viewers, likes FROM room_figures
		WHERE show = $1`, show)
	if errors.Is(err, db.ErrNoRows) {
		return Figures{}, nil
	}
	return f, err
}

// store adds what this process has counted since the last time to the figures of
// the show, and reads back those of all processes. It says whether that worked.
func (s *Service) store(ctx context.Context, r *room) bool {
	r.mu.Lock()
	r.storedAt = s.Now()
	likes, fresh := r.likesNew, r.fresh
	r.likesNew, r.fresh = 0, map[int64]bool{}
	idle := !r.state.OnAir() && !r.untold
	r.mu.Unlock()
	if likes == 0 && len(fresh) == 0 && idle {
		return true
	}
	var all Figures
	err := s.DB.InTx(ctx, func(tx *db.Tx) (err error) {
		all, err = add(ctx, tx, r.id, likes, fresh, s.Now())
		return err
	})
	r.mu.Lock()
	if err != nil {
		r.likesNew += likes
		for h := range fresh {
			r.fresh[h] = true
		}
	} else {
		r.likes, r.total = all.Likes+r.likesNew, all.ViewersTotal
	}
	all.Viewers = r.viewers
	all.Likes, all.ViewersTotal = r.likes, r.total
	r.mu.Unlock()
	if err == nil {
		err = s.Store(ctx, r.id, all)
		r.mu.Lock()
		r.untold = err != nil
		r.mu.Unlock()
		s.Tell(r.id, News{"figures", all})
	}
	if err != nil {
		s.Log.WarnContext(ctx, "room figures were not stored", "show", r.id, "error", err)
	}
	return err == nil
}

func add(ctx context.Context, tx *db.Tx, show string, likes int64, fresh map[int64]bool, now time.Time) (Figures, error) {
	// The figures' row is locked first, so that processes add one after the other.
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO room_figures (show, viewers, likes, counted_at)
		VALUES ($1, 0, $2, $3)
		ON CONFLICT (show) DO UPDATE
		SET likes = room_figures.likes + excluded.likes, counted_at = excluded.counted_at`, show, likes, clock.Millis(now)); err != nil {
		return Figures{}, err
	}
	met := int64(0)
	for h := range fresh {
		res, err := tx.ExecContext(ctx, `
			INSERT INTO room_viewer (show, viewer)
			VALUES ($1, $2)
			ON CONFLICT DO NOTHING`, show, h)
		if err != nil {
			return Figures{}, err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return Figures{}, err
		}
		met += n
	}
	return db.One(ctx, tx, func(f *Figures) []any { return []any{&f.ViewersTotal, &f.Likes} }, `
		UPDATE room_figures SET viewers = viewers + $2
		WHERE show = $1
		RETURNING viewers, likes`, show, met)
}

// stampFigures gives figures without a time the present one.
func stampFigures(ctx context.Context, q db.Querier, now time.Time) error {
	_, err := q.ExecContext(ctx, `
		UPDATE room_figures SET counted_at = $1
		WHERE counted_at = 0`, clock.Millis(now))
	return err
}

// trimViewers deletes at most n viewers of shows that were last on air before the
// given time.
func trimViewers(ctx context.Context, q db.Querier, before time.Time, n int) (int64, error) {
	res, err := q.ExecContext(ctx, `
		DELETE FROM room_viewer
		WHERE (show, viewer) IN (
			SELECT v.show, v.viewer FROM room_viewer v JOIN room_figures f ON f.show = v.show
			WHERE f.counted_at < $1
			LIMIT $2
		)`, clock.Millis(before), n)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
