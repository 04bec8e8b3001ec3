package shop

import (
	"context"

	"github.com/openstall/openstall/internal/platform/web"
)

// In is embedded by the inputs of merchants' operations: the shop they are
// about.
type In struct {
	Shop string `path:"shop" maxLength:"60"`
}

// ShopID returns the shop of an input.
func (in In) ShopID() string { return in.Shop }

// Guard lets h be called only by members of the input's shop who have the
// right. To everybody else the shop does not exist.
func Guard[I interface{ ShopID() string }, O any](s *Service, right Right, h func(context.Context, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		if err := s.Require(ctx, (*in).ShopID(), web.Who(ctx).Person, right); err != nil {
			return nil, err
		}
		return h(ctx, in)
	}
}
