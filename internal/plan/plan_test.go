package plan_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/openstall/openstall/internal/plan"
)

const module = "github.com/openstall/openstall/internal/"

// place says where a package stands: its floor, and its position there. The
// sub-packages of a part (media/codec/internal..., order/migrations) stand where
// the part stands; doors are the packages below an area whose name ends in
// "http" or "live".
type place struct {
	floor, part int
	name        string
	door        bool
	support     bool // test support such as db/dbtest: stands with its part, only tests import it
}

func locate(t *testing.T, floors []plan.Floor, pkg string) (place, bool) {
	t.Helper()
	parts := strings.Split(pkg, "/")
	for fi, f := range floors {
		switch {
		case f.Name == "roof" && slices.Contains(f.Parts, parts[0]):
			return place{floor: fi, name: pkg}, true
		case f.Name == parts[0] && len(parts) > 1:
			i := slices.Index(f.Parts, parts[1])
			if i < 0 {
				return place{}, false
			}
			p := place{floor: fi, part: i, name: parts[1]}
			last := parts[len(parts)-1]
			p.support = f.Name == "testsupport" || len(parts) > 2 && strings.HasSuffix(last, "test")
			if f.Name == "domain" && len(parts) > 2 && (strings.HasSuffix(last, "http") || strings.HasSuffix(last, "live")) {
				p.door = true
			}
			return p, true
		}
	}
	return place{}, false
}

type source struct {
	path, pkg string
	file      *ast.File
	test      bool
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	fset := token.NewFileSet()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == "testdata" {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		pkg, _ := filepath.Rel("..", filepath.Dir(path))
		all = append(all, source{path, filepath.ToSlash(pkg), f, strings.HasSuffix(path, "_test.go")})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryPackageStandsInThePlan(t *testing.T) {
	floors, err := plan.Floors()
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if s.pkg == "plan" {
			continue
		}
		if _, ok := locate(t, floors, s.pkg); !ok {
			t.Errorf("internal/%s is not in plan.txt", s.pkg)
		}
		if !s.test {
			documented[s.pkg] = documented[s.pkg] || s.file.Doc != nil
		}
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("internal/%s has no package comment", pkg)
		}
	}
}

func TestCallsGoDown(t *testing.T) {
	floors, err := plan.Floors()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources(t) {
		if s.pkg == "plan" {
			continue
		}
		from, ok := locate(t, floors, s.pkg)
		if !ok {
			continue // TestEveryPackageStandsInThePlan says so
		}
		for _, imp := range s.file.Imports {
			path, _ := strconv.Unquote(imp.Path.Value)
			rest, ours := strings.CutPrefix(path, module)
			if !ours || rest == s.pkg {
				continue
			}
			to, ok := locate(t, floors, rest)
			if !ok {
				continue
			}
			if why := forbidden(floors, from, to, s.test); why != "" {
				t.Errorf("%s imports internal/%s: %s", s.path, rest, why)
			}
		}
	}
}

// forbidden returns why from may not import to, or "".
func forbidden(floors []plan.Floor, from, to place, test bool) string {
	roof := len(floors) - 1
	if to.support && !test && !from.support {
		return "test support stays in tests"
	}
	if from.floor == roof {
		return ""
	}
	if floors[from.floor].Name == "testsupport" && to.floor != from.floor {
		return "a fake shares no code with what it tests"
	}
	if test && to.support {
		return ""
	}
	switch {
	case to.floor == roof:
		return "only cmd knows the roof"
	case to.door:
		return "nothing but the roof knows a door"
	case from.door && floors[to.floor].Closed:
		return "the " + floors[to.floor].Name + " wing is entered by the roof only"
	case from.door:
		return ""
	case to.floor > from.floor:
		return "calls go down, events come up"
	case to.floor == from.floor && floors[to.floor].Ordered && to.part > from.part:
		return to.name + " stands to the right of " + from.name
	case to.floor != from.floor && floors[to.floor].Closed:
		return "the " + floors[to.floor].Name + " wing is entered by the roof only"
	case floors[from.floor].Closed && to.floor != from.floor && floors[to.floor].Name != "kit":
		return "the " + floors[from.floor].Name + " wing knows the kit and itself"
	}
	return ""
}

var sqlText = regexp.MustCompile(`^\s*(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|WITH\s+\w+\s+AS|CREATE\s+(TABLE|INDEX))\b`)

// SQL is recognised by upper-case keywords at the head of a string literal.
func TestSQLStandsInStores(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || filepath.Base(s.path) == "store.go" || strings.HasPrefix(s.pkg, "platform/db") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			v, _ := strconv.Unquote(lit.Value)
			if sqlText.MatchString(strings.Join(strings.Fields(v), " ")) {
				t.Errorf("%s: SQL outside store.go: %.60q", s.path, v)
			}
			return true
		})
	}
}

func TestPlanIsReadable(t *testing.T) {
	floors, err := plan.Floors()
	if err != nil {
		t.Fatal(err)
	}
	if len(floors) < 6 {
		t.Fatalf("plan.txt has %d floors, want at least 6", len(floors))
	}
	if _, err := os.Stat("plan.txt"); err != nil {
		t.Fatal(err)
	}
	if f := floors[3]; f.Name != "domain" || !f.Ordered || f.Closed {
		t.Errorf("floor 3 = %+v, want the ordered domain", f)
	}
}
