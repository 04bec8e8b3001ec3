// Package accounthttp is the door of the account area: signing in, devices,
// passkeys, addresses.
package accounthttp

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/kit/clock"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/web"
)

// Market is what every page knows of the market.
type Market struct {
	Name     text.Local `json:"name"`
	Currency string     `json:"currency"`
	Locales  []string   `json:"locales" nullable:"false"`
	TimeZone string     `json:"time_zone"`
}

// Parts are what the door works with.
type Parts struct {
	Accounts *account.Service
	Shops    *shop.Service
	Market   Market
	PushKey  string // VAPID public key
	Outbox   bool   // the development outbox page is on
	Now      clock.Now
}

type handler struct {
	Parts
	codes, tries *web.Limiter
}

// Mount adds the operations.
func Mount(api *web.API, p Parts) {
	h := &handler{Parts: p, codes: web.NewLimiter(20*time.Second, 10, p.Now), tries: web.NewLimiter(3*time.Second, 20, p.Now)}
	web.Handle(api, web.Anyone, "GET /v1/session", "session", "Who am I", h.session)
	web.Handle(api, web.Anyone, "POST /v1/auth/codes", "send-code", "Send a sign-in code", h.sendCode, web.Status(202))
	web.Handle(api, web.Anyone, "POST /v1/auth/codes/verify", "sign-in", "Sign in with a code", h.signIn)
	web.Handle(api, web.Anyone, "POST /v1/auth/sign-out", "sign-out", "Sign out here", h.signOut)
	web.Handle(api, web.SignedIn, "POST /v1/auth/passkeys/register/begin", "passkey-register-begin", "Start to add a passkey", h.beginPasskey)
	web.Handle(api, web.SignedIn, "POST /v1/auth/passkeys/register/finish", "passkey-register-finish", "Add a passkey", h.finishPasskey)
	web.Handle(api, web.Anyone, "POST /v1/auth/passkeys/login/begin", "passkey-login-begin", "Start to sign in with a passkey", h.beginLogin)
	web.Handle(api, web.Anyone, "POST /v1/auth/passkeys/login/finish", "passkey-login-finish", "Sign in with a passkey", h.finishLogin)
	web.Handle(api, web.SignedIn, "GET /v1/me/passkeys", "passkeys", "My passkeys", h.passkeys)
	web.Handle(api, web.SignedIn, "DELETE /v1/me/passkeys/{id}", "delete-passkey", "Forget a passkey", h.deletePasskey)
	web.Handle(api, web.SignedIn, "GET /v1/me/sessions", "sessions", "Devices on which I am signed in", h.sessions)
	web.Handle(api, web.SignedIn, "DELETE /v1/me/sessions/{id}", "end-session", "Sign out there", h.endSession)
	web.Handle(api, web.SignedIn, "PATCH /v1/me", "set-profile", "Change my name or language", h.setProfile)
	web.Handle(api, web.SignedIn, "GET /v1/me/addresses", "addresses", "My addresses", h.addresses)
	web.Handle(api, web.SignedIn, "POST /v1/me/addresses", "add-address", "Add an address", h.addAddress, web.Status(201))
	web.Handle(api, web.SignedIn, "PUT /v1/me/addresses/{id}", "set-address", "Change an address", h.setAddress)
	web.Handle(api, web.SignedIn, "DELETE /v1/me/addresses/{id}", "delete-address", "Forget an address", h.deleteAddress)
	web.Handle(api, web.Operators, "GET /v1/operator/roles", "operator-roles", "Who runs the market", h.roles)
	web.Handle(api, web.Operators, "PUT /v1/operator/roles", "operator-set-roles", "Give or take a market-wide role", h.setRoles)
}

// shopRole is a shop in which a person works.
type shopRole struct {
	ID   string     `json:"id"`
	Slug string     `json:"slug"`
	Name text.Local `json:"name"`
	Role shop.Role  `json:"role" enum:"owner,controller,service"`
	// Leads is true where people ask instead of buying.
	Leads bool `json:"leads,omitempty" doc:"Sells what is asked for and not bought with a tap"`
}

// person is the person who asks, to themselves.
type person struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Email    string     `json:"email,omitempty"`
	Phone    string     `json:"phone,omitempty"`
	Locale   string     `json:"locale"`
	Roles    []string   `json:"roles" enum:"operator,moderator" nullable:"false"`
	Shops    []shopRole `json:"shops" nullable:"false"`
	Passkeys int        `json:"passkeys"`
}

type sessionInfo struct {
	Person  *person `json:"person"`
	Market  Market  `json:"market"`
	PushKey string  `json:"push_key,omitempty"`
	Outbox  bool    `json:"outbox"`
	Viewer  string  `json:"viewer"`
}

type sessionOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      sessionInfo
}

func (h *handler) info(ctx context.Context, id string) (sessionInfo, error) {
	out := sessionInfo{Market: h.Market, PushKey: h.PushKey, Outbox: h.Outbox, Viewer: web.Who(ctx).Viewer}
	if id == "" {
		return out, nil
	}
	p, err := h.Accounts.Get(ctx, id)
	if err != nil {
		return out, err
	}
	keys, err := h.Accounts.Passkeys(ctx, id)
	if err != nil {
		return out, err
	}
	shops, err := h.Shops.Of(ctx, id)
	if err != nil {
		return out, err
	}
	v := &person{ID: p.ID, Name: p.Name, Email: p.Email, Phone: p.Phone, Locale: p.Locale, Roles: []string{}, Shops: []shopRole{}, Passkeys: len(keys)}
	if p.Operator {
		v.Roles = append(v.Roles, "operator")
	}
	if p.Moderator {
		v.Roles = append(v.Roles, "moderator")
	}
	for _, m := range shops {
		pack, _ := shop.PackOf(m.Shop.Pack) // a shop has one that was there
		v.Shops = append(v.Shops, shopRole{m.Shop.ID, m.Shop.Slug, m.Shop.Name, m.Role, pack.ByLead()})
	}
	out.Person = v
	return out, nil
}

func (h *handler) session(ctx context.Context, _ *web.None) (*sessionOutput, error) {
	who := web.Who(ctx)
	info, err := h.info(ctx, who.Person)
	if err != nil {
		return nil, err
	}
	return &sessionOutput{Body: info}, nil
}

type sendCodeInput struct {
	Language string `header:"Accept-Language"`
	Body     struct {
		To string `json:"to" minLength:"3" maxLength:"254" doc:"E-mail address, or phone number with country code"`
	}
}

type sentCode struct {
	To                 string    `json:"to"`
	Channel            string    `json:"channel" enum:"email,sms"`
	ExpiresAt          time.Time `json:"expires_at"`
	ResendAfterSeconds int       `json:"resend_after_seconds"`
}

func (h *handler) sendCode(ctx context.Context, in *sendCodeInput) (*web.Out[sentCode], error) {
	if err := h.codes.Allow(web.ClientIP(ctx)); err != nil {
		return nil, err
	}
	s, err := h.Accounts.SendCode(ctx, in.Body.To, web.Language(in.Language))
	if err != nil {
		return nil, err
	}
	return web.Answer(sentCode{s.To, s.Channel, s.ExpiresAt, int(account.ResendIn / time.Second)}, nil)
}

// Device is embedded by inputs that sign in.
type Device struct {
	UserAgent string `header:"User-Agent"`
	Language  string `header:"Accept-Language"`
}

func (d Device) of(ctx context.Context) account.Device {
	return account.Device{UserAgent: d.UserAgent, IP: web.ClientIP(ctx), Locale: web.Language(d.Language)}
}

type signInInput struct {
	Device
	Body struct {
		To   string `json:"to" maxLength:"254"`
		Code string `json:"code" maxLength:"12"`
		Name string `json:"name,omitempty" maxLength:"80"`
	}
}

func (h *handler) signIn(ctx context.Context, in *signInInput) (*sessionOutput, error) {
	if err := h.tries.Allow(web.ClientIP(ctx)); err != nil {
		return nil, err
	}
	p, token, err := h.Accounts.SignIn(ctx, in.Body.To, in.Body.Code, in.Body.Name, in.Device.of(ctx))
	return h.signedIn(ctx, p, token, err)
}

func (h *handler) signedIn(ctx context.Context, p account.Person, token string, err error) (*sessionOutput, error) {
	if err != nil {
		return nil, err
	}
	info, err := h.info(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	return &sessionOutput{SetCookie: []http.Cookie{web.SessionCookieOf(ctx, token, account.SessionFor)}, Body: info}, nil
}

func (h *handler) signOut(ctx context.Context, _ *web.None) (*sessionOutput, error) {
	who := web.Who(ctx)
	if who.Session != "" {
		if err := h.Accounts.SignOut(ctx, who.Person, who.Session); err != nil {
			return nil, err
		}
	}
	info, err := h.info(ctx, "")
	if err != nil {
		return nil, err
	}
	return &sessionOutput{SetCookie: []http.Cookie{web.SessionCookieOf(ctx, "", -time.Second)}, Body: info}, nil
}

func site(ctx context.Context) account.Site {
	host, scheme := web.Site(ctx)
	return account.SiteAt(host, scheme)
}

type ceremony struct {
	Ceremony string          `json:"ceremony"`
	Options  json.RawMessage `json:"options"`
}

func ceremonyOf(c account.Ceremony, err error) (*web.Out[ceremony], error) {
	return web.Answer(ceremony{c.ID, c.Options}, err)
}

func (h *handler) beginPasskey(ctx context.Context, _ *web.None) (*web.Out[ceremony], error) {
	return ceremonyOf(h.Accounts.BeginPasskey(ctx, web.Who(ctx).Person, site(ctx)))
}

type finishInput struct {
	Device
	Body struct {
		Ceremony   string          `json:"ceremony" maxLength:"60"`
		Credential json.RawMessage `json:"credential"`
	}
}

func (h *handler) finishPasskey(ctx context.Context, in *finishInput) (*web.None, error) {
	name := account.DescribeDevice(in.UserAgent)
	return nil, h.Accounts.FinishPasskey(ctx, web.Who(ctx).Person, in.Body.Ceremony, name, in.Body.Credential, site(ctx))
}

func (h *handler) beginLogin(ctx context.Context, _ *web.None) (*web.Out[ceremony], error) {
	if err := h.tries.Allow(web.ClientIP(ctx)); err != nil {
		return nil, err
	}
	return ceremonyOf(h.Accounts.BeginPasskeySignIn(ctx, site(ctx)))
}

func (h *handler) finishLogin(ctx context.Context, in *finishInput) (*sessionOutput, error) {
	if err := h.tries.Allow(web.ClientIP(ctx)); err != nil {
		return nil, err
	}
	p, token, err := h.Accounts.FinishPasskeySignIn(ctx, in.Body.Ceremony, in.Body.Credential, site(ctx), in.Device.of(ctx))
	return h.signedIn(ctx, p, token, err)
}

type list[T any] struct {
	Items []T `json:"items" nullable:"false"`
}

type passkeyView struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	CreatedAt time.Time  `json:"created_at"`
	UsedAt    *time.Time `json:"used_at,omitempty"`
}

func (h *handler) passkeys(ctx context.Context, _ *web.None) (*web.Out[list[passkeyView]], error) {
	keys, err := h.Accounts.Passkeys(ctx, web.Who(ctx).Person)
	out := list[passkeyView]{Items: []passkeyView{}}
	for _, k := range keys {
		out.Items = append(out.Items, passkeyView{k.ID, k.Name, k.CreatedAt, clock.Ptr(k.UsedAt)})
	}
	return web.Answer(out, err)
}

type IDInput struct {
	ID string `path:"id" maxLength:"200"`
}

func (h *handler) deletePasskey(ctx context.Context, in *IDInput) (*web.None, error) {
	return nil, h.Accounts.DeletePasskey(ctx, web.Who(ctx).Person, in.ID)
}

type sessionView struct {
	ID        string    `json:"id"`
	Device    string    `json:"device"`
	IP        string    `json:"ip"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at"`
	Current   bool      `json:"current"`
}

func (h *handler) sessions(ctx context.Context, _ *web.None) (*web.Out[list[sessionView]], error) {
	who := web.Who(ctx)
	all, err := h.Accounts.Sessions(ctx, who.Person)
	out := list[sessionView]{Items: []sessionView{}}
	for _, s := range all {
		out.Items = append(out.Items, sessionView{s.ID, s.Device, s.IP, s.CreatedAt, s.SeenAt, s.ID == who.Session})
	}
	return web.Answer(out, err)
}

func (h *handler) endSession(ctx context.Context, in *IDInput) (*web.None, error) {
	return nil, h.Accounts.SignOut(ctx, web.Who(ctx).Person, in.ID)
}

type profileInput struct {
	Body struct {
		Name   string `json:"name,omitempty" maxLength:"80"`
		Locale string `json:"locale,omitempty" enum:"en,zh"`
	}
}

func (h *handler) setProfile(ctx context.Context, in *profileInput) (*sessionOutput, error) {
	if err := h.Accounts.SetProfile(ctx, web.Who(ctx).Person, in.Body.Name, in.Body.Locale); err != nil {
		return nil, err
	}
	return h.session(ctx, nil)
}

func (h *handler) addresses(ctx context.Context, _ *web.None) (*web.Out[list[account.Address]], error) {
	all, err := h.Accounts.Addresses(ctx, web.Who(ctx).Person)
	if all == nil {
		all = []account.Address{}
	}
	return web.Answer(list[account.Address]{all}, err)
}

type AddressInput struct{ Body account.Address }

func (h *handler) addAddress(ctx context.Context, in *AddressInput) (*web.Out[account.Address], error) {
	in.Body.ID = ""
	return web.Answer(h.Accounts.SaveAddress(ctx, web.Who(ctx).Person, in.Body))
}

type setAddressInput struct {
	IDInput
	AddressInput
}

func (h *handler) setAddress(ctx context.Context, in *setAddressInput) (*web.Out[account.Address], error) {
	in.Body.ID = in.ID
	return web.Answer(h.Accounts.SaveAddress(ctx, web.Who(ctx).Person, in.Body))
}

func (h *handler) deleteAddress(ctx context.Context, in *IDInput) (*web.None, error) {
	return nil, h.Accounts.DeleteAddress(ctx, web.Who(ctx).Person, in.ID)
}

type roleView struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	To        string `json:"to" doc:"E-mail address or phone number"`
	Operator  bool   `json:"operator"`
	Moderator bool   `json:"moderator"`
}

func (h *handler) roles(ctx context.Context, _ *web.None) (*web.Out[list[roleView]], error) {
	all, err := h.Accounts.Staff(ctx)
	out := list[roleView]{Items: []roleView{}}
	for _, p := range all {
		out.Items = append(out.Items, roleView{p.ID, p.Name, p.Email + p.Phone, p.Operator, p.Moderator})
	}
	return web.Answer(out, err)
}

type setRolesInput struct {
	Body struct {
		To        string `json:"to" maxLength:"254"`
		Operator  bool   `json:"operator"`
		Moderator bool   `json:"moderator"`
	}
}

func (h *handler) setRoles(ctx context.Context, in *setRolesInput) (*web.None, error) {
	p, err := h.Accounts.Ensure(ctx, in.Body.To, "", "en")
	if err != nil {
		return nil, err
	}
	return nil, h.Accounts.SetRoles(ctx, p.ID, in.Body.Operator, in.Body.Moderator)
}
