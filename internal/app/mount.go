package app

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/account/accounthttp"
	"github.com/openstall/openstall/internal/domain/aftersale/aftersalehttp"
	"github.com/openstall/openstall/internal/domain/cart/carthttp"
	"github.com/openstall/openstall/internal/domain/crm/crmhttp"
	"github.com/openstall/openstall/internal/domain/goodsfile"
	"github.com/openstall/openstall/internal/domain/goodsfile/goodsfilehttp"
	"github.com/openstall/openstall/internal/domain/groupbuy/groupbuyhttp"
	"github.com/openstall/openstall/internal/domain/notice/noticehttp"
	"github.com/openstall/openstall/internal/domain/order/orderhttp"
	"github.com/openstall/openstall/internal/domain/payment/paymenthttp"
	"github.com/openstall/openstall/internal/domain/payment/transfer/transferhttp"
	"github.com/openstall/openstall/internal/domain/payment/wechatpay/wechatpayhttp"
	"github.com/openstall/openstall/internal/domain/promo/promohttp"
	"github.com/openstall/openstall/internal/domain/review/reviewhttp"
	"github.com/openstall/openstall/internal/domain/shop/shophttp"
	"github.com/openstall/openstall/internal/domain/show/showhttp"
	"github.com/openstall/openstall/internal/domain/social/socialhttp"
	"github.com/openstall/openstall/internal/domain/stock/stockhttp"
	"github.com/openstall/openstall/internal/domain/tax/taxhttp"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/media/whip"
	"github.com/openstall/openstall/internal/platform/blob"
	"github.com/openstall/openstall/internal/platform/telemetry"
	"github.com/openstall/openstall/internal/platform/web"
	webapps "github.com/openstall/openstall/web"
)

func who(r *http.Request) web.Identity { return web.Who(r.Context()) }

func (a *App) marketName() text.Local {
	zh := a.cfg.NameZH
	if zh == "" {
		zh = a.cfg.Name
	}
	return text.Both(a.cfg.Name, zh)
}

// API registers every typed operation on mux; the OpenAPI document is made from
// them.
func (a *App) API(mux *http.ServeMux) *web.API {
	api := web.NewAPI(mux, a.log, telemetry.ReadBuild().Version)
	accounthttp.Mount(api, accounthttp.Parts{Accounts: a.Accounts, Shops: a.Shops, PushKey: a.pushKey, Outbox: a.cfg.Outbox, Now: a.now,
		Market: accounthttp.Market{Name: a.marketName(), Currency: a.cfg.Currency, Locales: text.Languages, TimeZone: a.cfg.TimeZone}})
	noticehttp.Mount(api, a.Notices)
	taxhttp.Mount(api, a.Taxes)
	shophttp.Mount(api, shophttp.Parts{Shops: a.Shops, Accounts: a.Accounts, Catalog: a.Catalog, Shows: a.Shows, Shelf: a.Shelf, Blobs: a.blobs,
		Currency: a.cfg.Currency, TimeZone: a.cfg.TimeZone, Now: a.now})
	goodsfilehttp.Mount(api, mux, goodsfilehttp.Parts{Files: goodsfile.New(goodsfile.Parts{DB: a.DB, Catalog: a.Catalog, Stock: a.Stock, Now: a.now}), Shops: a.Shops, Log: a.log})
	stockhttp.Mount(api, stockhttp.Parts{Shops: a.Shops, Catalog: a.Catalog, Stock: a.Stock, Shelf: a.Shelf, Now: a.now})
	orderhttp.Mount(api, orderhttp.Parts{Orders: a.Orders, Accounts: a.Accounts, Payments: a.Payments, Shops: a.Shops, Shows: a.Shows, Shelf: a.Shelf, Groups: a.Groups, Replay: a.replayOf, Now: a.now})
	carthttp.Mount(api, carthttp.Parts{Carts: a.Carts, Catalog: a.Catalog, Shelf: a.Shelf, Promos: a.Promos, Bucket: a.bucketOf})
	promohttp.Mount(api, promohttp.Parts{Promos: a.Promos, Shops: a.Shops, Shelf: a.Shelf, OnAir: a.onAirOf, Now: a.now})
	groupbuyhttp.Mount(api, groupbuyhttp.Parts{Groups: a.Groups, Shops: a.Shops, Shelf: a.Shelf, Now: a.now})
	aftersalehttp.Mount(api, aftersalehttp.Parts{Cases: a.Cases, Orders: a.Orders, Shops: a.Shops, Shelf: a.Shelf, Blobs: a.blobs, Now: a.now})
	reviewhttp.Mount(api, reviewhttp.Parts{Reviews: a.Reviews, Orders: a.Orders, Shops: a.Shops, Shelf: a.Shelf, Now: a.now})
	showhttp.Mount(api, mux, showhttp.Parts{Shows: a.Shows, Shops: a.Shops, Catalog: a.Catalog, Stock: a.Stock, Shelf: a.Shelf, Orders: a.Orders, Social: a.Social,
		Chat: a.Chat, Rooms: a.Rooms, Blobs: a.blobs, Studio: a.studio, Contacts: a.CRM.OfShow, Leads: a.Leads.OfShow, URL: a.url, Now: a.now})
	transferhttp.Mount(api, mux, transferhttp.Parts{Transfers: a.transfers, Payments: a.Payments, Orders: a.Orders, Shops: a.Shops, Log: a.log, Now: a.now})
	wechatpayhttp.Mount(api, mux, wechatpayhttp.Parts{WeChat: a.wechat, Payments: a.Payments, Shops: a.Shops, Log: a.log, Now: a.now})
	a.mountVideos(api, mux)
	a.mountCourses(api, mux)
	a.mountLeads(api, mux)
	a.mountClaims(api)
	socialhttp.Mount(api, mux, socialhttp.Parts{Social: a.Social, Accounts: a.Accounts, URL: a.url, Log: a.log, Now: a.now})
	a.mountRoom(api)
	a.mountFeed(api)
	crmhttp.Mount(api, mux, crmhttp.Parts{Contacts: a.CRM, Shops: a.Shops, Log: a.log})
	a.mountSearch(api)
	paymenthttp.Operator(api, a.Payments)
	a.mountSettle(api, mux)
	a.overview(api)
	return api
}

// mount puts every door on one address.
func (a *App) mount() (http.Handler, error) {
	mux := http.NewServeMux()
	api := a.API(mux)
	mux.HandleFunc("GET /v1/openapi.yaml", func(w http.ResponseWriter, r *http.Request) {
		doc, err := api.OpenAPI()
		if err != nil {
			web.WriteProblem(w, r, a.log, err)
			return
		}
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(doc)
	})
	paymenthttp.Mount(mux, a.Payments, a.Orders.PayPage, a.log)
	if a.testpay != nil {
		mux.Handle("/pay/test/{ref}", a.testpay)
	}
	mux.Handle("/v1/socket", a.hub)
	mux.HandleFunc("/healthz", a.health)
	mux.HandleFunc("GET /img/{id}", shophttp.Files(a.blobs))
	mux.HandleFunc("GET /poster/{file}", a.posterFile)
	mux.Handle("/live/", a.studio.live)
	mux.Handle("/replay/", a.studio.recorder)
	if a.whip != nil {
		mux.Handle(whip.Path, a.whip)
		mux.Handle(whip.Path+"/", a.whip)
	}
	if a.cfg.Outbox {
		mux.HandleFunc("GET /outbox", a.outboxPage)
	}
	if auth := a.cert.Authority(); auth != nil {
		a.mountTrust(mux, auth)
	}
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) { web.WriteProblem(w, r, nil, web.ErrNotFound) })
	if err := mountApps(mux, a.card); err != nil {
		return nil, err
	}
	proxies, err := a.cfg.TrustedProxies()
	if err != nil {
		return nil, err
	}
	return web.Wrap(web.Config{Log: a.log, Identify: a.identify, TrustedProxies: proxies, PublicURL: strings.TrimRight(a.cfg.PublicURL, "/"),
		Observe: telemetry.ObserveHTTP(a.reg), Now: a.now}, mux), nil
}

// mountApps serves the two front ends: the console below its own path, the
// phone app everywhere else. Card is what previews of the phone app's pages show.
func mountApps(mux *http.ServeMux, card func(*http.Request) string) error {
	for _, app := range []struct {
		path, dir string
		opts      []web.StaticOption
	}{{"/console/", "console", nil}, {"/", "shop", []web.StaticOption{web.WithHead(card)}}} {
		files, err := webapps.App(app.dir)
		if err != nil {
			return err
		}
		h, err := web.Static(files, app.opts...)
		if err != nil {
			return err
		}
		mux.Handle(app.path, http.StripPrefix(strings.TrimSuffix(app.path, "/"), h))
	}
	mux.Handle("/console", http.RedirectHandler("/console/", http.StatusMovedPermanently))
	return nil
}

// identify says who sends a request: the person behind the session cookie, and
// the browser, signed in or not.
func (a *App) identify(w http.ResponseWriter, r *http.Request) web.Identity {
	i := a.browser(r)
	if i.Viewer == "" && r.URL.Path == "/v1/session" {
		_, scheme := web.Site(r.Context())
		i.Viewer = id.Secret(16)
		http.SetCookie(w, &http.Cookie{Name: web.ViewerCookie, Value: i.Viewer, Path: "/", MaxAge: 400 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: scheme == "https"})
	}
	return i
}

// browser reads the cookies of a request.
func (a *App) browser(r *http.Request) web.Identity {
	var i web.Identity
	session := ""
	for _, c := range r.Cookies() {
		switch {
		case c.Name == web.ViewerCookie && i.Viewer == "" && len(c.Value) >= 16 && len(c.Value) <= 64:
			i.Viewer = c.Value
		case c.Name == web.SourceCookie && i.Source == "" && len(c.Value) <= 64:
			i.Source = c.Value
		case c.Name == web.SessionCookie && session == "":
			session = c.Value
		}
	}
	if session == "" {
		return i
	}
	p, s, err := a.Accounts.Identify(r.Context(), session)
	switch {
	case err == nil:
		i.Person, i.Session, i.Operator, i.Moderator = p.ID, s.ID, p.Operator, p.Moderator
	case !errors.Is(err, account.ErrNoSession):
		a.log.ErrorContext(r.Context(), "session was not read", "error", err)
	}
	return i
}

// s3Config reads https://key:secret@host/bucket/prefix.
func s3Config(address string) (blob.S3Config, error) {
	u, err := url.Parse(address)
	if err != nil || u.User == nil || strings.Trim(u.Path, "/") == "" {
		return blob.S3Config{}, fmt.Errorf("s3: want https://key:secret@host/bucket")
	}
	secret, _ := u.User.Password()
	bucket, prefix, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	if prefix != "" {
		prefix += "/"
	}
	return blob.S3Config{Endpoint: u.Host, Bucket: bucket, Prefix: prefix, AccessKey: u.User.Username(), SecretKey: secret, Insecure: u.Scheme == "http"}, nil
}

// mailAddress takes the bare address out of "Market <post@market.example>".
func mailAddress(from string) string {
	if _, rest, ok := strings.Cut(from, "<"); ok {
		return strings.TrimSuffix(strings.TrimSpace(rest), ">")
	}
	return from
}
