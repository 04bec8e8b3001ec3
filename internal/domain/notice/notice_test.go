package notice_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/notice"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/platform/job"
	"github.com/openstall/openstall/internal/platform/mail"
	"github.com/openstall/openstall/internal/platform/push"
)

var migrations = []db.Migrations{db.SettingMigrations, job.Migrations, mail.Migrations, account.Migrations, notice.Migrations}

// world is a market with one person, an outbox and a push service.
type world struct {
	t       *testing.T
	d       *db.DB
	now     time.Time
	jobs    *job.Queue
	outbox  *mail.Outbox
	notices *notice.Service
	person  account.Person
	told    []notice.Notice

	pushes   atomic.Int64
	pushCode atomic.Int64
	pushURL  string
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, d: d, now: time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	w.pushCode.Store(http.StatusCreated)
	service := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		w.pushes.Add(1)
		rw.WriteHeader(int(w.pushCode.Load()))
	}))
	t.Cleanup(service.Close)
	w.pushURL = service.URL
	sender, err := push.New(t.Context(), d, "mailto:post@quay.example", clock, push.WithClient(service.Client()))
	if err != nil {
		t.Fatal(err)
	}
	w.jobs = job.New(d, slog.New(slog.DiscardHandler), nil, job.WithClock(clock))
	w.outbox = mail.NewOutbox(d, clock)
	w.notices = notice.New(notice.Parts{
		DB: d, Jobs: w.jobs, Mail: w.outbox, Texts: w.outbox, Push: sender, Secret: []byte("secret"),
		Market: text.Both("Quay Market", "码头市场"), URL: func() string { return "https://quay.example" },
		Tell: func(n notice.Notice) { w.told = append(w.told, n) },
		Log:  slog.New(slog.DiscardHandler), Now: clock,
	})
	accounts := account.New(d, w.notices.SendCode, clock)
	if w.person, err = accounts.Ensure(t.Context(), "jo@example.org", "Jo", "zh"); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) give(d notice.Draft) {
	w.t.Helper()
	if d.Person == "" {
		d.Person, d.Kind = w.person.ID, notice.ShowStarts
	}
	d.Title, d.Body, d.URL = text.Both("Live now", "正在直播"), text.Both("<Mackerel> & more", "鲭鱼"), "/shows/shw_1"
	if err := w.d.InTx(w.t.Context(), func(tx *db.Tx) error { return w.notices.Give(w.t.Context(), tx, d) }); err != nil {
		w.t.Fatal(err)
	}
	w.drain()
}

func (w *world) drain() {
	w.t.Helper()
	if _, err := w.jobs.Drain(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) letters() []mail.Kept {
	w.t.Helper()
	all, err := w.outbox.Messages(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func (w *world) listed() []notice.Notice {
	w.t.Helper()
	out, err := w.notices.List(w.t.Context(), w.person.ID, page.First, 50)
	if err != nil {
		w.t.Fatal(err)
	}
	return out.Items
}

func (w *world) subscribe(path string) {
	w.t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	err = w.notices.Subscribe(w.t.Context(), w.person.ID, push.Subscription{
		Endpoint: w.pushURL + path,
		P256dh:   base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()),
		Auth:     base64.RawURLEncoding.EncodeToString(make([]byte, 16)),
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestNoticeReachesEveryChannelOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.subscribe("/phone")
		w.subscribe("/laptop")
		for range 3 {
			w.give(notice.Draft{Key: "starts:shw_1"})
		}
		if n := w.listed(); len(n) != 1 || n[0].Title["zh"] != "正在直播" || !n[0].ReadAt.IsZero() {
			t.Errorf("listed %+v", n)
		}
		if w.pushes.Load() != 2 || len(w.told) != 1 {
			t.Errorf("%d pushes, told %d times; want 2 and 1", w.pushes.Load(), len(w.told))
		}
		letters := w.letters()
		if len(letters) != 1 {
			t.Fatalf("%d letters, want 1", len(letters))
		}
		l := letters[0]
		if l.To != "jo@example.org" || l.Subject != "正在直播" || !strings.Contains(l.Text, "https://quay.example/shows/shw_1") ||
			!strings.Contains(l.Text, "https://quay.example/stop/") {
			t.Errorf("letter %+v", l)
		}
		if strings.Contains(l.HTML, "<Mackerel>") {
			t.Error("a seller's words became HTML")
		}
		w.give(notice.Draft{Key: "starts:shw_2"})
		if len(w.listed()) != 2 {
			t.Error("another show was not told")
		}
		if err := w.notices.MarkRead(t.Context(), w.person.ID); err != nil {
			t.Fatal(err)
		}
		if n, err := w.notices.Unread(t.Context(), w.person.ID); n != 0 || err != nil {
			t.Errorf("%d unread, %v", n, err)
		}
	}, migrations...)
}

func TestChannelsAreAsThePersonWishes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.subscribe("/phone")
		w.give(notice.Draft{Key: "a", Only: &notice.Channels{InApp: true, Push: true}})
		if len(w.letters()) != 0 || w.pushes.Load() != 1 {
			t.Errorf("only push: %d letters, %d pushes", len(w.letters()), w.pushes.Load())
		}
		if err := w.notices.SetPreferences(t.Context(), w.person.ID, map[notice.Kind]notice.Channels{notice.ShowStarts: {}, "gossip": {}}); err != nil {
			t.Fatal(err)
		}
		w.give(notice.Draft{Key: "b", Only: &notice.Channels{InApp: true, Email: true, Push: true}})
		if len(w.letters()) != 0 || w.pushes.Load() != 1 || len(w.listed()) != 1 {
			t.Errorf("nothing wanted: %d letters, %d pushes, %d listed", len(w.letters()), w.pushes.Load(), len(w.listed()))
		}
		all, err := w.notices.Preferences(t.Context(), w.person.ID)
		if err != nil || all[notice.ShowStarts] != (notice.Channels{}) || !all[notice.Orders].Email || len(all) != 3 || all[notice.People].Email {
			t.Errorf("preferences %+v, %v", all, err)
		}
	}, migrations...)
}

func TestGoneBrowserIsForgotten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.subscribe("/phone")
		w.pushCode.Store(http.StatusServiceUnavailable)
		w.give(notice.Draft{Key: "a"})
		w.pushCode.Store(http.StatusGone)
		w.now = w.now.Add(time.Minute)
		w.drain() // the second attempt
		w.pushCode.Store(http.StatusCreated)
		w.give(notice.Draft{Key: "b"})
		if w.pushes.Load() != 2 {
			t.Errorf("%d pushes, want the two before it was gone", w.pushes.Load())
		}
		for i := range 12 {
			w.now = w.now.Add(time.Second)
			w.subscribe("/browser" + string(rune('a'+i)))
		}
		w.give(notice.Draft{Key: "c"})
		if n := w.pushes.Load(); n != 12 {
			t.Errorf("%d pushes, want 10 more", n)
		}
		err := w.notices.Subscribe(t.Context(), w.person.ID, push.Subscription{Endpoint: "http://10.0.0.1/x"})
		if err == nil {
			t.Error("an endpoint without TLS was taken")
		}
	}, migrations...)
}

func TestStopLinkStopsOneThing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		token := w.notices.StopToken(w.person.ID, notice.ShowStarts, notice.Email)
		if strings.Contains(token, ".") {
			t.Errorf("token %q: with a dot the link is the address of a file, and was answered with 404", token)
		}
		for range 2 {
			s, err := w.notices.Stop(t.Context(), token)
			if err != nil || s != (notice.Stop{Person: w.person.ID, Kind: notice.ShowStarts, Channel: notice.Email}) {
				t.Fatalf("Stop = %+v, %v", s, err)
			}
		}
		w.give(notice.Draft{Key: "a"})
		if len(w.letters()) != 0 || len(w.listed()) != 1 {
			t.Errorf("after Stop: %d letters, %d listed", len(w.letters()), len(w.listed()))
		}
		other := w.notices.StopToken("per_other", notice.Orders, notice.Email)
		body, _, _ := strings.Cut(other, "~")
		_, sig, _ := strings.Cut(token, "~")
		for _, forged := range []string{"", "~", body + "~" + sig, token + "x", strings.Repeat("A", 400), body + "~"} {
			if _, err := w.notices.Stop(t.Context(), forged); err == nil {
				t.Errorf("%q was taken", forged)
			}
		}
	}, migrations...)
}

func TestCodesGoOutByTheirChannel(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		err := d.InTx(t.Context(), func(tx *db.Tx) error {
			if err := w.notices.SendCode(t.Context(), tx, "new@example.org", "email", "123456", "en"); err != nil {
				return err
			}
			return w.notices.SendCode(t.Context(), tx, "+4915112345678", "sms", "654321", "zh")
		})
		if err != nil {
			t.Fatal(err)
		}
		w.drain()
		got := map[string]string{}
		for _, l := range w.letters() {
			got[l.Channel+" "+l.To] = l.Text
		}
		if !strings.Contains(got["email new@example.org"], "Quay Market: your sign-in code is 123456") {
			t.Errorf("e-mail: %q", got)
		}
		if got["sms +4915112345678"] != "码头市场：您的登录验证码是 654321" {
			t.Errorf("sms: %q", got)
		}
	}, migrations...)
}

func TestOldNoticesAreForgottenAndNewOnesStay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		rows := make([][]any, 1500) // more than one statement deletes
		for i := range rows {
			rows[i] = []any{fmt.Sprintf("ntc_%d", i), w.person.ID, "orders", fmt.Sprint(i), "{}", "{}", "/", true, w.now.UnixMilli()}
		}
		if err := d.InTx(t.Context(), func(tx *db.Tx) error {
			return tx.InsertMany(t.Context(), "notice", []string{"id", "person", "kind", "unique_key", "title", "body", "url", "in_app", "created_at"}, rows)
		}); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.AddDate(0, 0, 10)
		w.give(notice.Draft{Key: "new"})
		if err := w.notices.Trim(t.Context(), w.now.AddDate(0, 0, -10)); err != nil {
			t.Fatal(err)
		}
		if n, err := w.notices.Unread(t.Context(), w.person.ID); err != nil || n != 1501 {
			t.Errorf("%d notices, %v; the old ones are not older than ten days", n, err)
		}
		if err := w.notices.Trim(t.Context(), w.now.AddDate(0, 0, -9)); err != nil {
			t.Fatal(err)
		}
		if n, err := w.notices.Unread(t.Context(), w.person.ID); err != nil || n != 1 {
			t.Errorf("%d notices, %v; want the new one", n, err)
		}
	}, migrations...)
}
