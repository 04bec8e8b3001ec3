// Package app is the roof: it builds every part in plain statements, mounts the
// doors, says who listens to what, and stops everything in the reverse order.
package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/aftersale"
	"github.com/openstall/openstall/internal/domain/cart"
	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/chat"
	"github.com/openstall/openstall/internal/domain/claim"
	"github.com/openstall/openstall/internal/domain/course"
	"github.com/openstall/openstall/internal/domain/crm"
	"github.com/openstall/openstall/internal/domain/fee"
	"github.com/openstall/openstall/internal/domain/feed"
	"github.com/openstall/openstall/internal/domain/goodsfile"
	"github.com/openstall/openstall/internal/domain/groupbuy"
	"github.com/openstall/openstall/internal/domain/lead"
	"github.com/openstall/openstall/internal/domain/ledger"
	"github.com/openstall/openstall/internal/domain/notice"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/order/carrier"
	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/payment/stripepay"
	"github.com/openstall/openstall/internal/domain/payment/testpay"
	"github.com/openstall/openstall/internal/domain/payment/transfer"
	"github.com/openstall/openstall/internal/domain/payment/wechatpay"
	"github.com/openstall/openstall/internal/domain/promo"
	"github.com/openstall/openstall/internal/domain/review"
	"github.com/openstall/openstall/internal/domain/room"
	"github.com/openstall/openstall/internal/domain/settle"
	"github.com/openstall/openstall/internal/domain/shelf"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/social"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/domain/tax"
	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/media/hls"
	"github.com/openstall/openstall/internal/media/record"
	"github.com/openstall/openstall/internal/media/rtmp"
	"github.com/openstall/openstall/internal/media/stream"
	"github.com/openstall/openstall/internal/media/whip"
	"github.com/openstall/openstall/internal/platform/blob"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/cert"
	"github.com/openstall/openstall/internal/platform/config"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/hub"
	"github.com/openstall/openstall/internal/platform/job"
	"github.com/openstall/openstall/internal/platform/mail"
	"github.com/openstall/openstall/internal/platform/push"
	"github.com/openstall/openstall/internal/platform/search"
	"github.com/openstall/openstall/internal/platform/telemetry"
	"github.com/openstall/openstall/internal/platform/upload"
)

// Migrations are the schema of the whole program, in the order of the plan.
func Migrations() []db.Migrations {
	return []db.Migrations{
		db.SettingMigrations, bus.Migrations, job.Migrations, search.Migrations, mail.Migrations,
		account.Migrations, notice.Migrations, tax.Migrations, shop.Migrations, catalog.Migrations, stock.Migrations, goodsfile.Migrations, promo.Migrations, fee.Migrations, cart.Migrations,
		ledger.Migrations, payment.Migrations, groupbuy.Migrations, claim.Migrations, testpay.Migrations, transfer.Migrations, wechatpay.Migrations, order.Migrations, aftersale.Migrations, settle.Migrations, review.Migrations,
		social.Migrations, video.Migrations, course.Migrations, show.Migrations, lead.Migrations, chat.Migrations, room.Migrations, feed.Migrations, crm.Migrations,
	}
}

// App is a market that can be served.
type App struct {
	cfg  config.Serve
	log  *slog.Logger
	now  func() time.Time
	reg  *prometheus.Registry
	site struct {
		mu   sync.Mutex
		url  string
		rtmp string
	}

	DB      *db.DB
	bus     *bus.Bus
	jobs    *job.Queue
	films   *job.Queue
	hub     *hub.Hub
	blobs   blob.Store
	uploads *upload.Store
	index   *search.Index
	outbox  *mail.Outbox
	cert    *cert.Keeper

	Accounts *account.Service
	Notices  *notice.Service
	Shops    *shop.Service
	Catalog  *catalog.Service
	Stock    *stock.Service
	Shelf    *shelf.Service
	Payments *payment.Service
	Promos   *promo.Service
	Fees     *fee.Service
	Taxes    *tax.Service
	Carts    *cart.Service
	Groups   *groupbuy.Service
	Claims   *claim.Service
	Orders   *order.Service
	Cases    *aftersale.Service
	Settle   *settle.Service
	Reviews  *review.Service
	Social   *social.Service
	Videos   *video.Service
	Courses  *course.Service
	Shows    *show.Service
	Leads    *lead.Service
	Chat     *chat.Service
	Rooms    *room.Service
	Feed     *feed.Service
	CRM      *crm.Service

	testpay   *testpay.Provider
	transfers *transfer.Provider
	wechat    *wechatpay.Provider // nil: not offered
	studio    *studio
	rtmp      *rtmp.Server
	whip      *whip.Server
	pushKey   string
	handler   http.Handler
	ready     chan struct{}
	air       *air
	screens   chan bus.Event
}

// OpenDB opens and migrates the database of a configuration.
func OpenDB(ctx context.Context, cfg config.Serve) (*db.DB, error) {
	dsn := cfg.Database
	if dsn == "" {
		dsn = cfg.Path("openstall.db")
	}
	d, err := db.Open(ctx, dsn)
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(ctx, Migrations()...); err != nil {
		_ = d.Close()
		return nil, err
	}
	return d, nil
}

// Option changes how a market is built.
type Option func(*App)

// WithClock makes a market read the time from now instead of [time.Now].
func WithClock(now func() time.Time) Option { return func(a *App) { a.now = now } }

// New builds a market. Nothing listens yet; see [App.Run]. Close it when it is
// not run.
func New(ctx context.Context, cfg config.Serve, log *slog.Logger, opts ...Option) (*App, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	for _, dir := range []string{"", "recordings", "posters", "work"} {
		if err := os.MkdirAll(cfg.Path(dir), 0o750); err != nil {
			return nil, fmt.Errorf("data folder: %w", err)
		}
	}
	a := &App{cfg: cfg, log: log, now: time.Now, reg: telemetry.NewRegistry(telemetry.ReadBuild()), ready: make(chan struct{}), air: newAir(), screens: make(chan bus.Event, 1024)}
	if cfg.TestAhead > 0 {
		a.now = func() time.Time { return time.Now().Add(cfg.TestAhead) }
	}
	for _, o := range opts {
		o(a)
	}
	var err error
	if a.DB, err = OpenDB(ctx, cfg); err != nil {
		return nil, err
	}
	if err := a.build(ctx); err != nil {
		_ = a.DB.Close()
		return nil, err
	}
	return a, nil
}

// secret returns a signing key that all nodes of this installation share.
func (a *App) secret(ctx context.Context, name string) (string, error) {
	return a.DB.Setting(ctx, "secret."+name, func() (string, error) { return id.Secret(32), nil })
}

func (a *App) build(ctx context.Context) error {
	if err := a.DB.Keep(ctx, order.Hot()...); err != nil {
		return err
	}
	a.jobs = job.New(a.DB, a.log, a.reg, job.WithClock(a.now))
	a.bus = bus.Open(a.DB, a.log, a.reg, bus.WithClock(a.now))
	var err error
	if a.blobs, err = openBlobs(ctx, a.cfg); err != nil {
		return err
	}
	if err := a.buildTrade(ctx); err != nil {
		return err
	}
	if err := a.buildVideos(); err != nil {
		return err
	}
	if err := a.buildCourses(ctx); err != nil {
		return err
	}
	if err := a.buildFeed(ctx); err != nil {
		return err
	}
	a.index = search.New(a.DB)
	if err := a.buildRoom(ctx); err != nil {
		return err
	}
	if err := a.buildMedia(ctx); err != nil {
		return err
	}
	if a.cert, err = cert.Open(ctx, cert.Config{Mode: a.cfg.TLS, Names: a.names(), Dir: a.cfg.Path("tls"), Email: a.cfg.ACMEEmail,
		HTTPPort: port(a.cfg.HTTP), TLSPort: port(a.cfg.HTTPS), Log: a.log, Now: a.now}); err != nil {
		return err
	}
	a.listen()
	if a.handler, err = a.mount(); err != nil {
		return err
	}
	if a.cfg.Operator != "" {
		p, err := a.Accounts.Ensure(ctx, a.cfg.Operator, "", "en")
		if err != nil {
			return fmt.Errorf("operator: %w", err)
		}
		if err := a.Accounts.SetRoles(ctx, p.ID, true, p.Moderator); err != nil {
			return fmt.Errorf("operator: %w", err)
		}
	}
	return nil
}

// buildTrade makes people, shops, goods, money and orders.
func (a *App) buildTrade(ctx context.Context) error {
	quotes, err := a.secret(ctx, "quote")
	if err != nil {
		return err
	}
	pay, err := a.secret(ctx, "testpay")
	if err != nil {
		return err
	}
	stops, err := a.secret(ctx, "stop")
	if err != nil {
		return err
	}
	tickets, err := a.secret(ctx, "ticket")
	if err != nil {
		return err
	}
	a.outbox = mail.NewOutbox(a.DB, a.now)
	var sender mail.Sender = a.outbox
	if a.cfg.SMTP != "" {
		if sender, err = mail.NewSMTP(mail.SMTPConfig{Address: a.cfg.SMTP, Username: a.cfg.SMTPUser, Password: a.cfg.SMTPPassword, From: a.cfg.MailFrom, Plain: a.cfg.SMTPPlain}); err != nil {
			return err
		}
	}
	pusher, err := push.New(ctx, a.DB, "mailto:"+mailAddress(a.cfg.MailFrom), a.now)
	if err != nil {
		return err
	}
	a.pushKey = pusher.PublicKey()
	a.Notices = notice.New(notice.Parts{DB: a.DB, Jobs: a.jobs, Mail: sender, Texts: a.outbox, Push: pusher, Secret: []byte(stops), Market: a.marketName(),
		URL: a.url, Tell: a.tellPerson, Log: a.log, Now: a.now})
	a.Accounts = account.New(a.DB, a.Notices.SendCode, a.now)
	a.Shops = shop.New(a.DB, a.now, shop.WithBus(a.bus))
	a.Catalog = catalog.New(a.DB, a.bus, a.now)
	a.Stock = stock.New(a.DB, a.bus, a.now)
	a.Shows = show.New(a.DB, a.bus, a.Stock, tickets, a.now)
	a.Shelf = shelf.New(a.DB, a.bus, a.Shops, a.Catalog, a.air.of, a.now)
	var providers []payment.Provider
	if a.cfg.TestPayment {
		a.testpay = testpay.New(a.DB, a.jobs, pay, func() string { return a.selfURL() + "/v1/payments/test/events" }, a.now)
		providers = append(providers, a.testpay)
	}
	if a.cfg.StripeKey != "" {
		providers = append(providers, stripeOf(a.cfg, a.url))
	}
	if a.cfg.WeChatMchID != "" {
		if a.wechat, err = wechatOf(a.cfg, a.DB, a.Shops, a.url, a.now); err != nil {
			return err
		}
		providers = append(providers, a.wechat)
	}
	a.transfers = transfer.New(a.DB, a.bus, a.blobs, a.now)
	providers = append(providers, a.transfers)
	a.Payments = payment.New(a.DB, a.bus, a.jobs, a.log, a.now, providers...)
	a.Promos = promo.New(promo.Parts{DB: a.DB, Bus: a.bus, Catalog: a.Catalog, Stock: a.Stock, Now: a.now,
		Bought: func(ctx context.Context, shop, person string) (bool, error) {
			return a.Orders.HasOrdered(ctx, shop, person)
		}})
	a.Taxes = tax.New(a.DB, a.now)
	a.Fees = fee.New(a.DB, a.bus, a.now, fee.WithNotice(time.Duration(a.cfg.FeeNotice)*24*time.Hour))
	a.Carts = cart.New(a.DB, a.Catalog, a.now)
	a.Groups = groupbuy.New(groupbuy.Parts{DB: a.DB, Catalog: a.Catalog, Stock: a.Stock, Payments: a.Payments, Now: a.now})
	a.Claims = claim.New(claim.Parts{DB: a.DB, Bus: a.bus, Catalog: a.Catalog, Stock: a.Stock, Now: a.now})
	a.Orders = order.New(order.Parts{DB: a.DB, Bus: a.bus, Shops: a.Shops, Catalog: a.Catalog, Stock: a.Stock, Payments: a.Payments, Promos: a.Promos, Fees: a.Fees, Taxes: a.Taxes, Groups: a.Groups, Claims: a.Claims, Carriers: carriers(),
		Moment: a.moment, Offered: func(ctx context.Context, product string) error { return a.Courses.Offered(ctx, product) }, Secret: quotes, Log: a.log, Now: a.now})
	a.buildAftersale()
	a.buildSettle()
	a.Social = social.New(a.DB, a.bus, a.shareable, a.now)
	a.Leads = lead.New(lead.Parts{DB: a.DB, Bus: a.bus, Shops: a.Shops, Catalog: a.Catalog, Moment: a.moment, Log: a.log, Now: a.now})
	a.CRM = crm.New(crm.Parts{DB: a.DB, Bus: a.bus, Order: a.Orders.GetForShop, Lead: a.Leads.GetForShop, Secret: []byte(stops), URL: a.url, Now: a.now})
	return nil
}

// carriers are those that shops can choose from.
func carriers() []order.Carrier {
	var all []order.Carrier
	for _, c := range carrier.Manual() {
		all = append(all, c)
	}
	return all
}

func stripeOf(cfg config.Serve, site func() string) *stripepay.Provider {
	return stripepay.New(stripepay.Config{Key: cfg.StripeKey, Secrets: cfg.WebhookSecrets(), URL: cfg.StripeURL, Name: cfg.Name, Site: site})
}

// moment says what a show knows of an instant: viewers see the picture a little
// late, so what a buyer decides on now was shown a moment ago.
func (a *App) moment(ctx context.Context, showID string, at time.Time) (order.Moment, error) {
	s, err := a.Shows.Get(ctx, showID)
	if err != nil {
		return order.Moment{}, err
	}
	return order.Moment{Shop: s.Shop, Live: s.State.OnAir(), Second: max(0, int64(at.Sub(s.StartedAt)/time.Second))}, nil
}

func openBlobs(ctx context.Context, cfg config.Serve) (blob.Store, error) {
	if cfg.S3 == "" {
		return blob.OpenFolder(cfg.Path("blobs"))
	}
	c, err := s3Config(cfg.S3)
	if err != nil {
		return nil, err
	}
	return blob.OpenS3(ctx, c)
}

// buildMedia makes the doors for pictures.
func (a *App) buildMedia(context.Context) error {
	_, port, _ := net.SplitHostPort(a.cfg.RTMP)
	s := &studio{shows: a.Shows, log: a.log, posters: a.cfg.Path("posters"), rtmpPort: port, relays: map[string]context.CancelFunc{},
		unrecorded: map[string]bool{}, unfinished: map[string]bool{}, stop: make(chan struct{})}
	var err error
	if s.recorder, err = record.New(record.Config{Dir: a.cfg.Path("recordings"), Observer: s, Gate: a.gate, Log: a.log,
		Free: func() int64 { return freeSpace(a.cfg.Data) }, KeepFree: a.cfg.KeepFree << 20}); err != nil {
		return err
	}
	if err := s.recorder.RecoverAll(); err != nil {
		a.log.Error("some recordings could not be recovered", "error", err)
	}
	s.live = hls.New(hls.Config{Gate: a.gate, Expect: a.air.has, Sink: s.recorder.Sink})
	s.reg = stream.NewRegistry(stream.Config{Grace: a.cfg.Grace, Observer: s, Attach: []func(*stream.Stream){s.live.Attach}, Now: a.now, Log: a.log})
	a.studio = s
	if a.cfg.RTMP != "off" {
		a.rtmp = rtmp.New(s.reg, s.authorize, rtmp.Config{Log: a.log})
	}
	if a.cfg.WebRTC != "off" {
		if a.whip, err = a.openWHIP(); err != nil {
			return err
		}
	}
	return nil
}

// gate decides who may see a stream or a recording: a practice is for members of
// the shop only.
func (a *App) gate(r *http.Request, streamID string) error {
	showID, practice := practiceShow(streamID)
	if !practice {
		showID = streamID
		if a.air.has(showID) {
			return nil // asked for each part of each viewer: no database
		}
	}
	return a.Shows.Sees(r.Context(), a.Shops, showID, who(r).Person)
}

// Run serves until ctx ends, then stops in the reverse order of building. A part
// that cannot go on ends the others.
func (a *App) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	start := func(name string, run func(context.Context) error) {
		wg.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	l, err := net.Listen("tcp", a.cfg.HTTP)
	if err != nil {
		return fmt.Errorf("http address %s: %w", a.cfg.HTTP, err)
	}
	a.setSelf(l.Addr())
	_, httpsPort, _ := net.SplitHostPort(a.cfg.HTTPS)
	servers := []*http.Server{a.server(a.cert.HTTP(a.handler, httpsPort, "/trust", "/trust/", "/healthz", "/v1/payments/"))}
	start("http", func(context.Context) error { return closed(servers[0].Serve(l)) })
	if a.cfg.TLS != "off" {
		tl, err := net.Listen("tcp", a.cfg.HTTPS)
		if err != nil {
			return fmt.Errorf("https address %s: %w", a.cfg.HTTPS, err)
		}
		s := a.server(a.handler)
		s.TLSConfig = a.cert.TLS()
		servers = append(servers, s)
		start("https", func(context.Context) error { return closed(s.Serve(tls.NewListener(tl, s.TLSConfig))) })
		if err := a.cert.Obtain(ctx); err != nil {
			return err
		}
	}
	if a.rtmp != nil {
		rl, err := net.Listen("tcp", a.cfg.RTMP)
		if err != nil {
			return fmt.Errorf("rtmp address %s: %w", a.cfg.RTMP, err)
		}
		a.setRTMP(rl.Addr())
		start("rtmp", func(ctx context.Context) error { return a.rtmp.Serve(ctx, rl) })
	}
	if a.cfg.Metrics != "off" {
		if ml, err := net.Listen("tcp", a.cfg.Metrics); err != nil {
			a.log.Warn("no metrics", "address", a.cfg.Metrics, "error", err) // a second market on one machine is no reason to fail
		} else {
			start("metrics", func(ctx context.Context) error { return telemetry.Serve(ctx, ml, a.reg) })
		}
	}
	start("jobs", a.jobs.Run)
	start("films", a.films.Run)
	start("uploads", a.tendUploads)
	start("search", a.fillSearch)
	start("events", a.bus.Run)
	start("rooms", a.hub.Run)
	start("room frames", a.Rooms.Run)
	start("discover", a.Feed.Run)
	start("clocks", a.clocks)
	start("screens", a.showScreens)
	start("heap", mindHeap)
	start("recordings", a.tendRecordings)
	a.resume(ctx)
	close(a.ready)
	a.log.Info("market is open", "http", l.Addr().String(), "data", a.cfg.Data)
	start("first seconds", a.rest)
	<-ctx.Done()

	a.log.Info("market is closing")
	down, stop := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer stop()
	a.studio.reg.Close() // waiting playlists are answered, publishers dial again
	_ = a.hub.Stop(down)
	for _, s := range servers {
		_ = s.Shutdown(down)
	}
	wg.Wait()
	a.Close()
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// rest gives back what it took to start, once the first jobs are through: a
// quiet market on a small machine keeps little.
func (a *App) rest(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(restAfter):
	}
	debug.FreeOSMemory()
	if err := forgetStart(); err != nil {
		a.log.Debug("the program's pages stay", "error", err)
	}
	return nil
}

func (a *App) server(h http.Handler) *http.Server {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetHTTP2(true)
	return &http.Server{Handler: h, Protocols: p, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug)}
}

func closed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Ready is closed when everything listens.
func (a *App) Ready() <-chan struct{} { return a.ready }

// Close ends what New has started.
func (a *App) Close() {
	if a.whip != nil {
		_ = a.whip.Close()
	}
	a.studio.close()
	_ = a.hub.Stop(context.Background())
	a.Chat.Close()
	a.Orders.Close()
	_ = a.DB.Close()
}

// names are the host names that certificates are for.
func (a *App) names() []string {
	if h := a.cfg.Host(); h != "" {
		return []string{h}
	}
	names := []string{"localhost"}
	if h, err := os.Hostname(); err == nil {
		names = append(names, h, h+".local")
	}
	return names
}

// port is the number in an address to listen on, 0 if there is none.
func port(address string) int {
	_, p, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(p)
	return n
}

// url is the address that people use, for links in mail and posters.
func (a *App) url() string {
	if a.cfg.PublicURL != "" {
		return strings.TrimRight(a.cfg.PublicURL, "/")
	}
	return a.selfURL()
}

// selfURL is where this process listens, on this machine.
func (a *App) selfURL() string {
	a.site.mu.Lock()
	defer a.site.mu.Unlock()
	return a.site.url
}

func (a *App) setSelf(addr net.Addr) {
	a.site.mu.Lock()
	defer a.site.mu.Unlock()
	_, port, _ := net.SplitHostPort(addr.String())
	a.site.url = "http://localhost:" + port
}
