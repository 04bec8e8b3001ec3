package wechatpayhttp

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	qrcode "github.com/skip2/go-qrcode"

	"github.com/openstall/openstall/internal/domain/payment"
	"github.com/openstall/openstall/internal/domain/payment/wechatpay"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/id"
	"github.com/openstall/openstall/internal/platform/web"
)

// kindOf says where a page has been opened.
func kindOf(agent string) wechatpay.Kind {
	switch {
	case strings.Contains(agent, "MicroMessenger/"):
		return wechatpay.Inside
	case strings.Contains(agent, "Mobile") || strings.Contains(agent, "Android"):
		return wechatpay.Phone
	}
	return wechatpay.Desktop
}

// page shows the buyer how to pay from here. Whether they have is WeChat's to
// say; the page asks us, see over.
func (h *handler) page(w http.ResponseWriter, r *http.Request) {
	ctx, intent := r.Context(), r.PathValue("intent")
	lang := web.Language(r.Header.Get("Accept-Language"))
	pay, err := h.open(r)
	if errors.Is(err, payment.ErrClosed) {
		http.Redirect(w, r, pay.Back, http.StatusSeeOther)
		return
	}
	if err != nil {
		web.WriteProblem(w, r, h.Log, err)
		return
	}
	v := view{Lang: lang, T: words[lang], Sum: pay.Amount.String(), Over: wechatpay.Page(intent) + "/over", Back: pay.Back, Nonce: id.Secret(16)}
	kind, payer := kindOf(r.UserAgent()), ""
	here := web.Origin(ctx) + wechatpay.Page(intent)
	switch kind {
	case wechatpay.Phone:
		payer = web.ClientIP(ctx)
	case wechatpay.Inside:
		code := r.URL.Query().Get("code")
		if code == "" || r.URL.Query().Get("state") != intent {
			http.Redirect(w, r, h.WeChat.Login(here, intent), http.StatusSeeOther)
			return
		}
		payer, err = h.WeChat.Payer(ctx, code)
		if errors.Is(err, wechatpay.ErrCode) { // the page was loaded again
			http.Redirect(w, r, h.WeChat.Login(here, intent), http.StatusSeeOther)
			return
		}
	}
	status := http.StatusOK
	var answer string
	if err == nil {
		answer, err = h.WeChat.Open(ctx, intent, kind, payer)
	}
	if err == nil {
		err = h.fill(&v, kind, answer, here)
	}
	switch {
	case errors.Is(err, payment.ErrClosed): // paid a moment ago, or over: the page finds out which
	case err != nil:
		h.Log.ErrorContext(ctx, "WeChat Pay was not opened", "intent", intent, "kind", kind, "error", err)
		if v.Problem, status = v.T["busy"], http.StatusServiceUnavailable; errors.Is(err, wechatpay.ErrShop) {
			v.Problem, status = v.T["shop"], http.StatusConflict
		}
	}
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Cache-Control", "no-store")
	// WeChat's page for phones wants to see from which host the buyer comes.
	head.Set("Referrer-Policy", "origin")
	head.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; script-src 'nonce-"+v.Nonce+"'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_ = page.Execute(w, v)
}

// open returns the payment of an intent of whoever asks, or with it
// [payment.ErrClosed].
func (h *handler) open(r *http.Request) (wechatpay.Payment, error) {
	who, err := web.Person(r.Context())
	if err != nil {
		return wechatpay.Payment{}, err
	}
	_, err = h.Payments.Page(r.Context(), r.PathValue("intent"), who)
	if err != nil && !errors.Is(err, payment.ErrClosed) {
		return wechatpay.Payment{}, err
	}
	pay, unknown := h.WeChat.Payment(r.Context(), r.PathValue("intent"))
	if unknown != nil {
		return pay, unknown
	}
	return pay, err
}

// over tells a page whether its payment is over, and where to go then. WeChat is
// asked on the way, now and then, because its message may come late.
func (h *handler) over(w http.ResponseWriter, r *http.Request) {
	pay, err := h.open(r)
	if err == nil && h.asks.Allow(pay.Intent) == nil {
		if err := h.Payments.Ask(r.Context(), pay.Intent); err != nil && errs.KindOf(err) == errs.Internal {
			h.Log.WarnContext(r.Context(), "WeChat Pay was asked in vain", "intent", pay.Intent, "error", err)
		}
		pay, err = h.open(r)
	}
	if err != nil && !errors.Is(err, payment.ErrClosed) {
		web.WriteProblem(w, r, h.Log, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(map[string]any{"over": err != nil, "back": pay.Back})
}

// fill adds what the browser needs to pay.
func (h *handler) fill(v *view, kind wechatpay.Kind, answer, here string) error {
	switch kind {
	case wechatpay.Inside:
		call, err := h.WeChat.Invoke(answer)
		v.Call = &call
		return err
	case wechatpay.Phone:
		v.Link = answer + "&redirect_url=" + url.QueryEscape(here)
	default:
		png, err := qrcode.Encode(answer, qrcode.Medium, 480)
		v.Code = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png))
		return err
	}
	return nil
}

type view struct {
	Lang, Sum, Over, Back, Nonce string
	T                            map[string]string
	Problem                      string
	Call                         *wechatpay.Invocation // inside WeChat
	Link                         string                // on a phone
	Code                         template.URL          // on a desktop
}

var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.T.title}}</title>
<style>
:root{color-scheme:light dark}body{margin:0;font:400 15px/22px system-ui,"Noto Sans","Noto Sans CJK SC",sans-serif;background:#F3F5F2;color:#15201B;display:grid;place-items:start center}
main{box-sizing:border-box;inline-size:min(100%,420px);padding:24px 16px;display:grid;gap:12px;text-align:center}h1{font-size:20px;line-height:26px;margin:0}.sum{font-size:28px;line-height:34px;font-weight:700;font-variant-numeric:tabular-nums}
p{margin:0;color:#46534C}img{inline-size:240px;block-size:240px;margin:auto;background:#fff;padding:8px;border-radius:10px}
.go{min-block-size:48px;border:0;border-radius:10px;background:#07794A;color:#fff;font:inherit;font-weight:700;padding:12px 16px;cursor:pointer;text-decoration:none}:focus-visible{outline:3px solid #0F5B4A;outline-offset:2px}
a:not(.go){color:inherit}@media(prefers-color-scheme:dark){body{background:#0B100E;color:#F3F6F3}p{color:#BEC9C2}}
</style></head><body><main data-over="{{.Over}}">
<h1>{{.T.title}}</h1><div class="sum">{{.Sum}}</div>
{{if .Problem}}<p role="alert">{{.Problem}}</p><a class="go" href="">{{.T.again}}</a>
{{else if .Call}}<p>{{.T.inside}}</p><button class="go" id="go">{{.T.pay}}</button>
{{else if .Link}}<p>{{.T.phone}}</p><a class="go" href="{{.Link}}">{{.T.open}}</a>
{{else if .Code}}<p>{{.T.scan}}</p><img src="{{.Code}}" alt="{{.T.code}}">
{{end}}<p role="status">{{.T.waits}}</p>
<a href="{{.Back}}">{{.T.back}}</a>
<script nonce="{{.Nonce}}">
const over = document.querySelector('main').dataset.over
async function look() {
  try {
    const a = await (await fetch(over)).json()
    if (a.over) return location.replace(a.back)
  } catch { /* asked again */ }
  setTimeout(look, 3000)
}
setTimeout(look, 1500)
{{with .Call}}
const call = {{.}}
const pay = () => WeixinJSBridge.invoke('getBrandWCPayRequest', call, () => {})
document.getElementById('go').addEventListener('click', pay)
if (window.WeixinJSBridge) pay(); else document.addEventListener('WeixinJSBridgeReady', pay)
{{end}}
</script>
</main></body></html>`))

var words = map[string]map[string]string{
	"en": {
		"title": "WeChat Pay", "pay": "Pay", "open": "Open WeChat", "again": "Try again", "back": "Back to the order", "code": "QR code for WeChat",
		"inside": "The payment opens by itself.", "phone": "WeChat opens, and you come back here.", "scan": "Scan this with WeChat on your phone.",
		"waits": "This page notices when you have paid.", "busy": "WeChat Pay does not answer. Try again in a moment.",
		"shop": "WeChat Pay does not collect for this shop yet. Place the order again and choose another way to pay.",
	},
	"zh": {
		"title": "微信支付", "pay": "付款", "open": "打开微信", "again": "再试一次", "back": "返回订单", "code": "微信付款二维码",
		"inside": "付款窗口会自动打开。", "phone": "将打开微信，付款后回到这里。", "scan": "请用手机微信扫码付款。",
		"waits": "付款成功后，本页会自动更新。", "busy": "微信支付没有回应，请稍后再试。",
		"shop": "这家店铺还不能用微信支付收款，请重新下单并选择其他付款方式。",
	},
}
