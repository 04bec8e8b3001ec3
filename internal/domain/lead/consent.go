package lead

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/catalog"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/text"
)

// Form is what a person is shown before they leave a lead.
type Form struct {
	Pack    string     // code of the line of business
	Version string     // of the words
	Consent text.Local // to be shown and agreed to
	Slots   []shop.Slot
	Open    string // id of the lead that they have open, or ""
}

// Form returns what person, or somebody not signed in, is asked for a product,
// or [ErrBought].
func (s *Service) Form(ctx context.Context, person, product string) (Form, error) {
	p, sh, err := s.asked(ctx, product)
	if err != nil {
		return Form{}, err
	}
	f := Form{Pack: p.Pack, Consent: consentOf(sh, p)}
	f.Version = versionOf(f.Consent)
	if f.Slots, err = s.Shops.Slots(ctx, sh, 14); err != nil {
		return Form{}, err
	}
	now := s.Now()
	f.Slots = slices.DeleteFunc(f.Slots, func(x shop.Slot) bool { return x.Left == 0 || !x.StartsAt.After(now) })
	if person != "" {
		f.Open, err = openOf(ctx, s.DB, person, product)
	}
	return f, err
}

// asked returns a product that is sold by lead, with its shop.
func (s *Service) asked(ctx context.Context, product string) (catalog.Product, shop.Shop, error) {
	p, err := s.Catalog.Get(ctx, product)
	if err != nil {
		return catalog.Product{}, shop.Shop{}, err
	}
	if p.State != catalog.Live {
		return catalog.Product{}, shop.Shop{}, catalog.ErrNotFound
	}
	pack, err := shop.PackOf(p.Pack)
	if err != nil {
		return catalog.Product{}, shop.Shop{}, err
	}
	if !pack.ByLead() {
		return catalog.Product{}, shop.Shop{}, ErrBought
	}
	sh, err := s.Shops.Get(ctx, p.Shop)
	return p, sh, err
}

// consentOf names who receives what, for what, and for how long (GDPR articles 7
// and 13; 个人信息保护法, articles 14 and 17).
func consentOf(sh shop.Shop, p catalog.Product) text.Local {
	who := func(tag string) string {
		if sh.Licence.LegalName != "" {
			return sh.Licence.LegalName
		}
		return sh.Name.Pick(tag)
	}
	return text.Both(
		fmt.Sprintf("%s may call me or write to me about “%s”. For this it gets my name, the e-mail address and phone number of my account or those I typed, and what I wrote. "+
			"It is kept for %d months and then deleted, unless I buy. I can take this back at any time under My orders; then it is deleted at once.",
			who("en"), p.Title.Pick("en"), KeepMonths),
		fmt.Sprintf("%s可以就“%s”给我打电话或发消息。为此，对方会得到我的称呼、账号里或我填写的邮箱和手机号，以及我写的内容。"+
			"这些资料保存 %d 个月，之后删除；成交的除外。我可以随时在“我的订单”里收回，收回后立即删除。",
			who("zh"), p.Title.Pick("zh"), KeepMonths))
}

// versionOf is the same for the same words only.
func versionOf(words text.Local) string {
	all := make([]string, 0, len(text.Languages))
	for _, tag := range text.Languages {
		all = append(all, words[tag])
	}
	sum := sha256.Sum256([]byte(strings.Join(all, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// agreed returns the consent to words as they are now, or [ErrConsent].
func agreed(words text.Local, version, language string, at time.Time) (Consent, error) {
	if version != versionOf(words) || !slices.Contains(text.Languages, language) {
		return Consent{}, ErrConsent
	}
	return Consent{Version: version, Language: language, Text: words[language], At: at}, nil
}
