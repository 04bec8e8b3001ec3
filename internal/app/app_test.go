package app_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"testing"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/platform/config"
)

// open builds a market in a temporary folder.
func open(t testing.TB) *app.App {
	t.Helper()
	a, err := app.New(context.Background(), config.Serve{
		Data: t.TempDir(), HTTP: "127.0.0.1:0", RTMP: "off", WebRTC: "off", Metrics: "off", Name: "Harbour Market", Currency: "EUR", TimeZone: "Europe/Berlin", TLS: "off",
		MailFrom: "Market <market@localhost>", Outbox: true, TestPayment: true,
	}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func TestEveryDoorFitsOnOneMux(t *testing.T) {
	doc, err := open(t).API(http.NewServeMux()).OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	if len(doc) < 10_000 {
		t.Errorf("the document has %d bytes", len(doc))
	}
}

// switches are put on and deleted again, without a body.
var switches = regexp.MustCompile(`/(follow|like|favourite|block|reservation|not-interested|mutes/\{kind\}/\{target\})$`)

// huma passes embedded structs over whose type is not exported, and what they
// declare with them; the handler would see empty ids.
func TestEveryPathParameterIsDeclared(t *testing.T) {
	for _, op := range open(t).API(http.NewServeMux()).Operations() {
		declared := map[string]bool{}
		for _, p := range op.Parameters {
			if p.In == "path" {
				declared[p.Name] = true
			}
		}
		for _, name := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(op.Path, -1) {
			if !declared[name[1]] {
				t.Errorf("%s %s does not declare {%s}", op.Method, op.Path, name[1])
			}
		}
		if op.RequestBody == nil && (op.Method == "PUT" || op.Method == "PATCH") && !switches.MatchString(op.Path) {
			t.Errorf("%s %s has no body", op.Method, op.Path)
		}
	}
}
