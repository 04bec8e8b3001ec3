package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/lead"
)

// byLead reports whether a stall sells what is asked for and not bought.
func (s stall) byLead() bool { return s.pack == "cars" || s.pack == "houses" }

// inquiry is what somebody asks, and how far the owner is with it.
type inquiry struct {
	who, ware string
	wish      lead.Wish
	words     string
	steps     []lead.Step
	claimed   bool
	withdrawn bool
}

var inquiries = []inquiry{
	{who: "ana", ware: "harbour-wheels/car", wish: lead.View, words: "Can I bring my mechanic?", claimed: true,
		steps: []lead.Step{{To: lead.Contacted, Note: "Will bring a mechanic. Has a car to sell, too."}, {To: lead.Viewing, Note: "Test drive agreed."}}},
	{who: "yusuf", ware: "harbour-wheels/car", wish: lead.Call, words: "Is the timing belt new?"},
	{who: "mei", ware: "harbour-wheels/car", wish: lead.Write, words: "可以分期吗？", claimed: true, steps: []lead.Step{{To: lead.Contacted}, {To: lead.Lost, Reason: lead.Price}}},
	{who: "piet", ware: "mill-street-homes/house", wish: lead.View, words: "We are two and a dog.", claimed: true},
	{who: "lena", ware: "mill-street-homes/house", wish: lead.Call, withdrawn: true},
	{who: "ben", ware: "mill-street-homes/house", wish: lead.Call, words: "How bad is the damp?", claimed: true,
		steps: []lead.Step{{To: lead.Contacted}, {To: lead.Viewing}, {To: lead.Won, Price: 27_800_000, Note: "Signed at the notary’s."}}},
	{who: "xiaoan", ware: "mill-street-homes/house", wish: lead.Write, words: "地下室能不能改成工作室？"},
}

// askAround leaves leads with the dealer and the agent, in several states.
func (s *seeder) askAround(ctx context.Context) error {
	for i, q := range inquiries {
		if err := s.inquire(ctx, q, fmt.Sprint("demo-lead-", i)); err != nil {
			return fmt.Errorf("%s asks for %s: %w", q.who, q.ware, err)
		}
		s.clock.jump(s.clock.Now().Add(9 * time.Minute))
	}
	return nil
}

func (s *seeder) inquire(ctx context.Context, q inquiry, key string) error {
	product := s.goods[q.ware]
	form, err := s.Leads.Form(ctx, "", product.ID)
	if err != nil {
		return err
	}
	who := s.people[q.who]
	d := lead.Draft{Key: key, Person: who, Product: product.ID, Phone: "+49 151 2300 44", Wish: q.wish, Words: q.words, Version: form.Version, Language: who.Locale,
		Source: lead.Source{Page: lead.PageProduct}}
	if q.wish == lead.View {
		d.Slot = form.Slots[len(form.Slots)-1].ID
	}
	l, err := s.Leads.Leave(ctx, d)
	if err != nil {
		return err
	}
	if q.withdrawn {
		return s.Leads.Withdraw(ctx, who.ID, l.ID)
	}
	s.clock.jump(s.clock.Now().Add(4 * time.Minute))
	slug, _, _ := strings.Cut(q.ware, "/")
	owner := s.people[ownerOf(slug)].ID
	if q.claimed {
		if _, err := s.Leads.Claim(ctx, l.Shop, l.ID, owner); err != nil {
			return err
		}
	}
	for _, step := range q.steps {
		s.clock.jump(s.clock.Now().Add(11 * time.Minute))
		if _, err := s.Leads.Move(ctx, l.Shop, l.ID, owner, step); err != nil {
			return err
		}
	}
	return nil
}
