package goodsfile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"iter"
	"maps"
	"reflect"
	"strings"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/domain/stock"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/money"
	"github.com/openstall/openstall/internal/kit/page"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

// Parts are what the service works with.
type Parts struct {
	DB      *db.DB
	Catalog *catalog.Service
	Stock   *stock.Service
	Now     clock.Now
}

// Service takes files in and gives them out. It is safe for concurrent use.
type Service struct{ Parts }

// New returns a service over p.
func New(p Parts) *Service { return &Service{p} }

// All lists all goods of a shop, the newest first.
func (s *Service) All(ctx context.Context, shopID string) iter.Seq2[catalog.Product, error] {
	return page.All(func(after page.Cursor) (page.Of[catalog.Product], error) {
		return s.Catalog.OfShop(ctx, shopID, true, after, 100)
	})
}

// OnHand is the stock of a shop by variant, in quantity units.
func (s *Service) OnHand(ctx context.Context, shopID string) (map[string]int64, error) {
	items, err := s.Stock.OfShop(ctx, shopID)
	out := make(map[string]int64, len(items))
	for _, it := range items {
		out[it.SKU] = it.OnHand
	}
	return out, err
}

// errUndo ends a transaction that is not to last.
var errUndo = errors.New("not to last")

// Check says what a file would do to the goods of a shop.
func (s *Service) Check(ctx context.Context, sh shop.Shop, file []byte) (Report, error) {
	var r Report
	err := s.DB.InTx(ctx, func(tx *db.Tx) (err error) {
		if r, err = s.apply(ctx, tx, sh, "check", file); err != nil {
			return err
		}
		return errUndo
	})
	if errors.Is(err, errUndo) {
		err = nil
	}
	return r, err
}

// Take does what a file says, once for a key. With any line that does not fit it
// changes nothing and returns [ErrFaults] beside the lines.
func (s *Service) Take(ctx context.Context, sh shop.Shop, by, key string, file []byte) (Report, error) {
	sum := sha256.Sum256(file)
	digest := hex.EncodeToString(sum[:])
	var r Report
	err := s.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := begin(ctx, tx, sh.ID, key, digest, by, s.Now()); errors.Is(err, errKnown) {
			r, err = reportOf(ctx, tx, sh.ID, key, digest)
			return err
		} else if err != nil {
			return err
		}
		var err error
		if r, err = s.apply(ctx, tx, sh, key, file); err != nil {
			return err
		}
		if len(r.Faults) > 0 {
			return ErrFaults
		}
		return end(ctx, tx, sh.ID, key, r)
	})
	return r, err
}

// apply does what a file says and reports what that was. Lines that do not fit are
// left out.
func (s *Service) apply(ctx context.Context, tx *db.Tx, sh shop.Shop, key string, file []byte) (Report, error) {
	pack, err := shop.PackOf(sh.Pack)
	if err != nil {
		return Report{}, err
	}
	rows, err := read(file, columnsOf(pack))
	if err != nil {
		return Report{}, err
	}
	if len(rows) == 0 {
		return Report{}, ErrEmpty
	}
	t := &taking{s: s, tx: tx, shop: sh, key: key}
	groups, err := t.group(ctx, rows)
	if err != nil {
		return Report{}, err
	}
	for _, g := range groups {
		if err := t.take(ctx, g); err != nil {
			return Report{}, err
		}
	}
	return t.report, nil
}

// taking is a file that is being taken in.
type taking struct {
	s      *Service
	tx     *db.Tx
	shop   shop.Shop
	key    string
	report Report
}

// group is the lines of one product; a new one has no product.
type group struct {
	product string
	rows    []row
}

func (t *taking) fault(r row, col string, err error) {
	if len(t.report.Faults) < maxFault {
		t.report.Faults = append(t.report.Faults, Fault{r.line, col, err})
	}
}

// minds keeps what people can mend as a fault of a line and returns everything
// else.
func (t *taking) minds(r row, col string, err error) error {
	if err == nil || errs.KindOf(err) == errs.Internal {
		return err
	}
	var e *errs.Error
	if errors.As(err, &e) && col == "" && len(e.Fields) > 0 {
		if key, ok := strings.CutPrefix(e.Fields[0].Location, "fields."); ok {
			col = detail + key
		}
	}
	t.fault(r, col, err)
	return nil
}

// group puts the lines of a product together. A line without any id belongs to the
// product above when it has no title, and begins a new one when it has.
func (t *taking) group(ctx context.Context, rows []row) ([]*group, error) {
	var groups []*group
	known := map[string]*group{}
	seen := map[string]bool{} // variants
	for _, r := range rows {
		id := r.cells[product]
		if v := r.cells[variant]; v != "" {
			of, err := catalog.ProductIn(ctx, t.tx, t.shop.ID, v)
			if err == nil && id != "" && of != id || seen[v] {
				err = ErrTwice
				if !seen[v] {
					err = catalog.ErrNoSKU
				}
			}
			if err != nil {
				if err := t.minds(r, variant, err); err != nil {
					return nil, err
				}
				continue
			}
			id, seen[v] = of, true
		}
		switch {
		case id != "" && known[id] != nil:
			known[id].rows = append(known[id].rows, r)
		case id == "" && r.cells[titleEN] == "" && r.cells[titleZH] == "" && len(groups) > 0:
			groups[len(groups)-1].rows = append(groups[len(groups)-1].rows, r)
		default:
			g := &group{id, []row{r}}
			groups = append(groups, g)
			if id != "" {
				known[id] = g
			}
		}
	}
	return groups, nil
}

// take does what the lines of a product say.
func (t *taking) take(ctx context.Context, g *group) error {
	var was catalog.Product
	if g.product != "" {
		var err error
		was, err = catalog.GetIn(ctx, t.tx, g.product)
		if err == nil && was.Shop != t.shop.ID {
			err = catalog.ErrNotFound
		}
		if err != nil {
			return t.minds(g.rows[0], product, err)
		}
	}
	before := len(t.report.Faults)
	f := catalog.FormOf(was)
	if g.product == "" {
		f.Measure, f.State = catalog.Measure(t.pack().Measure), catalog.Draft
	}
	at := make([]int, len(g.rows)) // the variant of each line
	for i, r := range g.rows {
		t.fill(&f, r)
		at[i] = t.variant(&f, r, len(was.SKUs), i == 0 && len(g.rows) == 1)
	}
	if len(t.report.Faults) > before {
		return nil
	}
	now, err, figure := was, error(nil), &t.report.Same
	switch {
	case g.product == "":
		figure = &t.report.New
		now, err = t.s.Catalog.CreateIn(ctx, t.tx, t.shop, f)
	case !reflect.DeepEqual(f, catalog.FormOf(was)):
		figure = &t.report.Changed
		now, err = t.s.Catalog.UpdateIn(ctx, t.tx, t.shop, g.product, f)
	}
	if err != nil {
		return t.minds(g.rows[0], "", err)
	}
	*figure++
	for i, r := range g.rows {
		if at[i] < 0 {
			continue
		}
		if err := t.count(ctx, r, now, now.SKUs[at[i]].ID); err != nil {
			return err
		}
	}
	return nil
}

func (t *taking) pack() shop.Pack {
	p, _ := shop.PackOf(t.shop.Pack) // apply has looked
	return p
}

// fill puts what a line says of its product into a form.
func (t *taking) fill(f *catalog.Form, r row) {
	words := func(to *text.Local, en, zh string) {
		for lang, key := range map[string]string{"en": en, "zh": zh} {
			if v := r.cells[key]; v != "" {
				*to = maps.Clone(*to)
				if *to == nil {
					*to = text.Local{}
				}
				(*to)[lang] = v
			}
		}
	}
	words(&f.Title, titleEN, titleZH)
	words(&f.About, aboutEN, aboutZH)
	if v := r.cells[measure]; v != "" {
		f.Measure = catalog.Measure(v)
	}
	if v := r.cells[taxClass]; v != "" {
		f.Tax = v
	}
	if v := r.cells[state]; v != "" {
		f.State = catalog.State(v)
	}
	for key, v := range r.cells {
		if name, ok := strings.CutPrefix(key, detail); ok {
			f.Fields = maps.Clone(f.Fields)
			if f.Fields == nil {
				f.Fields = map[string]string{}
			}
			f.Fields[name] = v
		}
	}
}

// variant finds or adds the variant of a line and returns its place in the form; -1
// for a line that is about its product alone. A product that has one variant needs
// no variant's id.
func (t *taking) variant(f *catalog.Form, r row, known int, only bool) int {
	at := -1
	id := r.cells[variant]
	if known > 0 && id+r.cells[variantEN]+r.cells[variantZH]+r.cells[price]+r.cells[inStock]+r.cells[grams] == "" {
		return -1
	}
	for i, k := range f.SKUs {
		if id != "" && k.ID == id || id == "" && known == 1 && only && r.cells[variantEN]+r.cells[variantZH] == "" {
			at = i
		}
	}
	if at < 0 {
		if id != "" {
			t.fault(r, variant, catalog.ErrNoSKU)
			return 0
		}
		if r.cells[price] == "" {
			t.fault(r, price, ErrNumber)
			return 0
		}
		f.SKUs = append(f.SKUs, catalog.SKUForm{})
		at = len(f.SKUs) - 1
	}
	k := &f.SKUs[at]
	for lang, key := range map[string]string{"en": variantEN, "zh": variantZH} {
		if v := r.cells[key]; v != "" {
			k.Name = maps.Clone(k.Name)
			if k.Name == nil {
				k.Name = text.Local{}
			}
			k.Name[lang] = v
		}
	}
	if v := r.cells[price]; v != "" {
		n, ok := decimal(v, money.Exponent(t.shop.Currency))
		if !ok {
			t.fault(r, price, ErrNumber)
		}
		k.PriceMinor = n
	}
	if v := r.cells[grams]; v != "" {
		n, ok := decimal(v, 0)
		if !ok {
			t.fault(r, grams, ErrNumber)
		}
		k.Grams = n
	}
	if v := r.cells[inStock]; v != "" {
		if _, ok := decimal(v, places(f.Measure)); !ok {
			t.fault(r, inStock, ErrNumber)
		}
	}
	return at
}

// count sets the stock of a variant to what its line says.
func (t *taking) count(ctx context.Context, r row, p catalog.Product, sku string) error {
	v := r.cells[inStock]
	if v == "" {
		return nil
	}
	n, _ := decimal(v, places(p.Measure))
	item, err := stock.OfIn(ctx, t.tx, sku, stock.Stall)
	if err != nil || item.OnHand == n {
		return err
	}
	if _, err := t.s.Stock.RecordIn(ctx, t.tx, t.shop.ID, stock.Move{Key: "file:" + t.key + ":" + sku, SKU: sku, Set: &n, Reason: stock.Count}); err != nil {
		return t.minds(r, inStock, err)
	}
	t.report.Counted++
	return nil
}
