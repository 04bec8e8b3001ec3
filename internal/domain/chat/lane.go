package chat

import (
	"context"
	"sync"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/db"
)

// errBusy is returned when comments come faster than the disk takes them.
var errBusy = errs.New(errs.Unavailable, "chat.busy", "Too many people are talking. Try again.")

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

// put returns when the comment is durable.
func (l *lane) put(ctx context.Context, c Comment) error {
	w := waiting{c, make(chan error, 1)}
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
	err := l.store(group)
	if err != nil && len(group) > 1 {
		for _, w := range group {
			w.answer <- l.store([]waiting{w})
		}
		return
	}
	for _, w := range group {
		w.answer <- err
	}
}

func (l *lane) store(group []waiting) error {
	ctx := context.Background() // a viewer who leaves does not undo the others
	return l.db.InTx(ctx, func(tx *db.Tx) error {
		comments := make([]Comment, len(group))
		for i, w := range group {
			comments[i] = w.c
		}
		return insertMany(ctx, tx, comments)
	})
}
