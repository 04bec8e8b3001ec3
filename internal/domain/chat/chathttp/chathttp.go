// Package chathttp is the door of comments: for viewers, and for hosts who keep
// order.
package chathttp

import (
	"context"
	"net/http"
	"time"

	"github.com/openstall/openstall/internal/domain/chat"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/web"
)

// Parts are what the door works with.
type Parts struct {
	Chat  *chat.Service
	Shops *shop.Service
	Shows *show.Service
	// Block hides a person from another; see [social.Service.Block].
	Block func(ctx context.Context, person, other string) error
}

type handler struct{ Parts }

// Mount adds the operations.
func Mount(api *web.API, p Parts) {
	h := handler{p}
	web.Handle(api, web.SignedIn, "POST /v1/shows/{id}/comments", "comment", "Say something in a room", h.say)
	web.Handle(api, web.Anyone, "GET /v1/shows/{id}/comments", "comments", "What was said in a part of a show", h.between)
	web.Handle(api, web.SignedIn, "GET /v1/shows/{id}/blocked", "blocked-in-room", "How those speak in a room whom I have blocked", h.blocked)
	web.Handle(api, web.SignedIn, "PUT /v1/shows/{id}/comments/{comment}/speaker/block", "block-speaker", "See and hear no more of whoever said this", h.block, web.Status(http.StatusOK))
	const held = "/v1/merchant/shops/{shop}/held-words"
	web.Handle(api, web.SignedIn, "GET "+held, "held-words", "Words for which comments are held", h.words)
	web.Handle(api, web.SignedIn, "PUT "+held, "set-held-words", "Choose the words for which comments are held", h.setWords)
	const base = "/v1/merchant/shops/{shop}/shows/{id}"
	web.Handle(api, web.SignedIn, "GET "+base+"/comments", "host-comments", "Everything that was said, also what is held", h.list)
	web.Handle(api, web.SignedIn, "POST "+base+"/comments", "host-comment", "Say something as the stall", h.sayAsHost)
	web.Handle(api, web.SignedIn, "DELETE "+base+"/comments/{comment}", "remove-comment", "Take a comment out of the room", h.remove)
	web.Handle(api, web.SignedIn, "POST "+base+"/comments/{comment}/let-through", "let-comment-through", "Show a held comment", h.letThrough)
	web.Handle(api, web.SignedIn, "POST "+base+"/comments/{comment}/pin", "pin-comment", "Keep a comment in sight", h.pin)
	web.Handle(api, web.SignedIn, "DELETE "+base+"/comments/{comment}/pin", "unpin-comment", "Let go of the pinned comment", h.unpin)
	web.Handle(api, web.SignedIn, "POST "+base+"/mutes", "mute", "Keep a person from commenting for a while", h.mute)
}

type words struct {
	Text string `json:"text" minLength:"1" maxLength:"400"`
}

type sayInput struct {
	ID   string `path:"id" maxLength:"40"`
	Body words
}

func (h handler) say(ctx context.Context, in *sayInput) (*web.Out[chat.View], error) {
	return h.spoken(ctx, in.ID, in.Body.Text)
}

func (h handler) spoken(ctx context.Context, showID, text string) (*web.Out[chat.View], error) {
	c, err := h.Chat.Say(ctx, showID, web.Who(ctx).Person, text)
	v := c.Public()
	v.Mine = true
	if c.Claim != nil {
		of := c.Claim.View()
		v.Claim = &of
	}
	return web.Answer(v, err)
}

type idInput struct {
	ID string `path:"id" maxLength:"40"`
}

type blocked struct {
	By []string `json:"by" nullable:"false" doc:"As the comments of this show have it"`
}

func (h handler) blocked(ctx context.Context, in *idInput) (*web.Out[blocked], error) {
	who := web.Who(ctx).Person
	if err := h.Shows.Sees(ctx, h.Shops, in.ID, who); err != nil {
		return nil, err
	}
	by, err := h.Chat.BlockedIn(ctx, in.ID, who)
	return web.Answer(blocked{by}, err)
}

type speakerInput struct {
	ID      string `path:"id" maxLength:"40"`
	Comment string `path:"comment" maxLength:"40"`
}

type speaker struct {
	By string `json:"by" doc:"As the comments of this show have it"`
}

func (h handler) block(ctx context.Context, in *speakerInput) (*web.Out[speaker], error) {
	who := web.Who(ctx).Person
	if err := h.Shows.Sees(ctx, h.Shops, in.ID, who); err != nil {
		return nil, err
	}
	person, by, err := h.Chat.Speaker(ctx, in.ID, in.Comment)
	if err == nil {
		err = h.Block(ctx, who, person)
	}
	return web.Answer(speaker{by}, err)
}

type betweenInput struct {
	ID   string `path:"id" maxLength:"40"`
	From int64  `query:"from_second" minimum:"0"`
	To   int64  `query:"to_second" minimum:"0" default:"60"`
}

func (h handler) between(ctx context.Context, in *betweenInput) (*web.Out[page.Of[chat.View]], error) {
	if err := h.Shows.Sees(ctx, h.Shops, in.ID, web.Who(ctx).Person); err != nil {
		return nil, err
	}
	rows, err := h.Chat.Between(ctx, in.ID, web.Who(ctx).Person, in.From, in.To)
	out := page.Of[chat.View]{Items: make([]chat.View, len(rows))}
	for i, c := range rows {
		out.Items[i] = c.Public()
		out.Items[i].Mine = c.Person == web.Who(ctx).Person
	}
	return web.Answer(out, err)
}

// ShowPath is a show of a shop. It is exported because parameters of unexported
// embedded structs are not read.
type ShowPath struct {
	Shop string `path:"shop" maxLength:"40"`
	ID   string `path:"id" maxLength:"40"`
}

// may says whether the asker keeps order in the room.
func (h handler) may(ctx context.Context, p ShowPath) error {
	if err := h.Shops.Require(ctx, p.Shop, web.Who(ctx).Person, shop.See); err != nil {
		return err
	}
	_, err := h.Shows.GetOf(ctx, p.Shop, p.ID)
	return err
}

type listInput struct {
	ShowPath
	web.Paged
}

func (h handler) list(ctx context.Context, in *listInput) (*web.Out[page.Of[chat.View]], error) {
	if err := h.may(ctx, in.ShowPath); err != nil {
		return nil, err
	}
	after, err := page.Parse(in.After)
	if err != nil {
		return nil, err
	}
	rows, err := h.Chat.ForHost(ctx, in.ID, after, 100)
	out := page.Of[chat.View]{Items: make([]chat.View, len(rows.Items)), Next: rows.Next}
	for i, c := range rows.Items {
		out.Items[i] = c.ForHost()
	}
	return web.Answer(out, err)
}

type hostSayInput struct {
	ShowPath
	Body words
}

func (h handler) sayAsHost(ctx context.Context, in *hostSayInput) (*web.Out[chat.View], error) {
	if err := h.may(ctx, in.ShowPath); err != nil {
		return nil, err
	}
	return h.spoken(ctx, in.ID, in.Body.Text)
}

type commentInput struct {
	ShowPath
	Comment string `path:"comment" maxLength:"40"`
}

func (h handler) remove(ctx context.Context, in *commentInput) (*web.None, error) {
	if err := h.may(ctx, in.ShowPath); err != nil {
		return nil, err
	}
	return nil, h.Chat.Remove(ctx, in.ID, in.Comment)
}

func (h handler) letThrough(ctx context.Context, in *commentInput) (*web.Out[chat.View], error) {
	if err := h.may(ctx, in.ShowPath); err != nil {
		return nil, err
	}
	c, err := h.Chat.LetThrough(ctx, in.ID, in.Comment)
	return web.Answer(c.ForHost(), err)
}

func (h handler) pin(ctx context.Context, in *commentInput) (*web.None, error) {
	if err := h.may(ctx, in.ShowPath); err != nil {
		return nil, err
	}
	return nil, h.Chat.Pin(ctx, in.ID, in.Comment)
}

func (h handler) unpin(ctx context.Context, in *commentInput) (*web.None, error) {
	if err := h.may(ctx, in.ShowPath); err != nil {
		return nil, err
	}
	return nil, h.Chat.Pin(ctx, in.ID, "")
}

type heldWords struct {
	Words []string `json:"words" nullable:"false" maxItems:"200"`
}

type shopInput struct {
	Shop string `path:"shop" maxLength:"40"`
}

func (h handler) words(ctx context.Context, in *shopInput) (*web.Out[heldWords], error) {
	if err := h.Shops.Require(ctx, in.Shop, web.Who(ctx).Person, shop.See); err != nil {
		return nil, err
	}
	list, err := h.Chat.Words(ctx, in.Shop)
	return web.Answer(heldWords{append([]string{}, list...)}, err)
}

type setWordsInput struct {
	Shop string `path:"shop" maxLength:"40"`
	Body heldWords
}

func (h handler) setWords(ctx context.Context, in *setWordsInput) (*web.Out[heldWords], error) {
	who := web.Who(ctx).Person
	if err := h.Shops.Require(ctx, in.Shop, who, shop.See); err != nil {
		return nil, err
	}
	list, err := h.Chat.SetWords(ctx, in.Shop, who, in.Body.Words)
	return web.Answer(heldWords{list}, err)
}

type muteInput struct {
	ShowPath
	Body struct {
		Person  string `json:"person" maxLength:"40"`
		Minutes int64  `json:"minutes" minimum:"0" maximum:"43200" doc:"0 lets the person speak again"`
		Reason  string `json:"reason" maxLength:"200"`
	}
}

func (h handler) mute(ctx context.Context, in *muteInput) (*web.None, error) {
	if err := h.may(ctx, in.ShowPath); err != nil {
		return nil, err
	}
	return nil, h.Chat.Mute(ctx, in.Shop, in.Body.Person, web.Who(ctx).Person, in.Body.Reason, time.Duration(in.Body.Minutes)*time.Minute)
}
