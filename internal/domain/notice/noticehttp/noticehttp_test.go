package noticehttp_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/notice"
	"github.com/openstall/openstall/internal/domain/notice/noticehttp"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/platform/job"
	"github.com/openstall/openstall/internal/platform/web"
)

func TestDoorStopsWithoutSigningIn(t *testing.T) {
	d := dbtest.SQLite(t, db.SettingMigrations, job.Migrations, account.Migrations, notice.Migrations)
	notices := notice.New(notice.Parts{DB: d, Jobs: job.New(d, slog.New(slog.DiscardHandler), nil), Secret: []byte("secret"), Now: time.Now})
	person, err := account.New(d, notices.SendCode, time.Now).Ensure(t.Context(), "jo@example.org", "Jo", "en")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	noticehttp.Mount(web.NewAPI(mux, slog.New(slog.DiscardHandler), "test"), notices)
	who := web.Identity{}
	server := httptest.NewServer(web.Wrap(web.Config{
		Log: slog.New(slog.DiscardHandler), Identify: func(http.ResponseWriter, *http.Request) web.Identity { return who },
	}, mux))
	t.Cleanup(server.Close)
	do := func(method, path, body string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(context.Background(), method, server.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(body, "{") {
			req.Header.Set("Content-Type", "application/json")
		} else {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	token := notices.StopToken(person.ID, notice.Orders, notice.Email)
	for _, step := range []struct {
		person, method, path, body string
		want                       int
	}{
		{"", "GET", "/v1/unsubscribe/" + token, "", 200},
		{"", "POST", "/v1/unsubscribe/" + token, "List-Unsubscribe=One-Click", 200},
		{"", "POST", "/v1/unsubscribe/forged", "", 404},
		{"", "GET", "/v1/me/notices", "", 401},
		{"jo", "GET", "/v1/me/notices", "", 200},
		{"jo", "POST", "/v1/me/notices/read", "", 204},
		{"jo", "GET", "/v1/me/preferences", "", 200},
		{"jo", "PUT", "/v1/me/preferences", `{"notices":{"show_starts":{"in_app":true,"email":false,"push":false},"orders":{"in_app":true,"email":false,"push":false}}}`, 200},
		{"jo", "PUT", "/v1/me/push", `{"endpoint":"http://a.example/","keys":{"p256dh":"x","auth":"y"}}`, 422},
		{"jo", "DELETE", "/v1/me/push?endpoint=https%3A%2F%2Fa.example", "", 204},
	} {
		who.Person = ""
		if step.person != "" {
			who.Person = person.ID
		}
		if got := do(step.method, step.path, step.body); got != step.want {
			t.Errorf("%s %s as %q: %d, want %d", step.method, step.path, step.person, got, step.want)
		}
	}
	all, err := notices.Preferences(t.Context(), person.ID)
	if err != nil || all[notice.Orders].Email {
		t.Errorf("preferences %+v, %v", all, err)
	}
}
