// Package config is the list of everything an operator can set: by flag, by
// environment (OPENSTALL_…) or in a file, each with a default that makes a
// market work in one folder.
package config

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"
)

// Serve are the settings of a running market. The tags are read by the command
// line; `unit` completes the sample file.
type Serve struct {
	Data      string   `name:"data" env:"OPENSTALL_DATA" default:"./data" help:"Folder of everything this market keeps: database, pictures, recordings, keys."`
	HTTP      string   `name:"http" env:"OPENSTALL_HTTP" default:":8080" help:"Address for browsers and API clients." unit:"host:port"`
	RTMP      string   `name:"rtmp" env:"OPENSTALL_RTMP" default:":1935" help:"Address for OBS and ffmpeg; off: no RTMP." unit:"host:port"`
	WebRTC    string   `name:"webrtc" env:"OPENSTALL_WEBRTC" default:":8189" help:"UDP (and TCP) address for pictures from phone browsers; off: none." unit:"host:port"`
	Metrics   string   `name:"metrics" env:"OPENSTALL_METRICS" default:"127.0.0.1:9464" help:"Private address for Prometheus; off: none." unit:"host:port"`
	PublicURL string   `name:"public-url" env:"OPENSTALL_PUBLIC_URL" default:"" help:"Address that people type, such as https://market.example. Empty: a market for this machine and its network." unit:"URL"`
	PublicIPs []string `name:"public-ip" env:"OPENSTALL_PUBLIC_IP" default:"" help:"Addresses under which phones reach the WebRTC port when this machine does not know them (NAT)." unit:"IP addresses"`

	Name     string `name:"name" env:"OPENSTALL_NAME" default:"Openstall" help:"Name of the market."`
	NameZH   string `name:"name-zh" env:"OPENSTALL_NAME_ZH" default:"" help:"Name of the market in Chinese; empty: the same."`
	Currency string `name:"currency" env:"OPENSTALL_CURRENCY" default:"EUR" help:"Currency of new shops." unit:"ISO 4217 code"`
	TimeZone string `name:"time-zone" env:"OPENSTALL_TIME_ZONE" default:"Europe/Berlin" help:"Time zone of new shops." unit:"IANA name"`
	Operator string `name:"operator" env:"OPENSTALL_OPERATOR" default:"" help:"E-mail address or phone number of the first operator; made an operator at every start." unit:"address"`

	Database string `name:"database" env:"OPENSTALL_DATABASE" default:"" help:"PostgreSQL instead of a file, as postgres://user:password@host/name." unit:"URL"`
	Redis    string `name:"redis" env:"OPENSTALL_REDIS" default:"" help:"Redis that joins the rooms of several nodes." unit:"URL"`
	S3       string `name:"s3" env:"OPENSTALL_S3" default:"" help:"Bucket for pictures instead of a folder, as https://key:secret@host/bucket." unit:"URL"`

	TLS       string   `name:"tls" env:"OPENSTALL_TLS" default:"off" enum:"off,auto,local" help:"Certificates: off (plain, or behind a proxy), auto (ACME, for a public name), local (our own authority, for a network without internet)."`
	HTTPS     string   `name:"https" env:"OPENSTALL_HTTPS" default:":8443" help:"Address for browsers over TLS when tls is not off." unit:"host:port"`
	ACMEEmail string   `name:"acme-email" env:"OPENSTALL_ACME_EMAIL" default:"" help:"Where the certificate authority may write to." unit:"address"`
	Proxies   []string `name:"trusted-proxy" env:"OPENSTALL_TRUSTED_PROXY" default:"" help:"Networks whose X-Forwarded headers are believed." unit:"CIDR prefixes"`

	SMTP         string        `name:"smtp" env:"OPENSTALL_SMTP" default:"" help:"Mail server; without one, codes are kept for the development page only." unit:"host:port"`
	SMTPUser     string        `name:"smtp-user" env:"OPENSTALL_SMTP_USER" default:"" help:"User at the mail server."`
	SMTPPassword string        `name:"smtp-password" env:"OPENSTALL_SMTP_PASSWORD" default:"" help:"Password at the mail server."`
	SMTPPlain    bool          `name:"smtp-plain" env:"OPENSTALL_SMTP_PLAIN" default:"false" help:"Allow a mail server without TLS, such as a relay on this machine."`
	MailFrom     string        `name:"mail-from" env:"OPENSTALL_MAIL_FROM" default:"Openstall <market@localhost>" help:"Sender of mail."`
	Outbox       bool          `name:"outbox" env:"OPENSTALL_OUTBOX" default:"false" help:"Development: show sent codes and mail at /outbox to this machine. Refused together with a public URL."`
	TestPayment  bool          `name:"test-payment" env:"OPENSTALL_TEST_PAYMENT" default:"false" help:"Offer the built-in test provider, with which no money moves."`
	TestAhead    time.Duration `name:"test-ahead" env:"OPENSTALL_TEST_AHEAD" default:"0s" help:"Runs the market's clock ahead by this much, to try what deadlines do. Needs test-payment, and no public-url." unit:"duration"`

	StripeKey     string   `name:"stripe-key" env:"OPENSTALL_STRIPE_KEY" default:"" help:"Secret or restricted key of a Stripe account, with which buyers pay by card. Empty: not offered."`
	StripeSecrets []string `name:"stripe-webhook-secret" env:"OPENSTALL_STRIPE_WEBHOOK_SECRET" default:"" help:"Signing secret of the Stripe webhook that posts to /v1/payments/stripe/events; two, with a comma, while one is being replaced."`
	StripeURL     string   `name:"stripe-url" env:"OPENSTALL_STRIPE_URL" default:"https://api.stripe.com" help:"Address of Stripe's API; another one for tests." unit:"URL"`

	WeChatMchID         string `name:"wechat-mchid" env:"OPENSTALL_WECHAT_MCHID" default:"" help:"The market's merchant number at WeChat Pay as a partner (sp_mchid), with which buyers pay in yuan. Empty: not offered. Needs public-url and the next five."`
	WeChatAppID         string `name:"wechat-appid" env:"OPENSTALL_WECHAT_APPID" default:"" help:"Official account that is bound to wechat-mchid."`
	WeChatSecret        string `name:"wechat-secret" env:"OPENSTALL_WECHAT_SECRET" default:"" help:"Secret of the official account; tells who pays inside WeChat."`
	WeChatSerial        string `name:"wechat-serial" env:"OPENSTALL_WECHAT_SERIAL" default:"" help:"Serial number of the merchant's API certificate."`
	WeChatKeyFile       string `name:"wechat-key-file" env:"OPENSTALL_WECHAT_KEY_FILE" default:"" help:"File of the private key of that certificate (apiclient_key.pem)." unit:"path"`
	WeChatAPIv3Key      string `name:"wechat-apiv3-key" env:"OPENSTALL_WECHAT_APIV3_KEY" default:"" help:"APIv3 key of the merchant platform, 32 characters."`
	WeChatPublicKeyID   string `name:"wechat-public-key-id" env:"OPENSTALL_WECHAT_PUBLIC_KEY_ID" default:"" help:"Id of WeChat Pay's public key (PUB_KEY_ID_…). Empty: platform certificates only, which are fetched."`
	WeChatPublicKeyFile string `name:"wechat-public-key-file" env:"OPENSTALL_WECHAT_PUBLIC_KEY_FILE" default:"" help:"File of that public key (pub_key.pem)." unit:"path"`
	WeChatURL           string `name:"wechat-url" env:"OPENSTALL_WECHAT_URL" default:"https://api.mch.weixin.qq.com" help:"Address of WeChat Pay's API; another one for tests." unit:"URL"`
	WeChatLoginURL      string `name:"wechat-login-url" env:"OPENSTALL_WECHAT_LOGIN_URL" default:"" help:"Address in place of WeChat's login, for tests." unit:"URL"`

	FeeNotice   int `name:"fee-notice" env:"OPENSTALL_FEE_NOTICE" default:"30" help:"How long before its date a rise of the market's fees is announced." unit:"days"`
	SettleDelay int `name:"settle-delay" env:"OPENSTALL_SETTLE_DELAY" default:"0" help:"How long the money of an order waits besides the time to report a problem (14 days after it was received)." unit:"days"`

	Demo bool `name:"demo" env:"OPENSTALL_DEMO" default:"false" help:"Fill an empty data folder with a demo market and keep one of its shows on air; turns outbox and test-payment on. Refused together with a public URL."`

	Grace          time.Duration `name:"grace" env:"OPENSTALL_GRACE" default:"60s" help:"How long a show waits for a host who has lost the line." unit:"duration"`
	KeepFree       int64         `name:"keep-free" env:"OPENSTALL_KEEP_FREE" default:"512" help:"Recording stops, loudly, when the disk has less room than this; nothing is deleted." unit:"MiB"`
	KeepRecordings int           `name:"keep-recordings" env:"OPENSTALL_KEEP_RECORDINGS" default:"0" help:"Recordings of shows that ended longer ago are deleted, once a day; 0: none ever. One whose show has an order that is under way, or that moved within the last 30 days, stays." unit:"days"`
	MaxUpload      int64         `name:"max-upload" env:"OPENSTALL_MAX_UPLOAD" default:"2048" help:"The largest file of a short video." unit:"MiB"`
	KeepUploads    bool          `name:"keep-uploads" env:"OPENSTALL_KEEP_UPLOADS" default:"false" help:"Keep the files that short videos were made of; otherwise they are deleted once the film is made."`
	KeepNotices    int           `name:"keep-notices" env:"OPENSTALL_KEEP_NOTICES" default:"180" help:"How long people find a notice in the app, read or not; older ones are deleted once a day. 0: for ever." unit:"days"`
	KeepVisits     int           `name:"keep-visits" env:"OPENSTALL_KEEP_VISITS" default:"90" help:"How long it is remembered which browsers were in a show or opened a shared link, so that each counts once; deleted once a day, the counts stay. 0: for ever." unit:"days"`
	LogLevel       string        `name:"log-level" env:"OPENSTALL_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"What is written to the log."`
	LogJSON        bool          `name:"log-json" env:"OPENSTALL_LOG_JSON" default:"false" help:"One JSON object a line instead of text."`
}

// Check returns what cannot work, in words that say what to do.
func (c Serve) Check() error {
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Trim(u.Path, "/") != "" {
			return fmt.Errorf("public-url %q: want an address such as https://market.example", c.PublicURL)
		}
		if c.Demo {
			return fmt.Errorf("demo has accounts that everybody knows and cannot be on together with public-url")
		}
		if c.Outbox {
			return fmt.Errorf("outbox shows sign-in codes and cannot be on together with public-url; set smtp instead")
		}
	}
	if c.TestAhead != 0 && (!c.TestPayment || c.PublicURL != "" || c.TestAhead < 0) {
		return fmt.Errorf("test-ahead is for trying a market: it needs test-payment, and cannot be on together with public-url")
	}
	if c.StripeKey != "" && len(c.WebhookSecrets()) == 0 {
		return fmt.Errorf("stripe-key needs stripe-webhook-secret: without it no message of Stripe's can be believed")
	}
	if err := c.checkWeChat(); err != nil {
		return err
	}
	if c.MaxUpload < 0 {
		return fmt.Errorf("max-upload cannot be negative")
	}
	if c.KeepFree < 0 || c.KeepRecordings < 0 {
		return fmt.Errorf("keep-free and keep-recordings cannot be negative")
	}
	if c.FeeNotice < 0 || c.SettleDelay < 0 || c.SettleDelay > 365 {
		return fmt.Errorf("fee-notice and settle-delay are days, settle-delay 365 at most")
	}
	if c.TLS == "auto" && c.PublicURL == "" {
		return fmt.Errorf("tls=auto needs public-url, whose host the certificate is for")
	}
	if c.KeepNotices < 0 || c.KeepVisits < 0 {
		return fmt.Errorf("keep-notices and keep-visits are days, 0 for ever")
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil {
		return fmt.Errorf("time-zone %q: want a name such as Europe/Berlin", c.TimeZone)
	}
	_, err := c.TrustedProxies()
	return err
}

func (c Serve) checkWeChat() error {
	if c.WeChatMchID == "" {
		return nil
	}
	for name, value := range map[string]string{"public-url": c.PublicURL, "wechat-appid": c.WeChatAppID, "wechat-secret": c.WeChatSecret, "wechat-serial": c.WeChatSerial, "wechat-key-file": c.WeChatKeyFile} {
		if value == "" {
			return fmt.Errorf("wechat-mchid needs %s", name)
		}
	}
	if len(c.WeChatAPIv3Key) != 32 {
		return fmt.Errorf("wechat-apiv3-key has %d characters, want 32", len(c.WeChatAPIv3Key))
	}
	if (c.WeChatPublicKeyID == "") != (c.WeChatPublicKeyFile == "") {
		return fmt.Errorf("wechat-public-key-id and wechat-public-key-file go together")
	}
	return nil
}

// TrustedProxies parses the networks.
func (c Serve) TrustedProxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range c.Proxies {
		if s == "" {
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("trusted-proxy %q: want a network such as 10.0.0.0/8", s)
		}
		out = append(out, p)
	}
	return out, nil
}

// WebhookSecrets are the secrets of Stripe's webhook that are set.
func (c Serve) WebhookSecrets() []string {
	var out []string
	for _, s := range c.StripeSecrets {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Host is the name in the public URL, or "".
func (c Serve) Host() string {
	u, err := url.Parse(c.PublicURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// Path returns a place inside the data folder.
func (c Serve) Path(parts ...string) string {
	return filepath.Join(append([]string{c.Data}, parts...)...)
}

// Sample writes every key with its meaning, unit and default, as a file that
// [Load] reads.
func Sample(w io.Writer) {
	fmt.Fprintln(w, "# Openstall settings. A line is KEY=value; a flag wins over the environment,")
	fmt.Fprintln(w, "# the environment over this file. Lines with # are the defaults.")
	t := reflect.TypeFor[Serve]()
	for i := range t.NumField() {
		f := t.Field(i)
		fmt.Fprintf(w, "\n# %s\n", f.Tag.Get("help"))
		var facts []string
		if u := f.Tag.Get("unit"); u != "" {
			facts = append(facts, "unit: "+u)
		}
		if e := f.Tag.Get("enum"); e != "" {
			facts = append(facts, "one of: "+strings.ReplaceAll(e, ",", ", "))
		}
		facts = append(facts, "flag: --"+f.Tag.Get("name"))
		fmt.Fprintf(w, "# (%s)\n#%s=%s\n", strings.Join(facts, "; "), f.Tag.Get("env"), f.Tag.Get("default"))
	}
}

// Load reads a settings file into the environment; what the environment already
// says wins. An unknown key is an error, because a typo would be silent.
func Load(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("settings file: %w", err)
	}
	defer f.Close()
	known := map[string]bool{}
	t := reflect.TypeFor[Serve]()
	for i := range t.NumField() {
		known[t.Field(i).Tag.Get("env")] = true
	}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if key = strings.TrimSpace(key); !ok || !known[key] {
			return fmt.Errorf("%s:%d: %q is no setting", path, n, key)
		}
		if _, set := os.LookupEnv(key); !set {
			if err := os.Setenv(key, strings.TrimSpace(value)); err != nil {
				return err
			}
		}
	}
	return lines.Err()
}
