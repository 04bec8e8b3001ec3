package shop

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/text"
)

//go:embed packs/*.json
var packFiles embed.FS

// Pack is a line of business.
type Pack struct {
	Code        string     `json:"code"`
	Order       int        `json:"order"` // in the wizard
	Name        text.Local `json:"name"`
	Icon        string     `json:"icon"`
	Example     text.Local `json:"example"`                     // what such a stall sells
	Ready       bool       `json:"ready"`                       // has fields and rules of its own; else plain products
	Measure     string     `json:"measure" enum:"piece,weight"` // the default of a product
	Fulfilments []string   `json:"fulfilments" nullable:"false"`
	ReturnRule  ReturnRule `json:"return_rule"`
	Fields      []Field    `json:"fields" nullable:"false"`
	Claims      []string   `json:"claims,omitempty" doc:"What may not be said of such goods"`
	Tax         string     `json:"tax,omitempty" doc:"Class that its goods are taxed as, unless they name another"`
	Pickup      *Pickup    `json:"pickup,omitempty"` // the hours of collecting or of appointments, filled in when the shop is made
}

// ByAppointment reports whether what the pack sells is a time with somebody.
func (p Pack) ByAppointment() bool { return slices.Contains(p.Fulfilments, "appointment") }

// Online reports whether what the pack sells is watched here: nothing is sent,
// and access begins when it is paid.
func (p Pack) Online() bool { return slices.Contains(p.Fulfilments, "online") }

// ByLead reports whether what the pack sells is not bought here: people say that
// they are interested, and sign elsewhere.
func (p Pack) ByLead() bool { return slices.Contains(p.Fulfilments, "lead") }

// ByProgress is the code of the [ReturnRule] that pays back what was not used.
const ByProgress = "progress"

// Field is one thing to know about a product of the pack.
type Field struct {
	Key      string     `json:"key"`
	Label    text.Local `json:"label"`
	Kind     string     `json:"kind" enum:"text,choice,number,date,time,bool"`
	Choices  []Choice   `json:"choices,omitempty"`
	Required bool       `json:"required"`
	Unit     text.Local `json:"unit,omitempty"`
	Help     text.Local `json:"help,omitempty"`
	Duty     bool       `json:"duty"` // must be shown wherever the product is sold
}

// Choice is one answer to a field of kind choice.
type Choice struct {
	Value string     `json:"value"`
	Label text.Local `json:"label"`
}

// ReturnRule is what a buyer may do after a change of mind. When it takes a
// right away that the law gives, the buyer must agree before paying.
type ReturnRule struct {
	Code         string     `json:"code" enum:"normal,fresh_exempt,hygiene_exempt,installed,appointment,progress,lead"`
	Text         text.Local `json:"text"`
	NeedsConsent bool       `json:"needs_consent"`
}

// Fact is a field of a product in words.
type Fact struct {
	Key   string     `json:"key"`
	Label text.Local `json:"label"`
	Value text.Local `json:"value"`
}

// Errors of a product's details.
var (
	// ErrField is returned with the field that does not fit.
	ErrField = errs.New(errs.Invalid, "shop.field", "A detail of the product does not fit.", "商品的某个字段不合要求。")
	// ErrClaim is returned with the words.
	ErrClaim = errs.New(errs.Invalid, "shop.claim", "This may not be said of such goods.", "法律不允许这样宣传这类商品。")
)

var packs = sync.OnceValue(func() []Pack {
	names, err := packFiles.ReadDir("packs")
	if err != nil {
		panic(err)
	}
	var all []Pack
	for _, n := range names {
		raw, err := packFiles.ReadFile("packs/" + n.Name())
		if err != nil {
			panic(err)
		}
		var file []Pack
		if err := json.Unmarshal(raw, &file); err != nil {
			panic(fmt.Errorf("%s: %w", n.Name(), err))
		}
		all = append(all, file...)
	}
	slices.SortFunc(all, func(a, b Pack) int { return a.Order - b.Order })
	return all
})

// Packs lists the lines of business in the order of the wizard.
func Packs() []Pack { return packs() }

// PackOf returns a line of business, or [ErrPack].
func PackOf(code string) (Pack, error) {
	for _, p := range packs() {
		if p.Code == code {
			return p, nil
		}
	}
	return Pack{}, ErrPack
}

// Check returns the fields that a product of the pack may keep, cleaned, or
// [ErrField] naming what does not fit.
func (p Pack) Check(fields map[string]string) (map[string]string, error) {
	out := map[string]string{}
	for _, f := range p.Fields {
		v := text.Line(fields[f.Key])
		if v == "" {
			if f.Required {
				return nil, ErrField.At("fields."+f.Key, "missing")
			}
			continue
		}
		if !f.fits(v) {
			return nil, ErrField.At("fields."+f.Key, "not a "+f.Kind)
		}
		out[f.Key] = v
	}
	return out, nil
}

// CheckClaims returns [ErrClaim] when a text says what the law forbids of such
// goods, as that a cream heals (Regulation (EU) 655/2013; 化妆品监督管理条例, article
// 37). At is where the text stands.
func (p Pack) CheckClaims(at string, words text.Local) error {
	for _, tag := range text.Languages {
		said := strings.ToLower(words[tag])
		for _, c := range p.Claims {
			if says(said, c) {
				return ErrClaim.At(at, c)
			}
		}
	}
	return nil
}

// says reports whether said has claim in it; one in Latin letters as words of
// their own.
func says(said, claim string) bool {
	for from := 0; ; {
		i := strings.Index(said[from:], claim)
		if i < 0 {
			return false
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(said[:i])
		after, _ := utf8.DecodeRuneInString(said[i+len(claim):])
		if claim[0] >= utf8.RuneSelf || !unicode.IsLetter(before) && !unicode.IsLetter(after) {
			return true
		}
		from = i + len(claim)
	}
}

func (f Field) fits(v string) bool {
	switch f.Kind {
	case "choice":
		return slices.ContainsFunc(f.Choices, func(c Choice) bool { return c.Value == v })
	case "number":
		n, err := strconv.ParseFloat(v, 64)
		return err == nil && n >= 0 && n < 1e9
	case "date":
		_, err := time.Parse(time.DateOnly, v)
		return err == nil
	case "time":
		_, err := time.Parse("15:04", v)
		return err == nil
	case "bool":
		return v == "true" || v == "false"
	}
	return len(v) <= 400
}

// Facts puts fields in words, display duties first.
func (p Pack) Facts(fields map[string]string) []Fact {
	facts := []Fact{}
	for _, duty := range []bool{true, false} {
		for _, f := range p.Fields {
			if v := fields[f.Key]; v != "" && f.Duty == duty {
				facts = append(facts, Fact{f.Key, f.Label, f.words(v)})
			}
		}
	}
	return facts
}

func (f Field) words(v string) text.Local {
	switch f.Kind {
	case "choice":
		for _, c := range f.Choices {
			if c.Value == v {
				return c.Label
			}
		}
	case "bool":
		if v == "true" {
			return text.Both("Yes", "是")
		}
		return text.Both("No", "否")
	}
	if f.Unit.IsEmpty() {
		return text.Both(v, v)
	}
	return text.Both(v+" "+f.Unit.Pick("en"), strings.TrimSpace(v+" "+f.Unit.Pick("zh")))
}

// CheckDraft is [Pack.Check] that lets required fields wait.
func (p Pack) CheckDraft(fields map[string]string) (map[string]string, error) {
	p.Fields = slices.Clone(p.Fields)
	for i := range p.Fields {
		p.Fields[i].Required = false
	}
	return p.Check(fields)
}
