package app

import (
	"context"
	"html"
	"net/http"
	"strconv"
	"strings"

	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

// card is the preview of a page as other programs show it below a link
// (https://ogp.me); "" for a page without one, and for what is not public. There
// is no og:url on purpose: programs would open that address instead of the one
// that was shared, and who shared it would be lost.
func (a *App) card(r *http.Request) string {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) != 2 {
		return ""
	}
	ctx, lang := r.Context(), web.Language(r.Header.Get("Accept-Language"))
	f, err := a.cardOf(ctx, parts[0], parts[1])
	if err != nil || f.ID == "" {
		return ""
	}
	origin, shop := web.Origin(ctx), f.Shop.Pick(lang)
	title := f.Title.Pick(lang)
	if title == "" {
		title = shop
	}
	var b strings.Builder
	say := func(property, content string) {
		if content != "" {
			b.WriteString(`<meta property="` + property + `" content="` + html.EscapeString(content) + `">`)
		}
	}
	say("og:type", "website")
	say("og:site_name", a.marketName().Pick(lang))
	say("og:title", title)
	say("og:description", shop)
	if f.Image != nil {
		say("og:image", origin+f.Image.URL+"?w=960")
		say("og:image:width", strconv.Itoa(min(f.Image.Width, 960)))
		say("og:image:height", strconv.Itoa(f.Image.Height*min(f.Image.Width, 960)/max(f.Image.Width, 1)))
		b.WriteString(`<meta name="twitter:card" content="summary_large_image">`)
	}
	return b.String()
}

// cardOf finds what a page shows. A video by link has a card: who asks has it.
func (a *App) cardOf(ctx context.Context, page, id string) (found, error) {
	switch page {
	case "shows":
		return a.finding(ctx, findShow, id, "")
	case "g":
		_, o, _, err := a.Groups.Get(ctx, strings.ToUpper(id))
		if err != nil {
			return found{}, err
		}
		return a.finding(ctx, findProduct, o.Product, "")
	case "products":
		return a.finding(ctx, findProduct, id, "")
	case "shops":
		sh, err := a.Shops.BySlug(ctx, id)
		if err != nil {
			return found{}, err
		}
		return a.finding(ctx, findShop, sh.ID, "")
	case "videos":
		v, err := a.Videos.Seen(ctx, id, "")
		if err != nil {
			return found{}, err
		}
		return a.videoCard(ctx, v)
	}
	return found{}, errUnfound
}

func (a *App) videoCard(ctx context.Context, v video.Video) (found, error) {
	f := found{ID: v.ID, Title: text.Local{"en": v.Caption}}
	var err error
	if f.Image, err = a.Shelf.Picture(ctx, v.Cover); err != nil {
		return found{}, err
	}
	return f, a.ofShop(ctx, &f, v.Shop)
}
