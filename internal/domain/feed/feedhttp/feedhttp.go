// Package feedhttp is the door of Discover: for those who watch, for everybody
// who wants to know how it chooses, and for the operator.
package feedhttp

import (
	"context"
	"net/http"
	"time"

	"github.com/openstall/openstall/internal/domain/feed"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

// Parts are what the door works with. V is how a video is seen.
type Parts[V any] struct {
	Feed *feed.Service
	// View prepares a video for a person, "" for nobody; false if there is no such
	// video for them.
	View func(ctx context.Context, video, person string) (V, bool, error)
	// Caption is what is said of a video, "" when there is none any more.
	Caption func(ctx context.Context, video string) (string, error)
	// ShopName names a shop.
	ShopName func(ctx context.Context, shop string) (text.Local, error)
	Now      clock.Now
}

type handler[V any] struct {
	Parts[V]
	limit *web.Limiter
}

// Mount adds the operations to api.
func Mount[V any](api *web.API, p Parts[V]) {
	h := &handler[V]{p, web.NewLimiter(200*time.Millisecond, 300, p.Now)}
	web.Handle(api, web.Anyone, "POST /v1/discover/pages", "discover-page", "The next items of Discover, which count as shown", h.page, web.Status(http.StatusOK))
	web.Handle(api, web.Anyone, "POST /v1/videos/{id}/watch", "watch-video", "For how long a video from Discover was watched", h.watch)
	web.Handle(api, web.Anyone, "PUT /v1/videos/{id}/not-interested", "not-interested", "Never show a video again in Discover", h.notInterested)
	web.Handle(api, web.Anyone, "DELETE /v1/videos/{id}/not-interested", "interested", "Take that back", h.interested)
	web.Handle(api, web.Anyone, "POST /v1/videos/{id}/reports", "complain-video", "Report a video", h.complain)
	web.Handle(api, web.Anyone, "GET /v1/mutes", "discover-mutes", "Shops and topics that the viewer does not want in Discover", h.mutes)
	web.Handle(api, web.Anyone, "PUT /v1/mutes/{kind}/{target}", "mute-discover", "Take a shop or a topic out of Discover", h.mute)
	web.Handle(api, web.Anyone, "DELETE /v1/mutes/{kind}/{target}", "unmute-discover", "Let it in again", h.unmute)
	web.Handle(api, web.Anyone, "GET /v1/discover/settings", "discover-settings", "What the viewer wants of Discover", h.settings)
	web.Handle(api, web.Anyone, "PUT /v1/discover/settings", "set-discover", "Change that", h.setSettings)
	web.Handle(api, web.Anyone, "GET /v1/discover/how", "discover-how", "How Discover works, made from its configuration", h.how)
	web.Handle(api, web.Anyone, "GET /v1/discover/fairness", "discover-fairness", "What Discover was for creators, day by day", h.fairness)
	web.Handle(api, web.Anyone, "GET /v1/discover/time", "discover-time", "The time the viewer spent in Discover, of the last seven days", h.time)
	h.operator(api)
}

func viewer(ctx context.Context) feed.Viewer {
	w := web.Who(ctx)
	return feed.Viewer{Person: w.Person, Browser: w.Viewer}
}

// Reason is why an item is here, as true as when it was chosen.
type Reason struct {
	Kind      string     `json:"kind" enum:"floor,turn,quality,affinity"`
	Fits      bool       `json:"fits" doc:"Among several with the same claim it came first because it fits the taste of the viewer, who asked for that"`
	Left      int        `json:"left,omitempty" doc:"Shows it was still owed, this one too"`
	Rank      int        `json:"rank,omitempty" doc:"Place among what others watched long"`
	LineFirst bool       `json:"line_first_today" doc:"Nothing of its line of business had come up for the viewer before on this day"`
	Line      text.Local `json:"line" doc:"Its line of business"`
}

type item[V any] struct {
	Video  V      `json:"video"`
	Number int    `json:"number" doc:"In this session, from 1"`
	Reason Reason `json:"reason"`
}

type sheet[V any] struct {
	Items      []item[V]  `json:"items" nullable:"false"`
	Shown      int        `json:"shown" doc:"Items of this session with this page"`
	Of         int        `json:"of" doc:"Items of a whole session"`
	End        bool       `json:"end" doc:"The session is over; there may be fewer items than a whole session has"`
	More       bool       `json:"more" doc:"It is over and another may begin at once, if the viewer asks"`
	QuietUntil *time.Time `json:"quiet_until,omitempty" doc:"These are the quiet hours of the viewer: nothing is shown"`
}

type pageInput struct {
	Body struct {
		Again bool `json:"again,omitempty" doc:"Begin another session after the end of one"`
	}
}

var kinds = map[feed.Kind]string{feed.Floor: "floor", feed.Turn: "turn", feed.Quality: "quality", feed.Affinity: "affinity"}

func (h *handler[V]) page(ctx context.Context, in *pageInput) (*web.Out[sheet[V]], error) {
	// A viewer costs nothing to invent, a show of the floor is worth something.
	if err := h.limit.Allow(web.ClientIP(ctx)); err != nil {
		return nil, err
	}
	s, err := h.Feed.Page(ctx, viewer(ctx), feed.PageSize, in.Body.Again)
	if err != nil {
		return nil, err
	}
	out := sheet[V]{Items: []item[V]{}, Shown: s.Shown, Of: s.Of, End: s.End, More: s.More, QuietUntil: clock.Ptr(s.QuietUntil)}
	for _, it := range s.Items {
		v, ok, err := h.View(ctx, it.Video, web.Who(ctx).Person)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue // withdrawn a moment ago
		}
		r := Reason{Kind: kinds[it.Reason.Kind], Fits: it.Reason.Fits, LineFirst: it.LineFirst}
		if pack, err := shop.PackOf(it.Line); err == nil {
			r.Line = pack.Name
		}
		switch it.Reason.Kind {
		case feed.Floor:
			r.Left = int(it.Reason.Key)
		case feed.Quality:
			r.Rank = int(it.Reason.Key)
		}
		out.Items = append(out.Items, item[V]{v, it.Number, r})
	}
	return web.Answer(out, nil)
}

type idInput struct {
	ID string `path:"id" maxLength:"40"`
}

type watchInput struct {
	ID   string `path:"id" maxLength:"40"`
	Body struct {
		Seconds float64 `json:"seconds" minimum:"0" maximum:"86400" doc:"Played since the video came up; more than the film has, or than has passed, is not believed"`
	}
}

func (h *handler[V]) watch(ctx context.Context, in *watchInput) (*web.None, error) {
	return nil, h.Feed.Watch(ctx, viewer(ctx), in.ID, time.Duration(in.Body.Seconds*float64(time.Second)))
}

func (h *handler[V]) notInterested(ctx context.Context, in *idInput) (*web.None, error) {
	return nil, h.Feed.NotInterested(ctx, viewer(ctx), in.ID, true)
}

func (h *handler[V]) interested(ctx context.Context, in *idInput) (*web.None, error) {
	return nil, h.Feed.NotInterested(ctx, viewer(ctx), in.ID, false)
}

type complainInput struct {
	ID   string `path:"id" maxLength:"40"`
	Body struct {
		Reason string `json:"reason" enum:"illegal,fraud,violent,sexual,hateful,copied,other"`
		Words  string `json:"words,omitempty" maxLength:"500"`
	}
}

func (h *handler[V]) complain(ctx context.Context, in *complainInput) (*web.None, error) {
	if err := h.limit.Allow(web.ClientIP(ctx)); err != nil {
		return nil, err
	}
	return nil, h.Feed.Report(ctx, viewer(ctx), feed.Complaint{Video: in.ID, Reason: in.Body.Reason, Words: text.Lines(in.Body.Words)})
}

type mutedShop struct {
	ID   string     `json:"id"`
	Name text.Local `json:"name"`
}

type mutes struct {
	Shops  []mutedShop `json:"shops" nullable:"false"`
	Topics []string    `json:"topics" nullable:"false"`
}

func (h *handler[V]) mutes(ctx context.Context, _ *web.None) (*web.Out[mutes], error) {
	shops, topics, err := h.Feed.Muted(ctx, viewer(ctx))
	if err != nil {
		return nil, err
	}
	out := mutes{Shops: []mutedShop{}, Topics: append([]string{}, topics...)}
	for _, id := range shops {
		name, err := h.ShopName(ctx, id)
		if err != nil {
			return nil, err
		}
		out.Shops = append(out.Shops, mutedShop{id, name})
	}
	return web.Answer(out, nil)
}

type muteInput struct {
	Kind   string `path:"kind" enum:"shop,topic"`
	Target string `path:"target" maxLength:"200" doc:"Id of a shop, or a topic"`
}

func (h *handler[V]) set(ctx context.Context, in *muteInput, on bool) error {
	if in.Kind == "shop" {
		return h.Feed.MuteShop(ctx, viewer(ctx), in.Target, on)
	}
	return h.Feed.MuteTopic(ctx, viewer(ctx), in.Target, on)
}

func (h *handler[V]) mute(ctx context.Context, in *muteInput) (*web.None, error) {
	return nil, h.set(ctx, in, true)
}

func (h *handler[V]) unmute(ctx context.Context, in *muteInput) (*web.None, error) {
	return nil, h.set(ctx, in, false)
}

type hours struct {
	From string `json:"from" maxLength:"5" doc:"Time of day such as 22:00, in the time zone of the market"`
	To   string `json:"to" maxLength:"5"`
}

type settings struct {
	Autoplay bool   `json:"autoplay" doc:"The next video begins by itself; off unless switched on, and always for young viewers"`
	Taste    int    `json:"taste_percent" minimum:"0" maximum:"40" multipleOf:"10" doc:"Share of the list that is chosen by taste alone; always 0 for young viewers"`
	Quiet    *hours `json:"night_quiet,omitempty" doc:"Hours in which Discover shows nothing"`
	Young    bool   `json:"young" doc:"The viewer is young, or a guardian says so; of who is signed in this is said with their privacy"`
}

func settingsOf(s feed.Settings) settings {
	out := settings{Autoplay: s.Autoplay, Taste: s.TastePercent, Young: s.Young}
	if s.QuietFrom != "" {
		out.Quiet = &hours{s.QuietFrom, s.QuietTo}
	}
	return out
}

func (h *handler[V]) settings(ctx context.Context, _ *web.None) (*web.Out[settings], error) {
	s, err := h.Feed.Settings(ctx, viewer(ctx))
	return web.Answer(settingsOf(s), err)
}

type settingsInput struct{ Body settings }

func (h *handler[V]) setSettings(ctx context.Context, in *settingsInput) (*web.Out[settings], error) {
	next := feed.Settings{Autoplay: in.Body.Autoplay, TastePercent: in.Body.Taste, Young: in.Body.Young}
	if q := in.Body.Quiet; q != nil {
		next.QuietFrom, next.QuietTo = q.From, q.To
	}
	s, err := h.Feed.SetSettings(ctx, viewer(ctx), next)
	return web.Answer(settingsOf(s), err)
}

func (h *handler[V]) how(context.Context, *web.None) (*web.Out[feed.How], error) {
	return web.Answer(h.Feed.How(), nil)
}

func (h *handler[V]) fairness(ctx context.Context, _ *web.None) (*web.Out[page.Of[feed.Fairness]], error) {
	days, err := h.Feed.Fairness(ctx)
	return web.Answer(page.Of[feed.Fairness]{Items: days}, err)
}

type spent struct {
	Day     string `json:"day"`
	Seconds int64  `json:"seconds"`
}

func (h *handler[V]) time(ctx context.Context, _ *web.None) (*web.Out[page.Of[spent]], error) {
	days, err := h.Feed.Time(ctx, viewer(ctx))
	out := page.Of[spent]{Items: []spent{}}
	for _, d := range days {
		out.Items = append(out.Items, spent{d.Day, int64(d.Watched / time.Second)})
	}
	return web.Answer(out, err)
}
