package shop

import (
	"fmt"
	"math/bits"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/text"
)

// Parcel says whether the shop sends goods, and what that costs: the goods of
// each template by the rule of the zone they go to.
type Parcel struct {
	Enabled   bool       `json:"enabled"`
	Templates []Template `json:"templates" maxItems:"20" nullable:"false" doc:"The first serves all goods that name none"`
}

// Template is a way to charge for sending. Products name the one they go by.
type Template struct {
	ID    string `json:"id,omitempty" maxLength:"40" doc:"Given when it is new"`
	Name  string `json:"name" maxLength:"40"`
	Zones []Zone `json:"zones" minItems:"1" maxItems:"50" nullable:"false"`
}

// Zone is where one rule holds. A zone without regions is everywhere that no
// other zone of its template names; without one, goods are not sent there.
type Zone struct {
	Regions []string `json:"regions" maxItems:"300" nullable:"false" doc:"Countries (ISO 3166-1 alpha-2), or beginnings of postal codes in one: DE, DE-27"`
	Rule    Rule     `json:"rule"`
}

// By is what a rule counts.
type By string

// Ways to count.
const (
	ByOrder  By = "order"  // once
	ByPiece  By = "piece"  // what is sold by weight is one piece a line
	ByWeight By = "weight" // grams
)

// Rule is what sending to a zone costs: FirstMinor for the first First units,
// StepMinor for each further Step units or part of them, nothing when the goods
// of the template are worth FreeFromMinor before discounts.
type Rule struct {
	By            By    `json:"by" enum:"order,piece,weight"`
	First         int64 `json:"first,omitempty" minimum:"0" maximum:"1000000" doc:"Units that the first price covers: pieces, or grams"`
	FirstMinor    int64 `json:"first_minor" minimum:"0" maximum:"100000000"`
	Step          int64 `json:"step,omitempty" minimum:"0" maximum:"1000000" doc:"Units that each further price covers"`
	StepMinor     int64 `json:"step_minor,omitempty" minimum:"0" maximum:"100000000"`
	FreeFromMinor int64 `json:"free_from_minor,omitempty" minimum:"0" maximum:"100000000000" doc:"0: never free"`
}

// Errors of sending.
var (
	ErrFreight  = errs.New(errs.Invalid, "shop.freight", "A template needs zones that do not overlap, with whole prices.", "运费模板的地区不能重复，价格要完整。")
	ErrNotSent  = errs.New(errs.Invalid, "shop.not_sent_there", "This shop does not send these goods there. Nothing was charged.", "这家店的这些商品不发往该地址，没有扣款。")
	ErrNoWeight = errs.New(errs.Invalid, "shop.no_weight", "The shop has not said what this weighs, so it cannot be sent.", "商家没有填写商品重量，暂时无法发货。")
)

// Standard is the id of the template of [Flat].
const Standard = "standard"

// Flat is one price for everything to everywhere, free from a sum (0: never).
func Flat(minor, freeFrom int64) []Template {
	return []Template{{ID: Standard, Zones: []Zone{{Regions: []string{}, Rule: Rule{By: ByOrder, FirstMinor: minor, FreeFromMinor: freeFrom}}}}}
}

// Template returns the one with an id, or the first: goods may still name one that
// was deleted. Without any, ok is false.
func (p Parcel) Template(id string) (t Template, ok bool) {
	if len(p.Templates) == 0 {
		return Template{}, false
	}
	if i := slices.IndexFunc(p.Templates, func(t Template) bool { return t.ID == id }); i > 0 {
		return p.Templates[i], true
	}
	return p.Templates[0], true
}

// Load is a line of goods to be sent.
type Load struct {
	Template string
	Pieces   int64
	Grams    int64 // 0: not known
	Goods    int64 // what it costs before discounts, minor units
}

// Cost returns what sending loads to a country and postal code costs. An empty
// country stands for the first zone of each template, for buyers who have not said
// yet. [ErrNotSent] and [ErrNoWeight] name the loads as items.
func (p Parcel) Cost(loads []Load, country, postcode string) (int64, error) {
	type group struct{ pieces, grams, goods int64 }
	groups := map[string]*group{}
	var order []Template
	var refused *errs.Error
	for i, l := range loads {
		t, ok := p.Template(l.Template)
		z, there := t.zone(country, postcode)
		at := fmt.Sprintf("items[%d]", i)
		switch {
		case !ok:
			return 0, ErrNoParcel
		case !there:
			refused = also(refused, ErrNotSent).At(at, "not sent to "+country)
			continue
		case z.Rule.By == ByWeight && l.Grams <= 0:
			refused = also(refused, ErrNoWeight).At(at, "no weight")
			continue
		}
		g := groups[t.ID]
		if g == nil {
			g = &group{}
			groups[t.ID], order = g, append(order, t)
		}
		g.pieces, g.grams, g.goods = g.pieces+l.Pieces, g.grams+l.Grams, g.goods+l.Goods
	}
	if refused != nil {
		return 0, refused
	}
	var sum int64
	for _, t := range order {
		z, _ := t.zone(country, postcode)
		g := groups[t.ID]
		sum += z.Rule.cost(g.pieces, g.grams, g.goods)
	}
	return sum, nil
}

// also is the first refusal of an offer, to which others are added.
func also(was, now *errs.Error) *errs.Error {
	if was != nil {
		return was
	}
	return now
}

// FreeFrom is the sum from which loads go for nothing, when they all go by one
// rule that has one; else 0.
func (p Parcel) FreeFrom(loads []Load, country, postcode string) int64 {
	var first Template
	for i, l := range loads {
		t, _ := p.Template(l.Template)
		if i == 0 {
			first = t
		} else if t.ID != first.ID {
			return 0
		}
	}
	z, _ := first.zone(country, postcode)
	return z.Rule.FreeFromMinor
}

func (r Rule) cost(pieces, grams, goods int64) int64 {
	if r.FreeFromMinor > 0 && goods >= r.FreeFromMinor {
		return 0
	}
	units := map[By]int64{ByPiece: pieces, ByWeight: grams}[r.By]
	further := max(0, units-r.First)
	if further == 0 || r.Step == 0 {
		return r.FirstMinor
	}
	hi, lo := bits.Mul64(uint64((further-1)/r.Step+1), uint64(r.StepMinor))
	if hi > 0 || lo > dear {
		lo = dear
	}
	return r.FirstMinor + int64(lo)
}

// zone returns where an address lies: the longest beginning of its postal code
// wins over its country, and that over everywhere else.
func (t Template) zone(country, postcode string) (Zone, bool) {
	if country == "" && len(t.Zones) > 0 {
		return t.Zones[0], true
	}
	code := plain(postcode)
	best, found := 0, -1
	for i, z := range t.Zones {
		if len(z.Regions) == 0 && found < 0 {
			found = i
		}
		for _, r := range z.Regions {
			of, prefix, _ := strings.Cut(r, "-")
			if of == country && strings.HasPrefix(code, prefix) && len(r) > best {
				best, found = len(r), i
			}
		}
	}
	if found < 0 {
		return Zone{}, false
	}
	return t.Zones[found], true
}

// plain is a postal code as people of one country write it in different ways:
// "sw1a 1aa" is SW1A1AA.
func plain(postcode string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, strings.ToUpper(postcode))
}

var regionPattern = regexp.MustCompile(`^[A-Z]{2}(-[0-9A-Z]{1,10})?$`)

// checked returns the templates in order, with ids for new ones.
func (p Parcel) checked(now time.Time) (Parcel, error) {
	p.Templates = slices.Clone(p.Templates)
	if p.Templates == nil {
		p.Templates = []Template{}
	}
	if p.Enabled && len(p.Templates) == 0 || len(p.Templates) > 20 {
		return Parcel{}, ErrFreight.At("parcel.templates", "1 to 20")
	}
	ids := map[string]bool{}
	for i := range p.Templates {
		t := &p.Templates[i]
		if t.Name = text.Line(t.Name); t.ID == "" {
			t.ID = id.New("frt", now)
		}
		at := fmt.Sprintf("parcel.templates[%d]", i)
		if ids[t.ID] {
			return Parcel{}, ErrFreight.At(at, "named twice")
		}
		ids[t.ID] = true
		zones, err := checkedZones(t.Zones, at)
		if err != nil {
			return Parcel{}, err
		}
		t.Zones = zones
	}
	return p, nil
}

func checkedZones(zones []Zone, at string) ([]Zone, error) {
	if len(zones) == 0 || len(zones) > 50 {
		return nil, ErrFreight.At(at, "1 to 50 zones")
	}
	zones = slices.Clone(zones)
	seen := map[string]bool{}
	for i := range zones {
		z := &zones[i]
		at := fmt.Sprintf("%s.zones[%d]", at, i)
		regions := make([]string, 0, len(z.Regions))
		for _, r := range z.Regions {
			country, prefix, has := strings.Cut(strings.ToUpper(strings.TrimSpace(r)), "-")
			if has {
				country += "-" + plain(prefix)
			}
			if !regionPattern.MatchString(country) {
				return nil, ErrFreight.At(at, "not a region: "+r)
			}
			regions = append(regions, country)
		}
		z.Regions = regions
		if len(regions) == 0 {
			regions = []string{""} // everywhere else
		}
		for _, r := range regions {
			if seen[r] {
				return nil, ErrFreight.At(at, "in two zones: "+r)
			}
			seen[r] = true
		}
		if err := z.Rule.check(); err != nil {
			return nil, err.At(at, "price")
		}
		if z.Rule.By == ByOrder {
			z.Rule.First, z.Rule.Step, z.Rule.StepMinor = 0, 0, 0
		}
	}
	return zones, nil
}

// Bounds of a rule.
const (
	maxUnits = 1_000_000
	maxMinor = 100_000_000 // of one price
	maxFree  = 100_000_000_000
	dear     = 1_000_000_000_000_00 // more than any order may come to
)

func (r Rule) check() *errs.Error {
	within := func(n, most int64) bool { return n >= 0 && n <= most }
	switch {
	case r.By != ByOrder && r.By != ByPiece && r.By != ByWeight,
		!within(r.First, maxUnits), !within(r.Step, maxUnits), !within(r.FirstMinor, maxMinor), !within(r.StepMinor, maxMinor), !within(r.FreeFromMinor, maxFree),
		r.Step == 0 && r.StepMinor > 0 && r.By != ByOrder:
		return ErrFreight
	}
	return nil
}
