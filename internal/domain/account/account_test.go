package account_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
)

type world struct {
	*account.Service
	codes map[string]string
	at    time.Time
}

func newWorld(d *db.DB) *world {
	w := &world{codes: map[string]string{}, at: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	w.Service = account.New(d, func(_ context.Context, _ *db.Tx, to, _, code, _ string) error {
		w.codes[to] = code
		return nil
	}, func() time.Time { return w.at })
	return w
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { f(t, newWorld(d)) }, account.Migrations)
}

var phone = account.Device{UserAgent: "Mozilla/5.0 (iPhone) Safari", IP: "198.51.100.7", Locale: "zh"}

func (w *world) signIn(t *testing.T, to, name string) (account.Person, string) {
	t.Helper()
	ctx := context.Background()
	if _, err := w.SendCode(ctx, to, "en"); err != nil {
		t.Fatal(err)
	}
	address, _, err := account.ParseAddress(to)
	if err != nil {
		t.Fatal(err)
	}
	p, token, err := w.SignIn(ctx, to, w.codes[address], name, phone)
	if err != nil {
		t.Fatal(err)
	}
	return p, token
}

func TestACodeMakesThePersonAndTheSession(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		p, token := w.signIn(t, " Nell@Example.org ", "Nell")
		if p.Email != "nell@example.org" || p.Name != "Nell" || p.Locale != "zh" {
			t.Errorf("person = %+v", p)
		}
		got, s, err := w.Identify(ctx, token)
		if err != nil || got.ID != p.ID || s.Device != "Safari, iPhone" {
			t.Errorf("Identify = %+v, %+v, %v", got, s, err)
		}
		w.at = w.at.Add(time.Hour)
		if again, _ := w.signIn(t, "nell@example.org", "Somebody"); again.ID != p.ID || again.Name != "Nell" {
			t.Errorf("second sign-in = %+v", again)
		}
		if all, err := w.Sessions(ctx, p.ID); err != nil || len(all) != 2 {
			t.Errorf("sessions = %v, %v", all, err)
		}
		if err := w.SignOut(ctx, p.ID, s.ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.Identify(ctx, token); !errors.Is(err, account.ErrNoSession) {
			t.Errorf("after signing out there: %v", err)
		}
		if err := w.SignOut(ctx, "per_other", s.ID); !errors.Is(err, account.ErrNoSession) {
			t.Errorf("somebody else's session: %v", err)
		}
	})
}

func TestCodesAreFewShortLivedAndUsedOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		if _, err := w.SendCode(ctx, "a@example.org", "en"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.SendCode(ctx, "a@example.org", "en"); !errors.Is(err, account.ErrTooSoon) {
			t.Errorf("second code at once: %v", err)
		}
		code := w.codes["a@example.org"]
		for i := range account.CodeTries {
			if _, _, err := w.SignIn(ctx, "a@example.org", "nope", "", phone); !errors.Is(err, account.ErrCode) {
				t.Errorf("guess %d: %v", i, err)
			}
		}
		if _, _, err := w.SignIn(ctx, "a@example.org", code, "", phone); !errors.Is(err, account.ErrTooMany) {
			t.Errorf("right code after too many guesses: %v", err)
		}
		w.at = w.at.Add(account.ResendIn)
		if _, err := w.SendCode(ctx, "a@example.org", "en"); err != nil {
			t.Fatal(err)
		}
		code = w.codes["a@example.org"]
		w.at = w.at.Add(account.CodeFor)
		if _, _, err := w.SignIn(ctx, "a@example.org", code, "", phone); !errors.Is(err, account.ErrCode) {
			t.Errorf("old code: %v", err)
		}
		w.at = w.at.Add(time.Minute)
		if _, err := w.SendCode(ctx, "a@example.org", "en"); err != nil {
			t.Fatal(err)
		}
		code = w.codes["a@example.org"]
		if _, _, err := w.SignIn(ctx, "a@example.org", code, "", phone); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.SignIn(ctx, "a@example.org", code, "", phone); !errors.Is(err, account.ErrCode) {
			t.Errorf("the same code again: %v", err)
		}
		if _, _, err := w.SignIn(ctx, "b@example.org", code, "", phone); !errors.Is(err, account.ErrCode) {
			t.Errorf("somebody else's code: %v", err)
		}
	})
}

func TestTwoFirstSignInsMakeOnePerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := make([]string, 8)
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				p, err := w.Ensure(context.Background(), "x@example.org", "X", "en")
				if err != nil {
					t.Error(err)
				}
				ids[i] = p.ID
			})
		}
		wg.Wait()
		for _, id := range ids {
			if id == "" || id != ids[0] {
				t.Errorf("persons %q and %q", id, ids[0])
			}
		}
	})
}

func TestAddressesBelongToTheirPerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		rosa, _ := w.signIn(t, "+49 170 1234567", "Rosa")
		a, err := w.SaveAddress(ctx, rosa.ID, account.Address{Name: " Rosa ", Line1: "Mill Street 1", City: "Town", Country: "DE"})
		if err != nil || a.Name != "Rosa" {
			t.Fatal(a, err)
		}
		if _, err := w.SaveAddress(ctx, "per_other", a); !errors.Is(err, account.ErrNoAddress) {
			t.Errorf("foreign change: %v", err)
		}
		if err := w.DeleteAddress(ctx, "per_other", a.ID); !errors.Is(err, account.ErrNoAddress) {
			t.Errorf("foreign delete: %v", err)
		}
		if all, err := w.Addresses(ctx, rosa.ID); err != nil || len(all) != 1 {
			t.Errorf("addresses = %v, %v", all, err)
		}
	})
}

func TestTheLastOperatorStays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		p, _ := w.signIn(t, "op@example.org", "Op")
		if err := w.SetRoles(ctx, p.ID, true, false); err != nil {
			t.Fatal(err)
		}
		if err := w.SetRoles(ctx, p.ID, false, true); !errors.Is(err, account.ErrLastOfKind) {
			t.Errorf("resigning: %v", err)
		}
	})
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"a@b.c", "+4917012345", "0049 170 1", "a@b.c>", "\"x\"@y", "@", "＋86"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, _, err := account.ParseAddress(s)
		if err != nil {
			return
		}
		if again, _, err := account.ParseAddress(a); err != nil || again != a {
			t.Errorf("%q becomes %q becomes %q, %v", s, a, again, err)
		}
	})
}

func TestPasskeySignsInWithoutAnAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		site := account.SiteAt("market.example", "https")
		rp := virtualwebauthn.RelyingParty{Name: "Openstall", ID: site.Host, Origin: site.Origin}
		authenticator := virtualwebauthn.NewAuthenticator()
		key := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeRSA) // its EC keys lose a leading zero now and then
		nell, _ := w.signIn(t, "nell@example.org", "Nell")
		authenticator.Options.UserHandle = []byte(nell.ID)

		c, err := w.BeginPasskey(ctx, nell.ID, site)
		if err != nil {
			t.Fatal(err)
		}
		options, err := virtualwebauthn.ParseAttestationOptions(string(c.Options))
		if err != nil {
			t.Fatal(err)
		}
		answer := json.RawMessage(virtualwebauthn.CreateAttestationResponse(rp, authenticator, key, *options))
		if err := w.FinishPasskey(ctx, "per_other", c.ID, "Phone", answer, site); !errors.Is(err, account.ErrPasskey) {
			t.Errorf("somebody else's ceremony: %v", err)
		}
		if err := w.FinishPasskey(ctx, nell.ID, c.ID, "Phone", answer, site); err != nil {
			t.Fatal(err)
		}
		if err := w.FinishPasskey(ctx, nell.ID, c.ID, "Phone", answer, site); !errors.Is(err, account.ErrPasskey) {
			t.Errorf("the same ceremony again: %v", err)
		}
		authenticator.AddCredential(key)

		login := func(site account.Site, rp virtualwebauthn.RelyingParty) (account.Person, error) {
			c, err := w.BeginPasskeySignIn(ctx, site)
			if err != nil {
				t.Fatal(err)
			}
			options, err := virtualwebauthn.ParseAssertionOptions(string(c.Options))
			if err != nil {
				t.Fatal(err)
			}
			p, _, err := w.FinishPasskeySignIn(ctx, c.ID, json.RawMessage(virtualwebauthn.CreateAssertionResponse(rp, authenticator, key, *options)), site, phone)
			return p, err
		}
		if p, err := login(site, rp); err != nil || p.ID != nell.ID {
			t.Errorf("sign-in = %+v, %v", p, err)
		}
		evil := virtualwebauthn.RelyingParty{Name: "Evil", ID: site.Host, Origin: "https://evil.example"}
		if _, err := login(site, evil); !errors.Is(err, account.ErrPasskey) {
			t.Errorf("from another origin: %v", err)
		}
		keys, err := w.Passkeys(ctx, nell.ID)
		if err != nil || len(keys) != 1 || keys[0].UsedAt.IsZero() {
			t.Fatalf("passkeys = %+v, %v", keys, err)
		}
		if err := w.DeletePasskey(ctx, nell.ID, keys[0].ID); err != nil {
			t.Fatal(err)
		}
		if _, err := login(site, rp); !errors.Is(err, account.ErrPasskey) {
			t.Errorf("with a forgotten passkey: %v", err)
		}
	})
}

func TestWhatHasRunOutIsForgotten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(d), t.Context()
		w.signIn(t, "old@example.org", "Old")
		if _, err := w.SendCode(ctx, "never@example.org", "en"); err != nil {
			t.Fatal(err)
		}
		w.at = w.at.AddDate(1, 0, 0)
		_, token := w.signIn(t, "new@example.org", "New")
		if err := w.Tidy(ctx); err != nil {
			t.Fatal(err)
		}
		for table, want := range map[string]int64{"session": 1, "login_code": 0, "passkey_ceremony": 0} {
			if n, err := db.One(ctx, d, db.Column[int64], `SELECT COUNT(*) FROM `+table); err != nil || n != want {
				t.Errorf("%s has %d rows, want %d (%v)", table, n, want, err)
			}
		}
		if _, _, err := w.Identify(ctx, token); err != nil {
			t.Errorf("who signed in today: %v", err)
		}
	}, account.Migrations)
}
