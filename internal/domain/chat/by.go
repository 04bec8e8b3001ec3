package chat

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

// by is a mark of a person in a room: the same for all they say there, another in
// every other show, and nothing by which to find them. The room says the same to
// everybody, so with it an app leaves out whom its person has blocked.
func (s *Service) by(showID, person string) string {
	h := hmac.New(sha256.New, s.Secret)
	h.Write([]byte(showID + " " + person))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:6])
}

// marked puts the marks on what people said; the shop has none.
func (s *Service) marked(all []Comment) []Comment {
	for i, c := range all {
		if c.Kind == Viewer || c.Kind == Buyer {
			all[i].By = s.by(c.Show, c.Person)
		}
	}
	return all
}

func (s *Service) get(ctx context.Context, showID, comment string) (Comment, error) {
	c, err := get(ctx, s.DB, showID, comment)
	return s.marked([]Comment{c})[0], err
}

// BlockedIn lists the marks that those have in a room whom a person has blocked.
func (s *Service) BlockedIn(ctx context.Context, showID, person string) ([]string, error) {
	people, err := blockedBy(ctx, s.DB, person, 500)
	out := make([]string, len(people))
	for i, p := range people {
		out[i] = s.by(showID, p)
	}
	return out, err
}

// Speaker is who said a comment that everybody reads, and their mark in the room.
// What the shop says has none: it is [ErrNotFound], as what is held or removed.
func (s *Service) Speaker(ctx context.Context, showID, comment string) (person, mark string, err error) {
	c, err := s.get(ctx, showID, comment)
	if err == nil && (c.State != Shown || c.By == "") {
		err = ErrNotFound
	}
	if err != nil {
		return "", "", err
	}
	return c.Person, c.By, nil
}
