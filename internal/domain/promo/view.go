package promo

import (
	"time"

	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/text"
)

// Terms are what a coupon gives and asks for.
type Terms struct {
	ID        string        `json:"id"`
	Shop      string        `json:"shop"`
	Name      text.Local    `json:"name"`
	Kind      Kind          `json:"kind" enum:"amount,percent"`
	Off       *money.Amount `json:"off,omitempty" doc:"Of an amount"`
	Percent   int64         `json:"percent,omitempty"`
	Cap       *money.Amount `json:"cap,omitempty" doc:"The most that a percentage takes off"`
	Threshold *money.Amount `json:"threshold,omitempty" doc:"What the goods must cost at least"`
	NewBuyer  bool          `json:"new_buyer" doc:"For a first order in the shop"`
	RoomOnly  bool          `json:"room_only" doc:"Claimed only in a show that hands it out"`
	Products  []string      `json:"products" nullable:"false" doc:"What it is for; empty for everything"`
	Left      int64         `json:"left" doc:"How many can still be claimed"`
	Quota     int64         `json:"quota"`
	StartsAt  time.Time     `json:"starts_at"`
	EndsAt    time.Time     `json:"ends_at"`
}

// Terms are the terms of t as apps show them.
func (t Template) Terms() Terms {
	v := Terms{ID: t.ID, Shop: t.Shop, Name: t.Name, Kind: t.Kind, NewBuyer: t.NewBuyer, RoomOnly: t.RoomOnly, Products: append([]string{}, t.Products...),
		Left: t.Left(), Quota: t.Quota, StartsAt: t.StartsAt, EndsAt: t.EndsAt}
	of := func(minor int64) *money.Amount {
		if minor == 0 {
			return nil
		}
		m := money.Of(minor, t.Currency)
		return &m
	}
	if t.Kind == Percent {
		v.Percent = t.Off
	} else {
		v.Off = of(t.Off)
	}
	v.Cap, v.Threshold = of(t.Cap), of(t.Threshold)
	return v
}

// Hint is [Next] as apps show it.
type Hint struct {
	Promotion string        `json:"promotion"`
	Lack      *money.Amount `json:"lack,omitempty" doc:"More goods for so much; absent when a thing is missing"`
	Product   string        `json:"product,omitempty" doc:"The thing"`
	Words     text.Local    `json:"words"`
}

// Hints are what a buyer misses for more to come off.
func Hints(next []Next, currency string) []Hint {
	var out []Hint
	for _, n := range next {
		h := Hint{Promotion: n.Promotion, Product: n.Product, Words: n.Words}
		if n.Lack > 0 {
			m := money.Of(n.Lack, currency)
			h.Lack = &m
		}
		out = append(out, h)
	}
	return out
}
