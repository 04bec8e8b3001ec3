package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/platform/telemetry"
)

func TestLoggerObeysFormatAndLevel(t *testing.T) {
	var out bytes.Buffer
	log, err := telemetry.NewLogger(&out, "json", "warn")
	if err != nil {
		t.Fatal(err)
	}
	log.Info("not this")
	log.Warn("this", "order", "ord_1")
	var line struct{ Time, Level, Msg, Order string }
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%q: %v", out.String(), err)
	}
	if line.Msg != "this" || line.Level != "WARN" || line.Order != "ord_1" || !strings.HasSuffix(line.Time, "Z") {
		t.Errorf("line %+v", line)
	}
	for _, bad := range [][2]string{{"xml", "info"}, {"text", "loud"}} {
		if _, err := telemetry.NewLogger(&out, bad[0], bad[1]); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestMetricsAreServedUntilTheEnd(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	reg := telemetry.NewRegistry(telemetry.Build{Version: "v1.2.3", Revision: "abc", Go: "go1.26"})
	observe := telemetry.ObserveHTTP(reg)
	observe("POST /v1/orders", 201, 3*time.Millisecond)
	observe("", 404, time.Millisecond)
	telemetry.Gauge(reg, "openstall_test", "A test.", func() float64 { return 7 })
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- telemetry.Serve(ctx, l, reg) }()
	res, err := http.Get("http://" + l.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`openstall_build_info{go="go1.26",revision="abc",version="v1.2.3"} 1`,
		`openstall_http_seconds_count{route="POST /v1/orders",status="2xx"} 1`,
		`openstall_http_seconds_count{route="none",status="4xx"} 1`,
		"openstall_test 7", "go_goroutines", "process_resident_memory_bytes",
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %q in the metrics", want)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Serve = %v, want nil when asked to stop", err)
	}
}
