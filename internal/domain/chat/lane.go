package chat

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/domain/claim"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/db"
)

// errBusy is returned when comments come faster than the disk takes them.
var errBusy = errs.New(errs.Unavailable, "chat.busy", "Too many people are talking. Try again.", "说话的人太多，请重试。")

// lane commits comments in groups: whatever came while the commit before was
// running. One commit costs the same for one comment and for two hundred.
type lane struct {
	db     *db.DB
	claims *claim.Service // nil: comments are words alone
	queue  chan waiting
	done   chan struct{}

	mu     sync.RWMutex
	closed bool
}

type waiting struct {
	c      Comment
	wait   time.Duration // least time since the person's last comment; 0: any
	n      int           // in its group, by arrival
	answer chan answer
}

type answer struct {
	claim *claim.Claim // that the comment has made
	err   error
}

const (
	laneLength = 2000
	laneGroup  = 200
)

func newLane(d *db.DB, claims *claim.Service) *lane {
	l := &lane{db: d, claims: claims, queue: make(chan waiting, laneLength), done: make(chan struct{})}
	go l.run()
	return l
}

// put returns when the comment is durable, with the claim that it has made, or
// refused because the person's last one, in whichever process, is less than wait
// ago.
func (l *lane) put(ctx context.Context, c Comment, wait time.Duration) (*claim.Claim, error) {
	w := waiting{c: c, wait: wait, answer: make(chan answer, 1)}
	l.mu.RLock()
	if l.closed {
		l.mu.RUnlock()
		return nil, errBusy
	}
	select {
	case l.queue <- w:
		l.mu.RUnlock()
	default:
		l.mu.RUnlock()
		return nil, errBusy
	}
	select {
	case a := <-w.answer:
		return a.claim, a.err
	case <-ctx.Done():
		return nil, ctx.Err() // it is stored all the same
	}
}

func (l *lane) close() {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.queue)
	}
	l.mu.Unlock()
	<-l.done
}

func (l *lane) run() {
	defer close(l.done)
	for first := range l.queue {
		group := []waiting{first}
	fill:
		for len(group) < laneGroup {
			select {
			case w, ok := <-l.queue:
				if !ok {
					break fill
				}
				group = append(group, w)
			default:
				break fill
			}
		}
		l.commit(group)
	}
}

// commit stores a group; when that fails, each by itself, so that one bad
// comment fails alone.
func (l *lane) commit(group []waiting) {
	refused, claims, err := l.store(group)
	if err != nil && len(group) > 1 {
		for _, w := range group {
			l.commit([]waiting{w})
		}
		return
	}
	for i, w := range group {
		a := answer{err: cmp.Or(err, refused[i])}
		if k, ok := claims[w.c.ID]; ok {
			a.claim = &k
		}
		w.answer <- a
	}
}

// store sorts the group and returns what each was refused for, and what claims
// were made, by comment.
func (l *lane) store(group []waiting) (refused []error, claims map[string]claim.Claim, err error) {
	for i := range group {
		group[i].n = i
	}
	// Turns are rows that processes lock, so all take them in one order.
	slices.SortStableFunc(group, func(a, b waiting) int {
		return cmp.Or(cmp.Compare(a.c.Show, b.c.Show), cmp.Compare(a.c.Person, b.c.Person))
	})
	refused = make([]error, len(group))
	ctx := context.Background() // a viewer who leaves does not undo the others
	err = l.db.InTx(ctx, func(tx *db.Tx) error {
		var taken []waiting
		for i, w := range group {
			if w.wait > 0 {
				err := takeTurn(ctx, tx, w.c, w.wait)
				if errors.Is(err, ErrSlow) || errors.Is(err, ErrDuplicate) {
					refused[i] = err
					continue
				}
				if err != nil {
					return err
				}
			}
			taken = append(taken, w)
		}
		// Claims are made in the order of arrival.
		slices.SortFunc(taken, func(a, b waiting) int { return cmp.Compare(a.n, b.n) })
		comments := make([]Comment, len(taken))
		for i, w := range taken {
			comments[i] = w.c
		}
		if err := insertMany(ctx, tx, comments); err != nil || l.claims == nil {
			return err
		}
		var err error
		claims, err = l.claims.Hear(ctx, tx, saidBy(comments))
		return err
	})
	return refused, claims, err
}

// saidBy are the comments that can be claims: what viewers say and everybody
// reads.
func saidBy(cs []Comment) []claim.Said {
	var said []claim.Said
	for _, c := range cs {
		if c.State == Shown && (c.Kind == Viewer || c.Kind == Buyer) {
			said = append(said, claim.Said{Comment: c.ID, Show: c.Show, Person: c.Person, Name: c.Name, Text: c.Text, At: c.At})
		}
	}
	return said
}
