package chat

import "github.com/openstall/openstall/internal/domain/claim"

// Catches is the filter alone.
func Catches(words ...string) func(string) bool { return newFilter(words).catches }

// StoreTogether stores comments of viewers as one group that came in this order,
// and returns who holds something by it.
func (s *Service) StoreTogether(cs []Comment) (held map[string]bool, err error) {
	group := make([]waiting, len(cs))
	for i, c := range cs {
		group[i] = waiting{c: c, wait: pause}
	}
	_, claims, err := s.lane.store(group)
	held = map[string]bool{}
	for _, k := range claims {
		held[k.Person] = k.State == claim.Held
	}
	return held, err
}
