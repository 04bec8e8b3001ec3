// Package account knows people: how they sign in, on which devices they are
// signed in, where they live and what they may do on the market as a whole.
//
// Nobody has a password. A person is whoever can read a code sent to an address,
// or holds a passkey; the first code to a new address makes the person. Unknown
// and known addresses get the same answers.
package account

import (
	"embed"
	"time"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "account", Files: files}

// Person is a natural person with a way to be reached.
type Person struct {
	ID        string
	Name      string // as shown to others; empty until given
	Email     string // one of Email and Phone at least
	Phone     string // E.164
	Locale    string // language tag of the last used app
	Operator  bool   // runs the market
	Moderator bool
	CreatedAt time.Time
}

// Shown is the name under which others see a person.
func (p Person) Shown() string {
	if p.Name != "" {
		return p.Name
	}
	return "Guest " + p.ID[len(p.ID)-4:]
}

// Session is one signed-in device.
type Session struct {
	ID        string
	Person    string
	Device    string // user agent in plain words
	IP        string
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
}

// Address is where parcels go.
type Address struct {
	ID       string `json:"id,omitempty"`
	Name     string `json:"name" minLength:"1" maxLength:"80"`
	Phone    string `json:"phone" maxLength:"20"`
	Line1    string `json:"line1" minLength:"1" maxLength:"120"`
	Line2    string `json:"line2,omitempty" maxLength:"120"`
	Postcode string `json:"postcode" maxLength:"16"`
	City     string `json:"city" minLength:"1" maxLength:"80"`
	Country  string `json:"country" pattern:"^[A-Z]{2}$" doc:"ISO 3166-1 alpha-2"`
}

// Passkey is a credential of a person, as listed to them.
type Passkey struct {
	ID        string
	Name      string
	CreatedAt time.Time
	UsedAt    time.Time
}

// Lifetimes.
const (
	CodeFor    = 10 * time.Minute     // a code works this long
	CodeTries  = 5                    // wrong guesses until it is void
	ResendIn   = 30 * time.Second     // until another code can be asked for
	SessionFor = 180 * 24 * time.Hour // since the device was last seen
)

// Errors that people meet.
var (
	ErrAddress    = errs.New(errs.Invalid, "account.bad_address", "This is neither an e-mail address nor a phone number with country code.", "这既不是邮箱，也不是带国家代码的手机号。")
	ErrCode       = errs.New(errs.Invalid, "account.wrong_code", "This code is wrong or no longer valid.", "验证码不对或已失效。")
	ErrTooSoon    = errs.New(errs.TooMany, "account.code_too_soon", "A code was sent a moment ago. Wait half a minute.", "验证码刚刚发过，请等半分钟。")
	ErrTooMany    = errs.New(errs.TooMany, "account.too_many_tries", "Too many tries. Ask for a new code later.", "尝试次数太多，请稍后重新获取验证码。")
	ErrNoSession  = errs.New(errs.NotFound, "account.no_session", "This device is not signed in.", "这台设备没有登录。")
	ErrNoPerson   = errs.New(errs.NotFound, "account.no_person", "There is no such person.", "没有这个人。")
	ErrNoAddress  = errs.New(errs.NotFound, "account.no_address", "There is no such address.", "没有这个地址。")
	ErrPasskey    = errs.New(errs.Invalid, "account.passkey", "This passkey was not accepted.", "通行密钥没有通过。")
	ErrNoPasskey  = errs.New(errs.NotFound, "account.no_passkey", "There is no such passkey.", "没有这个通行密钥。")
	ErrLastOfKind = errs.New(errs.Conflict, "account.last_operator", "A market needs an operator.", "集市至少要有一位管理员。")
)
