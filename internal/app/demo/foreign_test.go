package demo_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/openstall/openstall/internal/app"
	"github.com/openstall/openstall/internal/platform/db"
)

// Routes about things that belong to somebody; every other one is about what is
// there for everybody. A route that is neither fails the test.
var (
	owned  = regexp.MustCompile(`^/v1/(merchant|operator|orders|cases|claims|me|payments)/`)
	public = regexp.MustCompile(`^/v1/(cart/lines|lessons|mutes|people|products|series|shop-messages|shops|shows|topics|unsubscribe|videos|me/shop-messages|groups|courses)/`)
)

// foreign is somebody's thing for each kind of id, by the word before it in a
// path: most are Nell's or Rosa's in her shop.
var foreign = map[string]string{
	"shops":            `SELECT id FROM shop WHERE id = $1`,
	"wechat-merchants": `SELECT id FROM shop WHERE id = $1`,
	"orders":           `SELECT id FROM orders WHERE shop = $1 ORDER BY id LIMIT 1`,
	"parcels":          `SELECT p.id FROM parcel p JOIN orders o ON o.id = p.order_id WHERE o.shop = $1 ORDER BY p.id LIMIT 1`,
	"transfers":        `SELECT id FROM orders WHERE shop = $1 ORDER BY id LIMIT 1`,
	"cases":            `SELECT id FROM aftersale_case WHERE shop = $1 ORDER BY id LIMIT 1`,
	"products":         `SELECT id FROM product WHERE shop = $1 ORDER BY id LIMIT 1`,
	"shows":            `SELECT id FROM shows WHERE shop = $1 ORDER BY id LIMIT 1`,
	"comments":         `SELECT c.id FROM chat_comment c JOIN shows s ON s.id = c.show WHERE s.shop = $1 ORDER BY c.id LIMIT 1`,
	"contacts":         `SELECT id FROM crm_contact WHERE shop = $1 ORDER BY id LIMIT 1`,
	"coupons":          `SELECT id FROM coupon_template WHERE shop = $1 ORDER BY id LIMIT 1`,
	"drops":            `SELECT id FROM coupon_template WHERE shop = $1 ORDER BY id LIMIT 1`,
	"promotions":       `SELECT id FROM promotion WHERE $1 <> '' ORDER BY id LIMIT 1`,
	"reviews":          `SELECT id FROM review WHERE $1 <> '' ORDER BY id LIMIT 1`,
	"series":           `SELECT id FROM video_series WHERE $1 <> '' ORDER BY id LIMIT 1`,
	"videos":           `SELECT id FROM video WHERE shop = $1 ORDER BY id LIMIT 1`,
	"courses":          `SELECT id FROM course_enrolment WHERE $1 <> '' ORDER BY id LIMIT 1`,
	"lessons":          `SELECT id FROM course_lesson WHERE $1 <> '' ORDER BY id LIMIT 1`,
	"group-offers":     `SELECT id FROM group_offer WHERE $1 <> '' ORDER BY id LIMIT 1`,
	"staff":            `SELECT person FROM member WHERE shop = $1 AND role <> 'owner' ORDER BY person LIMIT 1`,
	"payouts":          `SELECT id FROM payout WHERE shop = $1 ORDER BY id LIMIT 1`,
	"addresses":        `SELECT id FROM address WHERE $1 <> '' ORDER BY id LIMIT 1`,
	"groups":           `SELECT g.id FROM social_group g JOIN person p ON p.id = g.owner WHERE p.email = 'rosa@demo.market' AND $1 <> '' ORDER BY g.id LIMIT 1`,
	"sessions":         `SELECT s.id FROM session s JOIN person p ON p.id = s.person WHERE p.email = 'rosa@demo.market' AND $1 <> '' LIMIT 1`,
	"flashes":          `SELECT id FROM flash WHERE shop = $1 ORDER BY id LIMIT 1`,
	"claims":           `SELECT id FROM claim WHERE $1 <> '' ORDER BY id LIMIT 1`,
	"claim-calls":      `SELECT id FROM claim_call WHERE shop = $1 ORDER BY id LIMIT 1`,
	"leads":            `SELECT id FROM lead WHERE $1 <> '' ORDER BY id LIMIT 1`,
	"passkeys":         `SELECT id FROM passkey WHERE $1 <> '' LIMIT 1`,
	"failed-refunds":   `SELECT id FROM refund WHERE $1 <> '' ORDER BY id LIMIT 1`,
}

// nobodyHas are kinds of things of which a demo market has none: only ids that
// nobody has are tried.
var nobodyHas = []string{"flashes", "passkeys", "series", "addresses", "claims", "claim-calls"}

// plain are parts of a path that are no ids; patterned is what the document says
// by a pattern only.
var (
	plain     = map[string]string{"position": "1", "state": "sent"}
	patterned = map[string]string{"country": "DE", "month": "2026-11"}
)

func TestNobodyReachesWhatIsNotTheirs(t *testing.T) {
	a := market(t)
	fish, err := a.Shops.BySlug(t.Context(), "marlows-fish")
	if err != nil {
		t.Fatal(err)
	}
	greens, err := a.Shops.BySlug(t.Context(), "graces-greens")
	if err != nil {
		t.Fatal(err)
	}
	signIn(t, a, "rosa@demo.market") // for a session that is hers
	theirs := map[string]string{}
	for word, q := range foreign {
		theirs[word], err = db.One(t.Context(), a.DB, db.Column[string], q, fish.ID)
		if err != nil && !slices.Contains(nobodyHas, word) {
			t.Errorf("%s: %v", word, err)
		}
	}
	nobody := &browser{http.Client{Timeout: 10 * time.Second}, a.URL()}
	people := map[string]*browser{
		"nobody":            nobody,
		"a stranger":        signIn(t, a, "stranger@demo.market"),
		"a buyer elsewhere": signIn(t, a, "piotr@demo.market"),
		"another shop":      signIn(t, a, "grace@demo.market"),
	}
	doc := document(t, a)
	asked := 0
	for _, r := range doc.routes(t) {
		if !owned.MatchString(r.path) || public.MatchString(r.path) {
			if !public.MatchString(r.path) {
				t.Errorf("%s: are these everybody's or somebody's?", r.path)
			}
			continue
		}
		for who, b := range people {
			paths := []map[string]string{theirs}
			if who == "another shop" && strings.Contains(r.path, "/shops/{shop}/") && strings.Count(r.path, "{") > 1 {
				mixed := maps.Clone(theirs) // their thing below a shop of one's own
				mixed["shops"] = greens.ID
				paths = append(paths, mixed)
			}
			for _, ids := range paths {
				asked++
				path, unknown := r.fill(t, ids)
				got, body := ask(t, b, r, path)
				want, other := ask(t, b, r, unknown)
				switch {
				case b == nobody && got != http.StatusUnauthorized, b != nobody && got != http.StatusNotFound && got != http.StatusForbidden:
					t.Errorf("%s: %s %s is answered %d %s", who, r.method, path, got, body)
				case got != want || body != other:
					t.Errorf("%s: %s %s says %d %s\n%s says %d %s", who, r.method, path, got, body, unknown, want, other)
				}
			}
		}
	}
	t.Logf("%d questions", asked)
}

// ask sends a request under a key of its own and returns the answer without what
// differs from one to the next.
func ask(t *testing.T, b *browser, r route, path string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), r.method, b.url+path, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Idempotency-Key", "a key of nobody's own")
	if r.kind != "" {
		req.Header.Set("Content-Type", r.kind)
	}
	res, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	words, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, requestID.ReplaceAllString(string(bytes.TrimSpace(words)), "")
}

var requestID = regexp.MustCompile(`"request_id":"[^"]*"`)

// route is an operation about somebody's thing, with a body that its schema
// takes.
type route struct {
	method, path, body, kind string
}

var parameter = regexp.MustCompile(`([^/]+)/\{(\w+)\}`)

// fill returns the path to things, and to things that nobody has.
func (r route) fill(t *testing.T, ids map[string]string) (path, unknown string) {
	t.Helper()
	path = r.path
	for name, value := range plain {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	unknown = path
	ofWhat := parameter.FindAllStringSubmatch(path, -1)
	for i, m := range ofWhat {
		if _, known := foreign[m[1]]; !known {
			t.Fatalf("%s: what is {%s} after %q?", r.path, m[2], m[1])
		}
		id := ids[m[1]]
		nobodys := id
		if i == len(ofWhat)-1 {
			nobodys = madeUp(id)
		}
		if id == "" {
			id = "abc_0123456789abcdefghjkmnpqrs"
		}
		path = strings.Replace(path, "{"+m[2]+"}", id, 1)
		unknown = strings.Replace(unknown, "{"+m[2]+"}", nobodys, 1)
	}
	return path, unknown
}

// madeUp is an id of the same form that nobody has.
func madeUp(id string) string {
	if len(id) < 12 {
		return "abc_0123456789abcdefghjkmnpqrt"
	}
	return id[:len(id)-8] + "zzzzzzzz"
}

type openAPI struct{ root map[string]any }

func document(t *testing.T, a *app.App) openAPI {
	t.Helper()
	raw, err := a.API(http.NewServeMux()).OpenAPI()
	var doc openAPI
	if err == nil {
		err = yaml.Unmarshal(raw, &doc.root)
	}
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// routes are the operations with an id in their path.
func (d openAPI) routes(t *testing.T) []route {
	t.Helper()
	var all []route
	paths := d.root["paths"].(map[string]any)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if !strings.Contains(path, "{") {
			continue
		}
		for method, op := range paths[path].(map[string]any) {
			o, ok := op.(map[string]any)
			if !ok || o["operationId"] == nil {
				continue
			}
			r := route{method: strings.ToUpper(method), path: path}
			if body, ok := at(o, "requestBody", "content", "application/json", "schema").(map[string]any); ok {
				b, err := json.Marshal(d.example("", body))
				if err != nil {
					t.Fatal(err)
				}
				r.body, r.kind = string(b), "application/json"
			}
			if at(o, "requestBody", "content", "text/csv") != nil {
				r.body, r.kind = "title_en,price\nA crab,1\n", "text/csv"
			}
			if form, ok := at(o, "requestBody", "content", "multipart/form-data", "schema").(map[string]any); ok {
				r.body, r.kind = d.form(t, form)
			}
			for _, p := range list(o["parameters"]) {
				if p["in"] == "query" && p["required"] == true {
					r.path += fmt.Sprintf("?%s=%v", p["name"], d.example(p["name"].(string), p["schema"].(map[string]any)))
				}
			}
			all = append(all, r)
		}
	}
	return all
}

func at(v any, keys ...string) any {
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[k]
	}
	return v
}

func list(v any) []map[string]any {
	var out []map[string]any
	all, _ := v.([]any)
	for _, x := range all {
		out = append(out, x.(map[string]any))
	}
	return out
}

// form is a body with a picture in every field for a file.
func (d openAPI) form(t *testing.T, s map[string]any) (body, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, p := range s["properties"].(map[string]any) {
		var err error
		if at(p, "format") == "binary" {
			var part io.Writer
			if part, err = w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name=%q; filename="a.png"`, name)}, "Content-Type": {"image/png"}}); err == nil {
				err = png.Encode(part, image.NewGray(image.Rect(0, 0, 1, 1)))
			}
		} else {
			err = w.WriteField(name, fmt.Sprint(d.example(name, p.(map[string]any))))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

// example is the least value that a schema takes.
func (d openAPI) example(name string, s map[string]any) any {
	if value, ok := patterned[name]; ok {
		return value
	}
	if ref, ok := s["$ref"].(string); ok {
		return d.example(name, at(d.root, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...).(map[string]any))
	}
	if any := list(s["anyOf"]); len(any) > 0 {
		return d.example(name, any[0])
	}
	if values, ok := s["enum"].([]any); ok {
		return values[0]
	}
	kind, ok := s["type"].(string)
	if kinds, several := s["type"].([]any); !ok && several {
		kind = kinds[0].(string)
	}
	switch kind {
	case "object":
		out := map[string]any{}
		required, _ := s["required"].([]any)
		for _, name := range required {
			if p, ok := at(s, "properties", name.(string)).(map[string]any); ok {
				out[name.(string)] = d.example(name.(string), p)
			}
		}
		return out
	case "array":
		out := []any{}
		if n, _ := s["minItems"].(int); n > 0 {
			out = append(out, d.example("", s["items"].(map[string]any)))
		}
		return out
	case "integer", "number":
		if n, ok := s["minimum"].(int); ok {
			return n
		}
		return 1
	case "boolean":
		return true
	}
	if s["format"] == "date-time" {
		return time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	}
	n, _ := s["minLength"].(int)
	return strings.Repeat("1", max(n, 1))
}
