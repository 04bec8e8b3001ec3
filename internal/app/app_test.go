package app_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
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
