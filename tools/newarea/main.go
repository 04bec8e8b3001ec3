// Command newarea starts an area of the domain: the folder with its four files,
// its migration, its door, and its word in the plan.
//
//	go run ./tools/newarea groupbuy
//
// What it writes compiles and passes the plan test; two lines in internal/app
// (build it, mount its door) bring it to life.
package main

import (
	"bytes"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./tools/newarea NAME")
		os.Exit(2)
	}
	if err := create(".", os.Args[1], time.Now()); err != nil {
		fmt.Fprintln(os.Stderr, "newarea:", err)
		os.Exit(1)
	}
}

var goodName = regexp.MustCompile(`^[a-z]{3,16}$`)

// create writes the area below root, the top of the repository.
func create(root, name string, now time.Time) error {
	if !goodName.MatchString(name) {
		return fmt.Errorf("%q: an area is a noun of the trade, 3 to 16 lower-case letters", name)
	}
	dir := filepath.Join(root, "internal", "domain", name)
	if _, err := os.Stat(dir); err == nil {
		return fmt.Errorf("%s exists", dir)
	}
	version, err := nextVersion(root, now)
	if err != nil {
		return err
	}
	data := map[string]string{"Name": name, "Title": strings.ToUpper(name[:1]) + name[1:]}
	files := map[string]string{
		filepath.Join(dir, name+".go"):                            areaFile,
		filepath.Join(dir, "service.go"):                          serviceFile,
		filepath.Join(dir, "store.go"):                            storeFile,
		filepath.Join(dir, name+"http", name+"http.go"):           doorFile,
		filepath.Join(dir, "migrations", version+"_"+name+".sql"): "-- +goose Up\nCREATE TABLE {{.Name}} (\n\tid         TEXT PRIMARY KEY,\n\tcreated_at BIGINT NOT NULL\n);\n",
	}
	for path, text := range files {
		var b bytes.Buffer
		if err := template.Must(template.New(path).Parse(text)).Execute(&b, data); err != nil {
			return err
		}
		out := b.Bytes()
		if strings.HasSuffix(path, ".go") {
			if out, err = format.Source(out); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, out, 0o644); err != nil {
			return err
		}
		fmt.Println("wrote", path)
	}
	return addToPlan(filepath.Join(root, "internal", "plan", "plan.txt"), name)
}

// nextVersion returns a migration number that nobody uses: the day, then a count.
func nextVersion(root string, now time.Time) (string, error) {
	used, err := filepath.Glob(filepath.Join(root, "internal", "*", "*", "migrations", "*.sql"))
	if err != nil {
		return "", err
	}
	taken := map[string]bool{}
	for _, path := range used {
		v, _, _ := strings.Cut(filepath.Base(path), "_")
		taken[v] = true
	}
	for n := 1; n < 100; n++ {
		if v := now.Format("20060102") + fmt.Sprintf("%02d", n); !taken[v] {
			return v, nil
		}
	}
	return "", fmt.Errorf("a hundred migrations in a day")
}

// addToPlan puts the area at the right end of the domain, unless the plan
// expects it already.
func addToPlan(path, name string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := strings.Split(string(raw), "\n")
	for i, l := range lines {
		words := strings.Fields(l)
		if len(words) == 0 || words[0] != "domain" {
			continue
		}
		for _, w := range words {
			if w == name {
				return nil
			}
		}
		lines[i] = l + " " + name
		fmt.Println("added", name, "to the plan; move it to the left when other areas use it")
	}
	return os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644)
}

const areaFile = `// Package {{.Name}} is responsible for what it keeps, and the one idea needed to read it.
package {{.Name}}

import (
	"embed"
	"time"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "{{.Name}}", Files: files}

// {{.Title}} is what this area keeps.
type {{.Title}} struct {
	ID        string
	CreatedAt time.Time
}

// ErrNotFound is returned for one that is not there.
var ErrNotFound = errs.New(errs.NotFound, "{{.Name}}.not_found", "There is nothing here.", "这里什么也没有。")
`

const serviceFile = `package {{.Name}}

import (
	"context"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

// Service is safe for concurrent use.
type Service struct {
	db  *db.DB
	now clock.Now
}

// New returns a service that works on d.
func New(d *db.DB, now clock.Now) *Service { return &Service{db: d, now: now} }

// Get returns one by its id.
func (s *Service) Get(ctx context.Context, id string) ({{.Title}}, error) { return byID(ctx, s.db, id) }
`

const storeFile = `package {{.Name}}

import (
	"context"
	"errors"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/platform/db"
)

func byID(ctx context.Context, q db.Querier, id string) ({{.Title}}, error) {
	type row struct {
		{{.Title}}
		created int64
	}
	r, err := db.One(ctx, q, func(r *row) []any { return []any{&r.ID, &r.created} }, ` + "`SELECT id, created_at FROM {{.Name}} WHERE id = $1`" + `, id)
	if errors.Is(err, db.ErrNoRows) {
		return {{.Title}}{}, ErrNotFound
	}
	r.CreatedAt = clock.Time(r.created)
	return r.{{.Title}}, err
}
`

const doorFile = `// Package {{.Name}}http is the door of the {{.Name}} area.
package {{.Name}}http

import (
	"context"
	"time"

	"github.com/openstall/openstall/internal/domain/{{.Name}}"
	"github.com/openstall/openstall/internal/platform/web"
)

type handler struct{ service *{{.Name}}.Service }

// Mount adds the operations.
func Mount(api *web.API, s *{{.Name}}.Service) {
	h := handler{s}
	web.Handle(api, web.SignedIn, "GET /v1/{{.Name}}s/{id}", "{{.Name}}", "One {{.Name}}", h.get)
}

type getInput struct {
	ID string ` + "`path:\"id\" maxLength:\"60\"`" + `
}

type view struct {
	ID        string    ` + "`json:\"id\"`" + `
	CreatedAt time.Time ` + "`json:\"created_at\"`" + `
}

func (h handler) get(ctx context.Context, in *getInput) (*web.Out[view], error) {
	x, err := h.service.Get(ctx, in.ID)
	return web.Answer(view{x.ID, x.CreatedAt}, err)
}
`
