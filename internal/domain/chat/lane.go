package chat

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/db"
)

// errBusy is returned when comments come faster than the disk takes them.
var errBusy = errs.New(errs.Unavailable, "chat.busy", "Too many people are talking. Try again.", "说话的人太多，请重试。")

// lane commits comments in groups: whatever came while the commit before was
// running. One commit costs the same for one comment and for two hundred.
type lane struct {
	db    *db.DB
	queue chan waiting
	done  chan struct{}

	mu     sync.RWMutex
	closed bool
}

type waiting struct {
	c      Comment
	wait   time.Duration // least time since the person's last comment; 0: any
	answer chan error
}

const (
	laneLength = 2000
	laneGroup  = 200
)

func newLane(d *db.DB) *lane {
	l := &lane{db: d, queue: make(chan waiting, laneLength), done: make(chan struct{})}
	go l.run()
	return l
}

// put returns when the comment is durable, or refused because the person's last
// one, in whichever process, is less than wait ago.
func (l *lane) put(ctx context.Context, c Comment, wait time.Duration) error {
	w := waiting{c, wait, make(chan error, 1)}
	l.mu.RLock()
	if l.closed {
		l.mu.RUnlock()
		return errBusy
	}
	select {
	case l.queue <- w:
		l.mu.RUnlock()
	default:
		l.mu.RUnlock()
		return errBusy
	}
	select {
	case err := <-w.answer:
		return err
	case <-ctx.Done():
		return ctx.Err() // it is stored all the same
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
	refused, err := l.store(group)
	if err != nil && len(group) > 1 {
		for _, w := range group {
			l.commit([]waiting{w})
		}
		return
	}
	for i, w := range group {
		w.answer <- cmp.Or(err, refused[i])
	}
}

// store sorts the group and returns what each was refused for.
func (l *lane) store(group []waiting) (refused []error, err error) {
	// Turns are rows that processes lock, so all take them in one order.
	slices.SortStableFunc(group, func(a, b waiting) int {
		return cmp.Or(cmp.Compare(a.c.Show, b.c.Show), cmp.Compare(a.c.Person, b.c.Person))
	})
	refused = make([]error, len(group))
	ctx := context.Background() // a viewer who leaves does not undo the others
	err = l.db.InTx(ctx, func(tx *db.Tx) error {
		var comments []Comment
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
			comments = append(comments, w.c)
		}
		return insertMany(ctx, tx, comments)
	})
	return refused, err
}
