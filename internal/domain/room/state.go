package room

import (
	"context"
	"encoding/json"
	"fmt"
)

// snapshot builds the state of a show. Its version is taken before anything is
// read: whatever was committed before that moment is in it, so the highest
// version knows the most, also among processes.
func (s *Service) snapshot(ctx context.Context, showID string, r *room) (State, error) {
	now := s.Now()
	version := now.UnixMilli()
	if r != nil {
		r.mu.Lock()
		version = max(version, r.version+1)
		r.version = version
		r.mu.Unlock()
	}
	st, err := s.Build(ctx, showID)
	if err != nil {
		return State{}, fmt.Errorf("state of %s: %w", showID, err)
	}
	st.Version, st.Show, st.ServerTime = version, showID, now.UTC()
	if st.Items == nil {
		st.Items = []Item{}
	}
	if r != nil {
		r.learn(st)
	}
	return st, nil
}

// State returns the state of a show as of now.
func (s *Service) State(ctx context.Context, showID string) (State, error) {
	return s.snapshot(ctx, showID, s.known(showID))
}

// StateJSON is [Service.State] for the channel of states.
func (s *Service) StateJSON(ctx context.Context, showID string) (uint64, []byte, error) {
	st, err := s.State(ctx, showID)
	if err != nil {
		return 0, nil, err
	}
	data, err := json.Marshal(st)
	return uint64(st.Version), data, err
}

// Refresh sends a new state of a show soon. Call it after the commit that changed
// something. It returns at once.
func (s *Service) Refresh(showID string) {
	s.mu.Lock()
	s.dirty[showID] = true
	s.mu.Unlock()
	ring(s.wake)
}

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default: // somebody has rung already
	}
}

// StockChanged refreshes the rooms that sell a SKU.
func (s *Service) StockChanged(sku string) {
	s.mu.Lock()
	var selling []string
	for id, r := range s.rooms {
		if r.sells(sku) {
			selling = append(selling, id)
		}
	}
	s.mu.Unlock()
	for _, id := range selling {
		s.Refresh(id)
	}
}

// SendStates sends the states that are due. Between ticks that is the first
// change of a room that was quiet; the rest wait for the tick, and leave for the
// viewers in the same write as the frame. It says whether some must wait. Run
// does it; tests call it.
func (s *Service) SendStates(ctx context.Context, tick bool) (waiting bool) {
	now := s.Now()
	s.mu.Lock()
	due := s.dirty
	s.dirty = map[string]bool{}
	s.mu.Unlock()
	for id := range due {
		early := false
		if r := s.known(id); r != nil {
			early = r.early(now, tick)
		}
		var err error
		if !early {
			err = s.sendState(ctx, id)
		}
		if err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "room state was not sent", "show", id, "error", err)
		}
		if early || err != nil {
			waiting = true
			s.mu.Lock()
			s.dirty[id] = true
			s.mu.Unlock()
		}
	}
	return waiting
}

func (s *Service) sendState(ctx context.Context, showID string) error {
	r, err := s.enter(ctx, showID)
	if err != nil {
		return err
	}
	st, err := s.snapshot(ctx, showID, r)
	if err != nil {
		return err
	}
	data, err := json.Marshal(st)
	if err != nil {
		return err
	}
	return s.Sink.PublishState(StateKind+":"+showID, uint64(st.Version), data)
}

// runStates sends states as they fall due, beside the frames, so that a slow
// database holds up no frame.
func (s *Service) runStates(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
			s.SendStates(ctx, false)
		case <-s.beat:
			s.SendStates(ctx, true)
		}
	}
}
