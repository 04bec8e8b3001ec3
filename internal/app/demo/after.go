package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/review"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
)

// opinion is what a buyer says of what came from a stall.
type opinion struct {
	stars  int64
	words  text.Local
	answer text.Local // of the stall; none says nothing
}

// opinions are taken in turns, as orders of a stall are completed.
var opinions = map[string][]opinion{
	fishStall: {{5, both("Smelled of the sea and of nothing else. Cut exactly as she said in the show.", "一股海味，没有腥气。和直播里说的一样切好了。"), both("Come again on Friday, the herring is due.", "周五再来，鲱鱼要到了。")}},
	bookStall: {{5, both("The mended spine is just as it was shown. Packed as if it were glass.", "书脊修补处和镜头里一模一样，包得像包玻璃。"), both("Thank you. We keep the boxes of the glazier next door.", "谢谢，箱子是隔壁玻璃店给的。")}},
	"graces-greens": {
		{5, both("Ripe today, as promised. Gone by supper.", "说今天熟就是今天熟，晚饭就吃完了。"), nil},
		{4, both("Good tomatoes, one was split.", "番茄很好，有一个裂了。"), both("Tell me at the stall and you get another.", "到摊位上说一声，给你换。")},
	},
	"holm-sons":      {{5, both("You taste the three weeks.", "排酸三周，吃得出来。"), nil}},
	"sums-ms-okafor": {{5, both("My daughter now cuts the bread into eighths.", "女儿现在把面包切成八份。"), both("Tell her that twelfths come next.", "告诉她，下次学十二分之一。")}},
	"cool-corner":    {{4, both("He came to measure first and sold me the smaller one.", "先来量了房间，卖给我小的那台。"), nil}},
	"second-kettle":  {{5, both("Boils like new, and looks like my grandmother’s.", "烧水和新的一样，样子像我外婆家的。"), nil}},
	"tariks-garage":  {{5, both("He showed me the worn pad before he changed it.", "换之前先让我看了磨损的刹车片。"), nil}},
	"linden-soap":    {{4, both("No perfume at all. I would buy a bigger one.", "真的没有香精。想买大一点的。"), both("The 100 ml jars come in spring.", "春天出 100 毫升装。")}},
	"a-quiet-hour":   {{5, both("I could think again on the way home.", "回家的路上，脑子清楚了。"), nil}},
	"hill-bakery":    {{5, both("Still good on the fourth day.", "放到第四天还好吃。"), nil}},
}

// addReviews lets those who got their goods say what they were like.
func (s *seeder) addReviews(ctx context.Context) error {
	s.clock.jump(s.clock.Now().Add(20 * time.Minute))
	for _, st := range stalls {
		sh, said := s.shops[st.slug], opinions[st.slug]
		done, err := s.Orders.List(ctx, order.Filter{Shop: sh.ID, State: order.Completed, After: page.First}, 20)
		if err != nil {
			return err
		}
		for i, o := range done.Items {
			if i == len(said) {
				break
			}
			if err := s.speak(ctx, o, said[i]); err != nil {
				return fmt.Errorf("review of %s: %w", st.slug, err)
			}
		}
	}
	return nil
}

func (s *seeder) speak(ctx context.Context, o order.Order, what opinion) error {
	locale := "en"
	for _, p := range cast {
		if s.people[p.login].ID == o.Buyer {
			locale = p.locale
		}
	}
	r, err := s.Reviews.Write(ctx, review.Draft{Buyer: o.Buyer, Order: o.ID, Stars: what.stars, Words: what.words.Pick(locale)})
	if err != nil || what.answer == nil {
		return err
	}
	_, err = s.Reviews.Answer(ctx, o.Shop, r.ID, what.answer.Pick(locale))
	return err
}

// reportProblem leaves a case for the fish stall to answer.
func (s *seeder) reportProblem(ctx context.Context, o order.Order) error {
	_, err := s.Cases.File(ctx, aftersale.Request{Key: "demo", Buyer: o.Buyer, Order: o.ID, Reason: aftersale.Damaged,
		Words: "One of them was soft at the belly. The rest was very good.",
		Ask:   aftersale.Deal{Kind: aftersale.Difference, Lines: []aftersale.DealLine{{Minor: o.Lines[0].Total.Minor / 4}}}})
	return err
}

// addCoupons hands out what some stalls take off.
func (s *seeder) addCoupons(ctx context.Context) error {
	for _, c := range []struct {
		slug string
		t    promo.Template
		held []string // who has claimed one
	}{
		{fishStall, promo.Template{Kind: promo.Amount, Off: 200, Threshold: 1500, Quota: 200}, []string{"rosa", "ben"}},
		{bookStall, promo.Template{Kind: promo.Percent, Off: 10, Cap: 500, Quota: 100}, []string{"rosa", "mei"}},
		{"hill-bakery", promo.Template{Name: both("First loaf", "第一个面包"), Kind: promo.Amount, Off: 100, Threshold: 400, NewBuyer: true, Quota: 50}, nil},
	} {
		c.t.PerBuyer, c.t.EndsAt = 1, s.clock.Now().AddDate(0, 1, 0)
		t, err := s.Promos.Create(ctx, s.shops[c.slug], c.t)
		for i := 0; i < len(c.held) && err == nil; i++ {
			_, err = s.Promos.Claim(ctx, s.people[c.held[i]].ID, t.ID, "")
		}
		if err != nil {
			return fmt.Errorf("coupon of %s: %w", c.slug, err)
		}
	}
	return nil
}
