package showhttp

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/picture"
	"github.com/openstall/openstall/internal/platform/web"
)

func (h *handler) merchant(api *web.API) {
	const base = "/v1/merchant/shops/{shop}"
	web.Handle(api, web.SignedIn, "GET "+base+"/stream-key", "stream-key", "Is there a stream key", shop.Guard(h.Shops, shop.Shows, h.key))
	web.Handle(api, web.SignedIn, "POST "+base+"/stream-key/rotate", "rotate-stream-key", "A new stream key, shown once", shop.Guard(h.Shops, shop.Manage, h.rotate))
	web.Handle(api, web.SignedIn, "GET "+base+"/shows", "my-shows", "Shows of a shop", shop.Guard(h.Shops, shop.See, h.list))
	web.Handle(api, web.SignedIn, "POST "+base+"/shows", "plan-show", "Plan a show", shop.Guard(h.Shops, shop.Shows, h.plan), web.Status(201))
	web.Handle(api, web.SignedIn, "GET "+base+"/shows/{id}", "my-show", "A show as its shop sees it", shop.Guard(h.Shops, shop.See, h.get))
	web.Handle(api, web.SignedIn, "PATCH "+base+"/shows/{id}", "set-show", "Change the plan of a show", shop.Guard(h.Shops, shop.Shows, h.set))
	web.Handle(api, web.SignedIn, "PUT "+base+"/shows/{id}/bag", "set-bag", "What a show sells", shop.Guard(h.Shops, shop.Shows, h.setBag))
	web.Handle(api, web.SignedIn, "POST "+base+"/shows/{id}/practice", "practise-show", "Open for the shop's eyes only", shop.Guard(h.Shops, shop.Shows, h.practise))
	web.Handle(api, web.SignedIn, "POST "+base+"/shows/{id}/start", "start-show", "Go live", shop.Guard(h.Shops, shop.Shows, h.start))
	web.Handle(api, web.SignedIn, "POST "+base+"/shows/{id}/end", "end-show", "End the show or the practice", shop.Guard(h.Shops, shop.Shows, h.end))
	web.Handle(api, web.SignedIn, "POST "+base+"/shows/{id}/cancel", "cancel-show", "Call a show off", shop.Guard(h.Shops, shop.Shows, h.cancel))
	web.Handle(api, web.SignedIn, "POST "+base+"/shows/{id}/pin", "pin", "Show a number over the picture", shop.Guard(h.Shops, shop.Shows, h.pin))
	web.Handle(api, web.SignedIn, "POST "+base+"/shows/{id}/explain", "explain", "Start or stop to explain a number", shop.Guard(h.Shops, shop.Shows, h.explain))
	web.Handle(api, web.SignedIn, "PATCH "+base+"/shows/{id}/room", "set-room", "Rules of the comments", shop.Guard(h.Shops, shop.Orders, h.setRoom))
	web.Handle(api, web.SignedIn, "POST "+base+"/shows/{id}/quick-listing", "quick-listing", "Sell what just came in", shop.Guard(h.Shops, shop.Shows, h.quick), web.Status(201), web.MaxBody(picture.MaxBytes+1<<16))
	web.Handle(api, web.SignedIn, "POST "+base+"/shows/{id}/publish-ticket", "publish-ticket", "Send pictures from this browser", shop.Guard(h.Shops, shop.Shows, h.ticket))
	web.Handle(api, web.SignedIn, "GET "+base+"/shows/{id}/figures", "show-figures", "Figures of a show", shop.Guard(h.Shops, shop.See, h.figures))
	web.Handle(api, web.SignedIn, "GET "+base+"/figures", "shop-figures", "Figures of a shop by day", shop.Guard(h.Shops, shop.See, h.shopFigures))
}

type keyView struct {
	Exists    bool       `json:"exists"`
	Hint      string     `json:"hint,omitempty"`
	CreatedAt *time.Time `json:"created_at,omitempty"`
	RTMPURL   string     `json:"rtmp_url"`
	WHIPURL   string     `json:"whip_url"`
	Key       string     `json:"key,omitempty" doc:"Only in the answer to a rotation"`
}

func (h *handler) key(ctx context.Context, in *shop.In) (*web.Out[keyView], error) {
	k, err := h.Shows.KeyOf(ctx, in.Shop)
	v := keyView{Exists: k.Exists, Hint: k.Hint}
	if k.Exists {
		v.CreatedAt = &k.CreatedAt
	}
	host, _ := web.Site(ctx)
	v.RTMPURL, v.WHIPURL = h.Studio.Ingest(host)
	return web.Answer(v, err)
}

func (h *handler) rotate(ctx context.Context, in *shop.In) (*web.Out[keyView], error) {
	key, err := h.Shows.RotateKey(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	out, err := h.key(ctx, in)
	if err == nil {
		out.Body.Key = key
	}
	return out, err
}

type listInput struct {
	shop.In
	web.Paged
}

func (h *handler) list(ctx context.Context, in *listInput) (*web.Out[page.Of[Card]], error) {
	after, err := page.Parse(in.After)
	if err != nil {
		return nil, err
	}
	rows, err := h.Shows.OfShop(ctx, in.Shop, after, 30)
	if err != nil {
		return nil, err
	}
	cards, err := h.cards(ctx, rows.Items)
	return web.Answer(page.Of[Card]{Items: cards, Next: rows.Next}, err)
}

type planBody struct {
	Title    text.Local `json:"title"`
	StartsAt *time.Time `json:"starts_at,omitempty"`
	HostName string     `json:"host_name,omitempty" maxLength:"80"`
	PartMS   int64      `json:"part_ms,omitempty" enum:"0,200,500"`
}

func (b planBody) plan() show.Plan {
	p := show.Plan{Title: b.Title, HostName: b.HostName, PartMS: b.PartMS}
	if b.StartsAt != nil {
		p.StartsAt = b.StartsAt.UTC().Truncate(time.Millisecond)
	}
	return p
}

type planInput struct {
	shop.In
	Body planBody
}

// stage is a show as its shop sees it.
type stage struct {
	View
	Stream Stats `json:"stream"`
}

func (h *handler) stageOf(ctx context.Context, s show.Show, err error) (*web.Out[stage], error) {
	if err != nil {
		return nil, err
	}
	v, err := h.viewOf(ctx, s, web.Who(ctx).Person)
	return web.Answer(stage{v, h.Studio.Stats(s.ID)}, err)
}

func (h *handler) plan(ctx context.Context, in *planInput) (*web.Out[stage], error) {
	s, err := h.Shows.Create(ctx, in.Shop, in.Body.plan())
	return h.stageOf(ctx, s, err)
}

type ShowInput struct {
	shop.In
	ID string `path:"id" maxLength:"60"`
}

func (h *handler) get(ctx context.Context, in *ShowInput) (*web.Out[stage], error) {
	s, err := h.Shows.GetOf(ctx, in.Shop, in.ID)
	return h.stageOf(ctx, s, err)
}

type setInput struct {
	ShowInput
	Body planBody
}

func (h *handler) set(ctx context.Context, in *setInput) (*web.Out[stage], error) {
	s, err := h.Shows.Update(ctx, in.Shop, in.ID, in.Body.plan())
	return h.stageOf(ctx, s, err)
}

type bagInput struct {
	ShowInput
	Body struct {
		Items []struct {
			Number   int    `json:"number" minimum:"1" maximum:"999"`
			Product  string `json:"product" maxLength:"60"`
			SetAside int64  `json:"set_aside,omitempty" minimum:"0" maximum:"1000000"`
		} `json:"items" maxItems:"100" nullable:"false"`
	}
}

func (h *handler) setBag(ctx context.Context, in *bagInput) (*web.Out[stage], error) {
	var items []show.Item
	for _, it := range in.Body.Items {
		items = append(items, show.Item{Number: it.Number, Product: it.Product, SetAside: it.SetAside})
	}
	s, err := h.Shows.SetBag(ctx, in.Shop, in.ID, items)
	return h.stageOf(ctx, s, err)
}

func (h *handler) practise(ctx context.Context, in *ShowInput) (*web.Out[stage], error) {
	s, err := h.Shows.Practise(ctx, in.Shop, in.ID)
	return h.stageOf(ctx, s, err)
}

func (h *handler) start(ctx context.Context, in *ShowInput) (*web.Out[stage], error) {
	s, err := h.Shows.Start(ctx, in.Shop, in.ID)
	if err == nil {
		h.Studio.Start(s.ID)
	}
	return h.stageOf(ctx, s, err)
}

func (h *handler) end(ctx context.Context, in *ShowInput) (*web.Out[stage], error) {
	s, err := h.Shows.End(ctx, in.Shop, in.ID)
	if err != nil {
		return nil, err
	}
	h.Studio.End(s.ID)
	s, err = h.Shows.Get(ctx, s.ID) // the replay may be ready already
	return h.stageOf(ctx, s, err)
}

func (h *handler) cancel(ctx context.Context, in *ShowInput) (*web.Out[stage], error) {
	s, err := h.Shows.Cancel(ctx, in.Shop, in.ID)
	return h.stageOf(ctx, s, err)
}

type numberInput struct {
	ShowInput
	Body struct {
		Number *int `json:"number" minimum:"1" maximum:"999" doc:"null takes it away"`
	}
}

func (in numberInput) number() int {
	if in.Body.Number == nil {
		return 0
	}
	return *in.Body.Number
}

func (h *handler) pin(ctx context.Context, in *numberInput) (*web.Out[stage], error) {
	s, err := h.Shows.Pin(ctx, in.Shop, in.ID, in.number())
	return h.stageOf(ctx, s, err)
}

func (h *handler) explain(ctx context.Context, in *numberInput) (*web.Out[stage], error) {
	s, err := h.Shows.Explain(ctx, in.Shop, in.ID, in.number())
	return h.stageOf(ctx, s, err)
}

type roomInput struct {
	ShowInput
	Body struct {
		SlowModeSeconds *int  `json:"slow_mode_seconds,omitempty" minimum:"0" maximum:"600"`
		CommentsOff     *bool `json:"comments_off,omitempty"`
	}
}

func (h *handler) setRoom(ctx context.Context, in *roomInput) (*web.Out[stage], error) {
	var slow *time.Duration
	if in.Body.SlowModeSeconds != nil {
		d := time.Duration(*in.Body.SlowModeSeconds) * time.Second
		slow = &d
	}
	s, err := h.Shows.SetRoom(ctx, in.Shop, in.ID, slow, in.Body.CommentsOff)
	return h.stageOf(ctx, s, err)
}

type quickForm struct {
	Photo      huma.FormFile   `form:"photo" required:"true"`
	Title      string          `form:"title" required:"true" maxLength:"80"`
	PriceMinor int64           `form:"price_minor" required:"true" minimum:"0"`
	Stock      int64           `form:"stock" required:"true" minimum:"0" maximum:"1000000"`
	Measure    catalog.Measure `form:"measure" enum:"piece,weight"`
	Locale     string          `form:"locale" enum:"en,zh"`
}

type quickInput struct {
	ShowInput
	RawBody huma.MultipartFormFiles[quickForm]
}

// quick puts something that just came in on sale: photo, words, price, stock.
// The pack's duties can be filled in later; the product says so by having none.
func (h *handler) quick(ctx context.Context, in *quickInput) (*web.Out[bagItem], error) {
	f := in.RawBody.Data()
	defer f.Photo.Close()
	sh, err := h.Shops.Get(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	s, err := h.Shows.GetOf(ctx, in.Shop, in.ID)
	if err != nil {
		return nil, err
	}
	if f.Measure == "" {
		f.Measure = catalog.Piece
	}
	if f.Locale == "" {
		f.Locale = "en"
	}
	im := shop.Image{ID: id.New("img", h.Now()), Shop: in.Shop}
	info, err := picture.Save(ctx, h.Blobs, im.ID, f.Photo)
	if err != nil {
		return nil, err
	}
	im.Width, im.Height, im.Color = info.Width, info.Height, info.Color
	if err := h.Shops.SaveImage(ctx, im); err != nil {
		return nil, err
	}
	p, err := h.Catalog.List(ctx, sh, catalog.Form{Title: text.Local{f.Locale: f.Title}, Measure: f.Measure, Images: []string{im.ID}, State: catalog.Live,
		SKUs: []catalog.SKUForm{{PriceMinor: f.PriceMinor}}})
	if err != nil {
		return nil, err
	}
	if f.Stock > 0 {
		if _, err := h.Stock.Record(ctx, in.Shop, stock.Move{Key: "quick:" + p.ID, SKU: p.SKUs[0].ID, Set: &f.Stock, Reason: stock.Landed}); err != nil {
			return nil, err
		}
	}
	it, err := h.Shows.Add(ctx, in.Shop, in.ID, p.ID, 0)
	if err != nil {
		return nil, err
	}
	c, err := h.Shelf.Card(ctx, p.ID, bucket(s))
	return web.Answer(bagItem{Number: it.Number, Product: c}, err)
}

type ticketView struct {
	WHIPURL string `json:"whip_url"`
	Token   string `json:"token"`
}

func (h *handler) ticket(ctx context.Context, in *ShowInput) (*web.Out[ticketView], error) {
	s, err := h.Shows.GetOf(ctx, in.Shop, in.ID)
	if err != nil {
		return nil, err
	}
	if !s.State.OnAir() && s.State != show.Practice {
		return nil, show.ErrNoShow
	}
	return web.Answer(ticketView{h.Studio.WHIP(), h.Shows.Ticket(s.ID)}, nil)
}

type figures struct {
	Viewers      int64        `json:"viewers"`
	ViewersTotal int64        `json:"viewers_total"`
	Orders       int64        `json:"orders"`
	Reserved     money.Amount `json:"reserved"`
	Paid         money.Amount `json:"paid"`
	Comments     int64        `json:"comments"`
	Likes        int64        `json:"likes"`
	Contacts     int64        `json:"contacts"`
	Leads        int64        `json:"leads" doc:"People who said that they are interested"`
}

type minute struct {
	At      time.Time `json:"at"`
	Viewers int64     `json:"viewers"`
	Orders  int64     `json:"orders"`
}

type figuresView struct {
	Now      figures   `json:"now"`
	Minutes  []minute  `json:"minutes" nullable:"false"`
	Chapters []chapter `json:"chapters" nullable:"false"`
}

func (h *handler) figures(ctx context.Context, in *ShowInput) (*web.Out[figuresView], error) {
	s, err := h.Shows.GetOf(ctx, in.Shop, in.ID)
	if err != nil {
		return nil, err
	}
	sold, err := h.Orders.OfShow(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	sh, err := h.Shops.Get(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	comments, err := h.Chat.Count(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	room, err := h.Rooms.Figures(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	v := figuresView{Minutes: []minute{}, Now: figures{Viewers: room.Viewers, ViewersTotal: max(s.Viewers, room.ViewersTotal), Orders: sold.Orders,
		Reserved: money.Of(sold.Reserved, sh.Currency), Paid: money.Of(sold.Paid, sh.Currency), Comments: comments, Likes: max(s.Likes, room.Likes)}}
	if v.Now.Leads, err = h.Leads(ctx, s.ID); err != nil {
		return nil, err
	}
	if v.Now.Contacts, err = h.Contacts(ctx, s.ID); err != nil {
		return nil, err
	}
	minutes, err := h.Shows.Minutes(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	byMinute, err := h.Orders.ByMinute(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	for _, m := range minutes {
		v.Minutes = append(v.Minutes, minute{m.At, m.Viewers, byMinute[m.At.UnixMilli()]})
	}
	chapters, err := h.Shows.Chapters(ctx, s.ID)
	v.Chapters = h.chapters(s, chapters)
	return web.Answer(v, err)
}

type daysInput struct {
	shop.In
	Days int `query:"days" minimum:"1" maximum:"366" default:"30"`
}

type dayView struct {
	Day    string       `json:"day" format:"date"`
	Orders int64        `json:"orders"`
	Paid   money.Amount `json:"paid"`
}

type daysView struct {
	Days   []dayView `json:"days" nullable:"false"`
	Totals dayView   `json:"totals"`
}

// shopFigures sums the last days in the shop's time zone.
func (h *handler) shopFigures(ctx context.Context, in *daysInput) (*web.Out[daysView], error) {
	sh, err := h.Shops.Get(ctx, in.Shop)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(sh.TimeZone)
	if err != nil {
		return nil, errs.ErrInvalid.Because(err)
	}
	now := h.Now().In(zone)
	v := daysView{Days: []dayView{}, Totals: dayView{Paid: money.Of(0, sh.Currency)}}
	for back := in.Days - 1; back >= 0; back-- {
		from := time.Date(now.Year(), now.Month(), now.Day()-back, 0, 0, 0, 0, zone)
		f, err := h.Orders.OfShopBetween(ctx, in.Shop, from, from.AddDate(0, 0, 1))
		if err != nil {
			return nil, err
		}
		v.Days = append(v.Days, dayView{from.Format(time.DateOnly), f.Orders, money.Of(f.Paid, sh.Currency)})
		v.Totals.Orders += f.Orders
		v.Totals.Paid.Minor += f.Paid
	}
	v.Totals.Day = now.Format(time.DateOnly)
	return web.Answer(v, nil)
}
