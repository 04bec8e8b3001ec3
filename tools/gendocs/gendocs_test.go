// Package gendocs keeps the generated documents true: the schema, the OpenAPI
// document, the list of problems and the picture of the plan. A test fails when
// one is stale; `go test ./tools/gendocs -update` writes them anew.
package gendocs_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/plan"
	"github.com/openstall/openstall/internal/platform/config"
	"github.com/openstall/openstall/internal/platform/web"
)

var update = flag.Bool("update", false, "write the documents")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("..", "..", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is stale; run `make docs`", name)
	}
}

func market(t *testing.T) *app.App {
	t.Helper()
	a, err := app.New(context.Background(), config.Serve{Data: t.TempDir(), HTTP: "127.0.0.1:0", RTMP: "off", WebRTC: "off", Metrics: "off", TLS: "off",
		Name: "Openstall", Currency: "EUR", TimeZone: "Europe/Berlin", MailFrom: "Market <market@localhost>"}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

func TestSchema(t *testing.T) {
	s, err := market(t).DB.Schema(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "docs/schema.sql", []byte("-- The whole schema, as SQLite has it. Generated; see tools/gendocs.\n\n"+s))
}

// version differs from build to build.
var version = regexp.MustCompile(`(?m)^  version: .*$`)

func TestOpenAPI(t *testing.T) {
	doc, err := market(t).API(http.NewServeMux()).OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "api/openapi.yaml", version.ReplaceAll(doc, []byte("  version: \"1\"")))
}

func TestProblems(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("# Every problem a client may meet: a code is a promise. Generated; see tools/gendocs.\n")
	for _, e := range errs.All() {
		if !strings.ContainsFunc(e.Chinese, func(r rune) bool { return unicode.Is(unicode.Han, r) }) || strings.ContainsAny(e.Chinese, "!?;:") {
			t.Errorf("%s says in Chinese: %q", e.Code, e.Chinese)
		}
		fmt.Fprintf(&b, "%s:\n  status: %d\n  message: %q\n  zh: %q\n", e.Code, web.ProblemOf(t.Context(), e).Status, e.Message, e.Chinese)
	}
	golden(t, "api/problems.yaml", b.Bytes())
}

func TestPlanPicture(t *testing.T) {
	floors, err := plan.Floors()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "docs/plan.svg", draw(floors))
}

// draw paints the building, the ground floor at the bottom.
func draw(floors []plan.Floor) []byte {
	const width, pad, line = 960, 16, 26
	type box struct {
		f     plan.Floor
		lines []string
	}
	var boxes []box
	height := pad
	for _, f := range floors {
		var lines []string
		row := ""
		for _, p := range f.Parts {
			if len(row)+len(p) > 78 {
				lines, row = append(lines, row), ""
			}
			row = strings.TrimSpace(row + "  " + p)
		}
		lines = append(lines, row)
		boxes = append(boxes, box{f, lines})
		height += 44 + line*len(lines)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="ui-monospace, Consolas, monospace" font-size="14">`+"\n", width, height, width, height)
	y := height
	for _, bx := range boxes {
		h := 32 + line*len(bx.lines)
		y -= h + 12
		fill := map[bool]string{true: "#DDEBE5", false: "#FFFFFF"}[bx.f.Closed]
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" rx="10" fill="%s" stroke="#0F5B4A"/>`+"\n", pad, y, width-2*pad, h, fill)
		note := ""
		switch {
		case bx.f.Closed:
			note = "entered by the roof only"
		case bx.f.Ordered:
			note = "a part uses what stands to its left"
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" font-weight="700" fill="#0F5B4A">%s</text><text x="%d" y="%d" fill="#606C65" text-anchor="end">%s</text>`+"\n", pad+16, y+24, bx.f.Name, width-pad-16, y+24, note)
		for i, l := range bx.lines {
			fmt.Fprintf(&b, `<text x="%d" y="%d" fill="#15201B" xml:space="preserve">%s</text>`+"\n", pad+16, y+24+line*(i+1), l)
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}
