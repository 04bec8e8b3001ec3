package videohttp

import (
	"context"
	"net/http"
	"time"

	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/platform/web"
)

func (h *handler) merchant(api *web.API) {
	const base = "/v1/merchant/shops/{shop}/videos"
	web.Handle(api, web.SignedIn, "POST "+base, "post-video", "Make a video of an upload, or a note of photos", shop.Guard(h.Shops, shop.Shows, h.create), web.Status(http.StatusCreated))
	web.Handle(api, web.SignedIn, "GET "+base, "my-videos", "All videos of a shop, the newest first", shop.Guard(h.Shops, shop.See, h.list))
	web.Handle(api, web.SignedIn, "GET "+base+"/{id}", "my-video", "A video as its shop sees it", shop.Guard(h.Shops, shop.See, h.mine))
	web.Handle(api, web.SignedIn, "PATCH "+base+"/{id}", "set-video", "Change what is said of a video", shop.Guard(h.Shops, shop.Shows, h.set))
	web.Handle(api, web.SignedIn, "POST "+base+"/{id}/publish", "publish-video", "Show a video, now or later", shop.Guard(h.Shops, shop.Shows, h.publish))
	web.Handle(api, web.SignedIn, "POST "+base+"/{id}/unpublish", "unpublish-video", "Withdraw a video, or its plan", shop.Guard(h.Shops, shop.Shows, h.unpublish))
	web.Handle(api, web.SignedIn, "POST "+base+"/{id}/cover", "cover-video", "Take a picture of the film as the cover", shop.Guard(h.Shops, shop.Shows, h.cover))
	web.Handle(api, web.SignedIn, "POST /v1/merchant/shops/{shop}/shows/{id}/clips", "clip-show", "Make a video of a part of a show", shop.Guard(h.Shops, shop.Shows, h.clip), web.Status(http.StatusCreated))
	web.Handle(api, web.SignedIn, "DELETE "+base+"/{id}", "delete-video", "Delete a video for ever", shop.Guard(h.Shops, shop.Shows, h.delete))
}

// Said is what a shop says of a video.
type Said struct {
	Caption    string           `json:"caption,omitempty" maxLength:"1000"`
	Topics     []string         `json:"topics,omitempty" maxItems:"20"`
	Language   string           `json:"language,omitempty" maxLength:"20"`
	Place      string           `json:"place,omitempty" maxLength:"200"`
	Rights     *video.Rights    `json:"rights,omitempty" doc:"Own if missing"`
	AI         bool             `json:"ai,omitempty"`
	Ad         bool             `json:"ad,omitempty"`
	Visibility video.Visibility `json:"visibility,omitempty" enum:"public,followers,friends,link" doc:"Public if missing"`
	Products   []string         `json:"products,omitempty" maxItems:"20" doc:"Ids of products of this shop, in order"`
	Show       string           `json:"show,omitempty" maxLength:"40" doc:"Id of a show to be reminded of, or to enter while it is on air"`
}

func (p Said) text() video.Text {
	t := video.Text{Caption: p.Caption, Topics: p.Topics, Language: p.Language, Place: p.Place, Rights: video.Rights{Kind: video.Own}, AI: p.AI, Ad: p.Ad,
		Visibility: p.Visibility, Products: p.Products, Show: p.Show}
	if p.Rights != nil {
		t.Rights = *p.Rights
	}
	if t.Visibility == "" {
		t.Visibility = video.Public
	}
	return t
}

type posting struct {
	Said
	Upload string   `json:"upload,omitempty" maxLength:"40" doc:"Id of a finished upload; without photos"`
	Photos []string `json:"photos,omitempty" maxItems:"9" doc:"Ids of pictures of this shop: a note of photos, the cover first"`
	Trim   *trim    `json:"trim,omitempty" doc:"The part of the file to keep"`
}

type createInput struct {
	shop.In
	Body posting
}

type trim struct {
	FromMS int64 `json:"from_ms" minimum:"0"`
	ToMS   int64 `json:"to_ms,omitempty" minimum:"0" doc:"0: to the end"`
}

func (h *handler) create(ctx context.Context, in *createInput) (*web.Out[MerchantView], error) {
	person := web.Who(ctx).Person
	if len(in.Body.Photos) > 0 {
		if in.Body.Upload != "" || in.Body.Trim != nil {
			return nil, video.ErrPhotos
		}
		t := in.Body.text()
		t.Photos = in.Body.Photos
		v, err := h.Videos.CreateNote(ctx, in.Shop, person, t)
		return h.answer(ctx, v, err)
	}
	f, info, err := h.Uploads.File(person, in.Body.Upload)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p := video.Post{Text: in.Body.text()}
	if t := in.Body.Trim; t != nil {
		p.TrimFrom, p.TrimTo = time.Duration(t.FromMS)*time.Millisecond, time.Duration(t.ToMS)*time.Millisecond
	}
	v, err := h.Videos.Create(ctx, in.Shop, person, p, f, info.Size)
	if err != nil {
		return nil, err
	}
	if err := h.Uploads.Delete(person, info.ID); err != nil {
		h.Log.WarnContext(ctx, "upload was not deleted", "upload", info.ID, "error", err)
	}
	return web.Answer(h.merchantView(ctx, v))
}

type listInput struct {
	shop.In
	web.Paged
}

func (h *handler) list(ctx context.Context, in *listInput) (*web.Out[page.Of[MerchantView]], error) {
	after, err := page.Parse(in.After)
	if err != nil {
		return nil, err
	}
	rows, err := h.Videos.OfShop(ctx, in.Shop, after, perPage)
	if err != nil {
		return nil, err
	}
	out := page.Of[MerchantView]{Items: []MerchantView{}, Next: rows.Next}
	for _, v := range rows.Items {
		view, err := h.merchantView(ctx, v)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, view)
	}
	return web.Answer(out, nil)
}

// VideoPath is a video of a shop. It is exported because parameters of
// unexported embedded structs are not read.
type VideoPath struct {
	shop.In
	ID string `path:"id" maxLength:"40"`
}

func (h *handler) answer(ctx context.Context, v video.Video, err error) (*web.Out[MerchantView], error) {
	if err != nil {
		return nil, err
	}
	return web.Answer(h.merchantView(ctx, v))
}

func (h *handler) mine(ctx context.Context, in *VideoPath) (*web.Out[MerchantView], error) {
	v, err := h.Videos.GetOf(ctx, in.Shop, in.ID)
	return h.answer(ctx, v, err)
}

type change struct {
	Caption    *string           `json:"caption,omitempty" maxLength:"1000"`
	Topics     *[]string         `json:"topics,omitempty" maxItems:"20"`
	Language   *string           `json:"language,omitempty" maxLength:"20"`
	Place      *string           `json:"place,omitempty" maxLength:"200"`
	Rights     *video.Rights     `json:"rights,omitempty"`
	AI         *bool             `json:"ai,omitempty"`
	Ad         *bool             `json:"ad,omitempty"`
	Visibility *video.Visibility `json:"visibility,omitempty" enum:"public,followers,friends,link"`
	Products   *[]string         `json:"products,omitempty" maxItems:"20"`
	Show       *string           `json:"show,omitempty" maxLength:"40" doc:"Empty: none"`
	Photos     *[]string         `json:"photos,omitempty" minItems:"1" maxItems:"9" doc:"Of a note of photos, the cover first"`
}

type setInput struct {
	VideoPath
	Body change
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func (h *handler) set(ctx context.Context, in *setInput) (*web.Out[MerchantView], error) {
	b := in.Body
	v, err := h.Videos.Update(ctx, in.Shop, in.ID, func(t *video.Text) {
		set(&t.Caption, b.Caption)
		set(&t.Topics, b.Topics)
		set(&t.Language, b.Language)
		set(&t.Place, b.Place)
		set(&t.Rights, b.Rights)
		set(&t.AI, b.AI)
		set(&t.Ad, b.Ad)
		set(&t.Visibility, b.Visibility)
		set(&t.Products, b.Products)
		set(&t.Show, b.Show)
		set(&t.Photos, b.Photos)
	})
	return h.answer(ctx, v, err)
}

type publishing struct {
	At *time.Time `json:"at,omitempty" doc:"Later; now if missing"`
}

type publishInput struct {
	VideoPath
	Body publishing
}

func (h *handler) publish(ctx context.Context, in *publishInput) (*web.Out[MerchantView], error) {
	var at time.Time
	set(&at, in.Body.At)
	v, err := h.Videos.Publish(ctx, in.Shop, in.ID, at)
	return h.answer(ctx, v, err)
}

func (h *handler) unpublish(ctx context.Context, in *VideoPath) (*web.Out[MerchantView], error) {
	v, err := h.Videos.Unpublish(ctx, in.Shop, in.ID)
	return h.answer(ctx, v, err)
}

type covering struct {
	Second float64 `json:"second" minimum:"0"`
}

type coverInput struct {
	VideoPath
	Body covering
}

func (h *handler) cover(ctx context.Context, in *coverInput) (*web.Out[MerchantView], error) {
	v, err := h.Videos.SetCover(ctx, in.Shop, in.ID, time.Duration(in.Body.Second*float64(time.Second)))
	return h.answer(ctx, v, err)
}

func (h *handler) delete(ctx context.Context, in *VideoPath) (*web.None, error) {
	return nil, h.Videos.Delete(ctx, in.Shop, in.ID)
}
