package leadhttp

import (
	"context"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/openstall/openstall/internal/domain/lead"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/web"
)

// OneInput names a lead of a shop.
type OneInput struct {
	shop.In
	IDPath
}

type staffView struct {
	Person string `json:"person"`
	Name   string `json:"name"`
}

type eventView struct {
	At    time.Time `json:"at"`
	Event string    `json:"event" enum:"new,assigned,contacted,viewing,won,lost,withdrawn,note,erased"`
	Who   string    `json:"who,omitempty" doc:"Name of a member of the shop"`
	Note  string    `json:"note,omitempty"`
}

// View is a lead as its shop sees it. Once it is erased nobody stands in it.
type View struct {
	ID          string        `json:"id"`
	Product     *shelf.Card   `json:"product,omitempty"`
	Name        string        `json:"name,omitempty"`
	Email       string        `json:"email,omitempty"`
	Phone       string        `json:"phone,omitempty"`
	Wish        lead.Wish     `json:"wish" enum:"call,write,viewing"`
	Slot        *shop.Slot    `json:"slot,omitempty"`
	Words       string        `json:"words,omitempty"`
	Seen        Seen          `json:"seen"`
	Consent     *consentView  `json:"consent,omitempty"`
	State       lead.State    `json:"state" enum:"new,assigned,contacted,viewing,won,lost,withdrawn"`
	Assignee    *staffView    `json:"assignee,omitempty"`
	Reason      lead.Reason   `json:"reason,omitempty" enum:"price,elsewhere,sold,unreachable,junk,duplicate,other,expired"`
	Price       *money.Amount `json:"price,omitempty" doc:"Of the sale"`
	CreatedAt   time.Time     `json:"created_at"`
	AnswerBy    time.Time     `json:"answer_by" doc:"When the shop should have been in touch"`
	AnsweredAt  *time.Time    `json:"answered_at,omitempty"`
	ClosedAt    *time.Time    `json:"closed_at,omitempty"`
	ErasedAfter *time.Time    `json:"erased_after,omitempty"`
	ErasedAt    *time.Time    `json:"erased_at,omitempty"`
}

type wholeView struct {
	View
	Events []eventView `json:"events" nullable:"false"`
}

// nameOf is empty for nobody.
func (h *handler) nameOf(ctx context.Context, person string) (string, error) {
	if person == "" {
		return "", nil
	}
	p, err := h.Accounts.Known(ctx, person)
	return p.Name, err
}

func (h *handler) viewOf(ctx context.Context, l lead.Lead) (View, error) {
	v := View{ID: l.ID, Name: l.Name, Email: l.Email, Phone: l.Phone, Wish: l.Wish, Slot: l.Slot, Words: l.Words,
		Seen: Seen{l.Source.Show, l.Source.Second, l.Source.Share, l.Source.Page}, Consent: consentOf(l.Consent), State: l.State, Reason: l.Reason, Price: priceOf(l),
		CreatedAt: l.CreatedAt, AnswerBy: l.CreatedAt.Add(lead.AnswerWithin), AnsweredAt: clock.Ptr(l.AnsweredAt), ClosedAt: clock.Ptr(l.ClosedAt),
		ErasedAfter: clock.Ptr(l.EraseAt), ErasedAt: clock.Ptr(l.ErasedAt)}
	var err error
	if v.Product, err = h.cardOf(ctx, l.Product); err != nil {
		return View{}, err
	}
	if l.Assignee != "" {
		name, err := h.nameOf(ctx, l.Assignee)
		if err != nil {
			return View{}, err
		}
		v.Assignee = &staffView{l.Assignee, name}
	}
	return v, nil
}

// answer is a lead with its history.
func (h *handler) answer(ctx context.Context, l lead.Lead, err error) (*web.Out[wholeView], error) {
	if err != nil {
		return nil, err
	}
	out := wholeView{Events: []eventView{}}
	if out.View, err = h.viewOf(ctx, l); err != nil {
		return nil, err
	}
	for _, e := range l.Events {
		name, err := h.nameOf(ctx, e.Who)
		if err != nil {
			return nil, err
		}
		out.Events = append(out.Events, eventView{e.At, e.Event, name, e.Note})
	}
	return web.Answer(out, nil)
}

type listInput struct {
	shop.In
	web.Paged
	State string `query:"state" enum:"new,assigned,contacted,viewing,won,lost,withdrawn"`
	Mine  bool   `query:"mine" doc:"Only those that I look after"`
	Show  string `query:"show" maxLength:"60" doc:"Only those that were left in a show"`
}

type countView struct {
	State lead.State `json:"state" enum:"new,assigned,contacted,viewing,won,lost,withdrawn"`
	Leads int64      `json:"leads"`
}

type listView struct {
	page.Of[View]
	Counts []countView `json:"counts" nullable:"false" doc:"Of the shop, or of the show"`
	Staff  []staffView `json:"staff" nullable:"false" doc:"Who can look after a lead"`
	Me     string      `json:"me" doc:"Who asks"`
}

func (h *handler) list(ctx context.Context, in *listInput) (*web.Out[listView], error) {
	f := lead.Filter{State: lead.State(in.State), Show: in.Show}
	me := web.Who(ctx).Person
	if in.Mine {
		f.Assignee = me
	}
	var err error
	if f.After, err = page.Parse(in.After); err != nil {
		return nil, err
	}
	rows, err := h.Leads.List(ctx, in.Shop, f, 30)
	if err != nil {
		return nil, err
	}
	out := listView{Of: page.Of[View]{Items: []View{}, Next: rows.Next}, Counts: []countView{}, Staff: []staffView{}, Me: me}
	for _, l := range rows.Items {
		v, err := h.viewOf(ctx, l)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, v)
	}
	counts, err := h.Leads.Counts(ctx, in.Shop, in.Show)
	if err != nil {
		return nil, err
	}
	for _, s := range lead.States {
		out.Counts = append(out.Counts, countView{s, counts[s]})
	}
	staff, err := h.Leads.Staff(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	for _, person := range staff {
		name, err := h.nameOf(ctx, person)
		if err != nil {
			return nil, err
		}
		out.Staff = append(out.Staff, staffView{person, name})
	}
	return web.Answer(out, nil)
}

func (h *handler) get(ctx context.Context, in *OneInput) (*web.Out[wholeView], error) {
	l, err := h.Leads.GetForShop(ctx, in.Shop, in.ID)
	return h.answer(ctx, l, err)
}

func (h *handler) claim(ctx context.Context, in *OneInput) (*web.Out[wholeView], error) {
	l, err := h.Leads.Claim(ctx, in.Shop, in.ID, web.Who(ctx).Person)
	return h.answer(ctx, l, err)
}

type assignLeadInput struct {
	OneInput
	Body struct {
		Person string `json:"person" maxLength:"60"`
	}
}

func (h *handler) assign(ctx context.Context, in *assignLeadInput) (*web.Out[wholeView], error) {
	l, err := h.Leads.Assign(ctx, in.Shop, in.ID, web.Who(ctx).Person, in.Body.Person)
	return h.answer(ctx, l, err)
}

type leadStepInput struct {
	OneInput
	Body struct {
		To         string `json:"to" enum:"contacted,viewing,won,lost"`
		Reason     string `json:"reason,omitempty" enum:"price,elsewhere,sold,unreachable,junk,duplicate,other" doc:"Why it was lost"`
		PriceMinor int64  `json:"price_minor,omitempty" minimum:"0" maximum:"100000000000000" doc:"What it was sold for"`
		Note       string `json:"note,omitempty" maxLength:"2000"`
	}
}

func (h *handler) move(ctx context.Context, in *leadStepInput) (*web.Out[wholeView], error) {
	b := in.Body
	l, err := h.Leads.Move(ctx, in.Shop, in.ID, web.Who(ctx).Person, lead.Step{To: lead.State(b.To), Reason: lead.Reason(b.Reason), Price: b.PriceMinor, Note: b.Note})
	return h.answer(ctx, l, err)
}

type leadNoteInput struct {
	OneInput
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"2000"`
	}
}

func (h *handler) note(ctx context.Context, in *leadNoteInput) (*web.Out[wholeView], error) {
	l, err := h.Leads.Note(ctx, in.Shop, in.ID, web.Who(ctx).Person, in.Body.Text)
	return h.answer(ctx, l, err)
}

// all goes through every lead of a shop, the newest first.
func (h *handler) all(ctx context.Context, shopID string) iter.Seq2[lead.Lead, error] {
	return page.All(func(after page.Cursor) (page.Of[lead.Lead], error) {
		return h.Leads.List(ctx, shopID, lead.Filter{After: after}, 200)
	})
}

// export streams the whole list.
func (h *handler) export(w http.ResponseWriter, r *http.Request) {
	ctx, shopID := r.Context(), r.PathValue("shop")
	person, err := web.Person(ctx)
	if err == nil {
		err = h.Shops.Require(ctx, shopID, person, shop.Orders)
	}
	if err != nil {
		web.WriteProblem(w, r, h.Log, err)
		return
	}
	language := web.LanguageOf(ctx)
	web.Table(w, r, h.Log, "leads.csv", func(w io.Writer) error {
		return lead.WriteCSV(w, h.all(ctx, shopID), func(l lead.Lead) (string, string, error) {
			card, err := h.cardOf(ctx, l.Product)
			if err != nil {
				return "", "", err
			}
			title := ""
			if card != nil {
				title = card.Title.Pick(language)
			}
			name, err := h.nameOf(ctx, l.Assignee)
			return title, name, err
		})
	})
}
