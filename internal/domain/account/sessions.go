package account

import (
	"sync"
	"time"
)

// sessionTTL bounds how long another process's sign-out can go unseen.
const sessionTTL = 5 * time.Second

// sessions remembers who is behind a cookie for a moment, so that a busy room
// does not ask the database at each request.
type sessions struct {
	mu sync.Mutex
	by map[string]sessionEntry
	// people points from a person to the entry of one of their sessions.
	people map[string]string
}

type sessionEntry struct {
	person  Person
	session Session
	until   time.Time
}

func newSessions() *sessions {
	return &sessions{by: map[string]sessionEntry{}, people: map[string]string{}}
}

func (c *sessions) get(hash string, now time.Time) (sessionEntry, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.by[hash]
	return e, ok && now.Before(e.until)
}

func (c *sessions) put(hash string, p Person, s Session, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.by) > 10_000 {
		clear(c.by)
		clear(c.people)
	}
	c.by[hash] = sessionEntry{p, s, now.Add(sessionTTL)}
	c.people[p.ID] = hash
}

// forget drops every session of a person.
func (c *sessions) forget(person string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.people, person)
	for h, e := range c.by {
		if e.person.ID == person {
			delete(c.by, h)
		}
	}
}

func (c *sessions) person(id string, now time.Time) (Person, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.by[c.people[id]]
	return e.person, ok && now.Before(e.until)
}
