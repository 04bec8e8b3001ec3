package web

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path"
	"reflect"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	json "github.com/go-json-experiment/json/v1"
)

// API is the part of the door that describes itself: operations with typed
// input and output on a mux, and the OpenAPI 3.1 document made from them.
type API struct {
	huma huma.API
	log  *slog.Logger
	said map[string]bool // schemas whose nulls are told
}

// NewAPI mounts an empty API on mux.
func NewAPI(mux *http.ServeMux, log *slog.Logger, version string) *API {
	cfg := huma.DefaultConfig("Openstall", version)
	cfg.Info.Description = "Everything the apps do, they do through these operations. " +
		"Errors are problem documents (RFC 9457) with a stable code; lists are paged by `next`; " +
		"what moves money or stock takes an `Idempotency-Key`."
	cfg.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	cfg.Formats = map[string]huma.Format{"application/json": format, "json": format}
	cfg.CreateHooks = nil // no $schema member, no Link header
	cfg.DocsPath, cfg.OpenAPIPath, cfg.SchemasPath = "", "", ""
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: SessionCookie, Description: "Set by signing in."},
	}
	return &API{huma: humago.New(mux, cfg), log: log, said: map[string]bool{}}
}

// format is JSON as encoding/json writes and reads it, by the second version of
// that package, which is two to three times as fast.
var format = huma.Format{
	Marshal: func(w io.Writer, v any) error {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	},
	Unmarshal: json.Unmarshal,
}

// schemaName names a Go type in the document: its area, then its own name
// (OrderView), so that two areas may both have a view. The arguments of a
// generic type follow (PageOfOrderView).
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Name() == "" || t.PkgPath() == "" {
		return huma.DefaultSchemaNamer(t, hint)
	}
	base, args, _ := strings.Cut(t.Name(), "[")
	mustShow(t)
	name := inArea(t.PkgPath(), base)
	for _, a := range typeArgument.FindAllStringSubmatch(args, -1) {
		name += inArea(a[1], a[2])
	}
	return name
}

// mustShow panics when a view embeds a struct whose type is not exported: JSON
// would carry its fields and the document would leave them out.
func mustShow(t reflect.Type) {
	if t.Kind() != reflect.Struct {
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		e := f.Type
		if e.Kind() == reflect.Pointer {
			e = e.Elem()
		}
		if f.Anonymous && !f.IsExported() && e.Kind() == reflect.Struct && f.Tag.Get("json") != "-" {
			panic(fmt.Sprintf("web: %s embeds %s, which the document would leave out; export it", t, e))
		}
	}
}

var typeArgument = regexp.MustCompile(`([\w./-]+)\.(\w+)`)

// inArea puts the area of a package in front of a type's name, unless the name
// begins with it.
func inArea(pkg, name string) string {
	upper := func(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
	area := strings.TrimSuffix(path.Base(pkg), "http")
	if strings.HasPrefix(strings.ToLower(name), area) {
		return upper(name)
	}
	return upper(area) + upper(name)
}

// OpenAPI returns the document as YAML.
func (a *API) OpenAPI() ([]byte, error) { return a.huma.OpenAPI().YAML() }

// Paths returns "METHOD /path" of every operation, for tests that walk them.
func (a *API) Operations() []*huma.Operation {
	var all []*huma.Operation
	for _, item := range a.huma.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Put, item.Post, item.Patch, item.Delete} {
			if op != nil {
				all = append(all, op)
			}
		}
	}
	return all
}

// Out is an answer with a JSON body.
type Out[T any] struct{ Body T }

// Answer wraps body.
func Answer[T any](body T, err error) (*Out[T], error) {
	if err != nil {
		return nil, err
	}
	return &Out[T]{body}, nil
}

// None is the input of an operation that takes nothing, or the output of one
// that only says 204.
type None struct{}

// Key is embedded by inputs that move money or stock.
type Key struct {
	Key string `header:"Idempotency-Key" required:"true" minLength:"8" maxLength:"64" doc:"Made by the caller, the same for every repetition of this write"`
}

// Paged is embedded by inputs of lists.
type Paged struct {
	After string `query:"after" maxLength:"200" doc:"The next of the page before"`
}

// Option changes an operation.
type Option func(*huma.Operation)

// Status is the status of success (200 by default, 204 for None).
func Status(code int) Option { return func(o *huma.Operation) { o.DefaultStatus = code } }

// MaxBody bounds the request body in bytes (256 KiB by default).
func MaxBody(n int64) Option { return func(o *huma.Operation) { o.MaxBodyBytes = n } }

// Unchecked leaves the body to the handler: comparing it with its schema costs a
// second reading, which counts where a crowd comes at once.
func Unchecked() Option { return func(o *huma.Operation) { o.SkipValidateBody = true } }

// Handle registers h for a route such as "POST /v1/orders". The operation's id
// is its name in the document and in logs.
func Handle[I, O any](a *API, g Guard, route, id, summary string, h func(context.Context, *I) (*O, error), opts ...Option) {
	method, path, _ := strings.Cut(route, " ")
	op := huma.Operation{
		Method: method, Path: path, OperationID: id, Summary: summary,
		Tags:         []string{tag(path)},
		MaxBodyBytes: 256 << 10,
		Errors:       []int{422, 500},
	}
	if g != Anyone {
		op.Security = []map[string][]string{{"session": {}}}
		op.Errors = append(op.Errors, 401)
	}
	for _, o := range opts {
		o(&op)
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		if e := g.check(ctx); e != nil {
			return nil, e
		}
		out, err := h(ctx, in)
		if err != nil && ProblemOf(ctx, err).Status >= 500 {
			a.log.ErrorContext(ctx, "request failed", "operation", id, "request", RequestID(ctx), "error", err)
		}
		return out, err
	})
	a.tellNulls()
}

// tellNulls says in the document what JSON does: a pointer to a struct that is
// not left out when empty is written as null. huma knows null for scalars only.
func (a *API) tellNulls() {
	r := a.huma.OpenAPI().Components.Schemas
	for name, s := range r.Map() {
		if a.said[name] {
			continue
		}
		a.said[name] = true
		t := r.TypeFromRef("#/components/schemas/" + name)
		if t == nil {
			continue
		}
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			continue
		}
		for _, f := range reflect.VisibleFields(t) {
			key, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			p := s.Properties[key]
			if p != nil && p.Ref != "" && f.Type.Kind() == reflect.Pointer && !strings.Contains(options, "omit") {
				s.Properties[key] = &huma.Schema{AnyOf: []*huma.Schema{p, {Type: "null"}}, Description: p.Description}
			}
		}
	}
}

func tag(path string) string {
	parts := strings.Split(strings.TrimPrefix(path, "/v1/"), "/")
	return parts[0]
}
