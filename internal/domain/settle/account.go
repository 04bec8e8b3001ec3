package settle

import (
	"context"
	"regexp"
	"strings"

	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/bus"
	"github.com/openstall/openstall/internal/platform/db"
)

// SetAccount says where a shop wants its money. What was asked for before still
// goes where it was asked to.
func (s *Service) SetAccount(ctx context.Context, shop, by string, a Account) (Account, error) {
	var err error
	a.Holder, a.Bank = text.Line(a.Holder), text.Line(a.Bank)
	if a.Number, err = NormalNumber(a.Number); err != nil {
		return Account{}, err
	}
	if len([]rune(a.Holder)) < 2 || len([]rune(a.Holder)) > 120 || len([]rune(a.Bank)) > 120 {
		return Account{}, ErrAccount.At("holder", "2 to 120 characters")
	}
	now := s.Now()
	err = s.DB.InTx(ctx, func(tx *db.Tx) error {
		if err := setAccount(ctx, tx, shop, by, a, now); err != nil {
			return err
		}
		return s.Bus.Publish(ctx, tx, bus.Event{Topic: TopicAccount, Key: shop, Payload: Told{ID: shop, Shop: shop, Event: "changed", At: clock.Millis(now)}.body()})
	})
	return a, err
}

// AccountOf returns where a shop wants its money, or [ErrNoAccount].
func (s *Service) AccountOf(ctx context.Context, shop string) (Account, error) {
	return accountOf(ctx, s.DB, shop)
}

var (
	iban   = regexp.MustCompile(`^[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}$`)
	number = regexp.MustCompile(`^[A-Z0-9][A-Z0-9 /.-]{2,38}[A-Z0-9]$`)
)

// NormalNumber returns an account number as it is written on a transfer: an IBAN
// in groups of four, whose check digits hold (ISO 13616-1, 6.1), or a national
// number of 4 to 40 letters, digits and separators. It returns [ErrAccount] for
// anything else.
func NormalNumber(s string) (string, error) {
	s = strings.ToUpper(strings.Join(strings.Fields(text.Line(s)), " "))
	bare := strings.ReplaceAll(s, " ", "")
	if iban.MatchString(bare) {
		if mod97(bare[4:]+bare[:4]) != 1 {
			return "", ErrAccount.At("number", "the check digits do not fit")
		}
		var groups []string
		for ; len(bare) > 4; bare = bare[4:] {
			groups = append(groups, bare[:4])
		}
		return strings.Join(append(groups, bare), " "), nil
	}
	if !number.MatchString(s) || !strings.ContainsAny(s, "0123456789") {
		return "", ErrAccount.At("number", "letters and digits")
	}
	return s, nil
}

// mod97 reads letters as 10 to 35.
func mod97(s string) int {
	rest := 0
	for _, c := range s {
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	return rest
}
