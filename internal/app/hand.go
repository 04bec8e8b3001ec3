package app

import (
	"context"
	"io"
	"net"

	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/media/record"
	"github.com/openstall/openstall/internal/platform/picture"
)

// What follows is for programs that run a market by hand, without a browser.

// SavePicture keeps a picture of a shop, as an upload would.
func (a *App) SavePicture(ctx context.Context, shopID string, r io.Reader) (shop.Image, error) {
	im := shop.Image{ID: id.New("img", a.now()), Shop: shopID}
	info, err := picture.Save(ctx, a.blobs, im.ID, r)
	if err != nil {
		return shop.Image{}, err
	}
	im.Width, im.Height, im.Color = info.Width, info.Height, info.Color
	return im, a.Shops.SaveImage(ctx, im)
}

// EndShow ends a show and its stream, as the host's button does.
func (a *App) EndShow(ctx context.Context, shopID, showID string) (show.Show, error) {
	if _, err := a.Shows.End(ctx, shopID, showID); err != nil {
		return show.Show{}, err
	}
	a.studio.End(showID)
	return a.Shows.Get(ctx, showID)
}

// Recording returns the index of what was recorded of a show.
func (a *App) Recording(showID string) (*record.Index, error) { return a.studio.recorder.Open(showID) }

// URL is where this process answers browsers on this machine; it is known when
// the market is ready.
func (a *App) URL() string { return a.selfURL() }

// RTMP is the address for publishers on this machine, without the key, or "".
func (a *App) RTMP() string {
	a.site.mu.Lock()
	defer a.site.mu.Unlock()
	return a.site.rtmp
}

func (a *App) setRTMP(addr net.Addr) {
	_, port, _ := net.SplitHostPort(addr.String())
	a.site.mu.Lock()
	defer a.site.mu.Unlock()
	a.site.rtmp = "rtmp://localhost:" + port + "/live"
}
