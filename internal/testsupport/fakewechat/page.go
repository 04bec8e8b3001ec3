package fakewechat

import (
	"cmp"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
)

// pages are what a browser meets: the login of the official account, WeChat's
// page for phones, and for use by hand a place to scan codes.
func (s *Server) pages() {
	s.mux.HandleFunc("GET /connect/oauth2/authorize", s.authorize)
	s.mux.HandleFunc("GET /sns/oauth2/access_token", s.accessToken)
	s.mux.HandleFunc("GET /cgi-bin/mmpayweb-bin/checkmweb", s.h5)
	s.mux.HandleFunc("POST /cgi-bin/mmpayweb-bin/checkmweb", s.payH5)
	s.mux.HandleFunc("GET /{$}", s.hand)
	s.mux.HandleFunc("POST /{$}", s.hand)
}

// authorize sends the browser back with a code. Who is there says the cookie
// "user"; without one it is a user of that browser's address.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || back.Host == "" || q.Get("appid") != s.cfg.AppID || q.Get("scope") != "snsapi_base" || q.Get("response_type") != "code" {
		http.Error(w, "redirect_uri 参数错误", http.StatusBadRequest)
		return
	}
	user := "user-of-" + strings.ReplaceAll(strings.Split(r.RemoteAddr, ":")[0], ".", "-")
	if c, err := r.Cookie("user"); err == nil {
		user = c.Value
	}
	code := s.Code(user)
	with := back.Query()
	with.Set("code", code)
	with.Set("state", q.Get("state"))
	back.RawQuery = with.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// Code is what the login hands to a browser in which a user is.
func (s *Server) Code(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	code := random()
	s.codes[code] = user
	return code
}

// accessToken tells who a code stands for, once.
func (s *Server) accessToken(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.mu.Lock()
	defer s.mu.Unlock()
	user, ok := s.codes[q.Get("code")]
	w.Header().Set("Content-Type", "text/plain") // so it is
	switch {
	case q.Get("appid") != s.cfg.AppID || q.Get("secret") != s.cfg.Secret:
		fmt.Fprint(w, `{"errcode":40125,"errmsg":"invalid appsecret"}`)
	case !ok:
		fmt.Fprint(w, `{"errcode":40029,"errmsg":"invalid code"}`)
	case user == "":
		fmt.Fprint(w, `{"errcode":40163,"errmsg":"code been used"}`)
	default:
		s.codes[q.Get("code")] = ""
		fmt.Fprintf(w, `{"access_token":"x","expires_in":7200,"refresh_token":"y","openid":%q,"scope":"snsapi_base"}`, user)
	}
}

// h5 is WeChat's page for phones; it wants to come from the market's host.
func (s *Server) h5(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if r.Referer() == "" {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "<p>商家参数格式有误，请联系商家解决</p>")
		return
	}
	fmt.Fprint(w, `<!doctype html><meta name=viewport content="width=device-width"><h1>微信支付</h1><form method=post><button>支付</button></form>`)
}

func (s *Server) payH5(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if err := s.payToken(q.Get("prepay_id"), "user-of-a-phone"); err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	http.Redirect(w, r, q.Get("redirect_url"), http.StatusSeeOther)
}

// Sheet pays what a page inside WeChat has asked the bridge to open; the call is
// verified as WeChat does [order], "JSAPI调起支付".
func (s *Server) Sheet(call map[string]string, user string) error {
	pkg := call["package"]
	text := call["appId"] + "\n" + call["timeStamp"] + "\n" + call["nonceStr"] + "\n" + pkg + "\n"
	if call["appId"] != s.cfg.AppID || call["signType"] != "RSA" || s.cfg.Merchant != nil && !signedBy(s.cfg.Merchant, text, call["paySign"]) {
		return fmt.Errorf("支付验证签名失败")
	}
	return s.payToken(strings.TrimPrefix(pkg, "prepay_id="), user)
}

// hand lists the orders, with a button for each that can be paid.
func (s *Server) hand(w http.ResponseWriter, r *http.Request) {
	said := ""
	if r.Method == http.MethodPost {
		t := r.PostFormValue("number")
		said = "paid"
		for _, x := range s.Trades() {
			if x.Number == t {
				if err := s.Pay(t, cmp.Or(x.Payer, "user-by-hand")); err != nil {
					said = err.Error()
				}
			}
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><meta name=viewport content="width=device-width"><title>WeChat Pay, played</title><h1>WeChat Pay, played</h1><p>%s</p><ul>`, html.EscapeString(said))
	for _, t := range s.Trades() {
		fmt.Fprintf(w, `<li>%s %s %s ¥%d.%02d %s`, t.Number, t.Kind, t.Merchant, t.Total/100, t.Total%100, t.State)
		if t.State == "NOTPAY" {
			fmt.Fprintf(w, ` <form method=post style=display:inline><button name=number value=%q>Pay</button></form>`, t.Number)
		}
	}
	fmt.Fprint(w, `</ul>`)
}
