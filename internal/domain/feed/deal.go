package feed

import (
	"context"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

// Processes on one PostgreSQL deal the shares of the floor among those that show
// pages. A share passes from one to the next by a row of feed_share: who gives it
// up stops paying and writes its log first; who takes it up reads that log first.
// A process that is silent is not asked. If it was only slow, it finds at its next
// writing that the share is gone, and what it showed has not paid. So the log has
// each credit once, and no page waits for any of this.

// shareSilence is after which silence of a process others take its shares.
const shareSilence = 15 * time.Second

// deal gives up what is more than a fair part, and takes up what nobody pays. It
// returns the shares of this process; those that are new pay after [Service.catchUp].
// The lock of flushing is held.
func (s *Service) deal(ctx context.Context) (uint32, error) {
	list, err := holdings(ctx, s.DB)
	if err != nil {
		return 0, err
	}
	silent := clock.Millis(s.Now().Add(-shareSilence))
	others, here, err := writers(ctx, s.DB, s.run, silent)
	if err != nil {
		return 0, err
	}
	mine := uint32(0)
	for _, h := range list {
		if h.run == s.run {
			mine |= 1 << h.share
		}
	}
	s.hold(s.held & mine)
	most := fair(others + 1)
	if others > 0 && !here { // nobody looks here
		most = bits.OnesCount32(mine)
	}
	if keep := fewer(mine, most); keep != mine {
		if err := s.giveUp(ctx, mine&^keep); err != nil {
			return 0, err
		}
		mine = keep
	}
	free := slices.DeleteFunc(list, func(h holding) bool { return h.run == s.run || h.seenAt >= silent })
	free = free[:min(len(free), most-bits.OnesCount32(mine))]
	if len(free) == 0 {
		return mine, nil
	}
	// What was paid before a share was taken away must not be written after it has
	// come back.
	if err := s.flush(ctx); err != nil {
		return 0, err
	}
	took := uint32(0)
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		took = 0
		for _, h := range free {
			ok, err := passShare(ctx, tx, h.share, h.run, s.run)
			if err != nil {
				return err
			}
			if ok {
				took |= 1 << h.share
			}
		}
		return nil
	})
	return mine | took, err
}

// giveUp stops paying some shares, writes what has been paid of them, and leaves
// them to others.
func (s *Service) giveUp(ctx context.Context, some uint32) error {
	s.hold(s.held &^ some)
	if err := s.flush(ctx); err != nil {
		return err
	}
	return s.DB.InTx(ctx, func(tx *db.Tx) error {
		for share := range Shares {
			if some>>share&1 == 0 {
				continue
			}
			if _, err := passShare(ctx, tx, share, s.run, ""); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) hold(shares uint32) {
	s.held = shares
	s.engine.Hold(shares)
}

// leave writes for the last time.
func (s *Service) leave(ctx context.Context) error {
	if !s.DB.Postgres() {
		return s.Flush(ctx)
	}
	s.flushing.Lock()
	defer s.flushing.Unlock()
	return s.giveUp(ctx, s.held)
}

// unpay takes the mark off what a batch has paid of shares that are not held, so
// that their credit can be given by who holds them.
func (s *Service) unpay(b *batch, held uint32) {
	if b.shares&^held == 0 {
		return
	}
	b.shares &= held
	for i := range b.pages {
		p := &b.pages[i]
		if !strings.Contains(p.items, "-") {
			continue
		}
		var text []byte
		// The text is our own, so that it can be read.
		_ = eachLogged(p.items, func(it logged) {
			if num, ok := s.book.video(it.Video); it.Paid && ok && held>>s.engine.share(num)&1 == 0 {
				it.Paid = false
				b.returned = append(b.returned, num)
			}
			text = appendLogged(text, it)
		})
		p.items = string(text)
	}
}
