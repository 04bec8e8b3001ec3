package testpay

import (
	"html/template"
	"net/http"
	"strings"

	"github.com/openstall/openstall/internal/kit/money"
)

var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.T.title}}</title>
<style>
:root{color-scheme:light dark}body{margin:0;font:400 15px/22px system-ui,"Noto Sans","Noto Sans CJK SC",sans-serif;background:#F3F5F2;color:#15201B;display:grid;place-items:start center}
main{box-sizing:border-box;inline-size:min(100%,420px);padding:24px 16px}h1{font-size:20px;line-height:26px;margin:0 0 4px}.sum{font-size:28px;line-height:34px;font-weight:700;margin:16px 0;font-variant-numeric:tabular-nums}
p{margin:0 0 8px;color:#46534C}form{display:grid;gap:8px;margin-block-start:16px}button{min-block-size:48px;border:1px solid #7A8780;border-radius:10px;background:#fff;color:#15201B;font:inherit;text-align:start;padding:8px 16px;cursor:pointer}
button.first{background:#F5B81F;border-color:#F5B81F;color:#1B1503;font-weight:700;text-align:center}button small{display:block;color:#606C65}button:focus-visible{outline:3px solid #0F5B4A;outline-offset:2px}
@media(prefers-color-scheme:dark){body{background:#0B100E;color:#F3F6F3}p{color:#BEC9C2}button{background:#151C19;color:#F3F6F3}button small{color:#97A49D}button.first{background:#F9C23C;color:#1B1503}}
</style></head><body><main>
<h1>{{.T.title}}</h1><p>{{.T.note}}</p>
<div class="sum">{{.Sum}}</div>
{{if .Over}}<p role="status">{{.Over}}</p><p><a href="{{.Back}}">{{.T.back}}</a></p>{{else}}
<form method="post">
<button class="first" name="choice" value="succeed">{{.T.succeed}}</button>
<button name="choice" value="fail">{{.T.fail}}<small>{{.T.fail2}}</small></button>
<button name="choice" value="late">{{.T.late}}<small>{{.T.late2}}</small></button>
<button name="choice" value="twice">{{.T.twice}}<small>{{.T.twice2}}</small></button>
<button name="choice" value="out_of_order">{{.T.order}}<small>{{.T.order2}}</small></button>
<button name="choice" value="silent">{{.T.silent}}<small>{{.T.silent2}}</small></button>
<button name="choice" value="time_out">{{.T.out}}<small>{{.T.out2}}</small></button>
</form>{{end}}
</main></body></html>`))

var words = map[string]map[string]string{
	"en": {
		"title": "Test payment", "note": "This page plays the bank. No money moves.", "done": "This payment has been made.", "closed": "This payment is not expected any more.", "back": "Back to the order",
		"succeed": "Pay", "fail": "Decline", "fail2": "The bank says no; you can try again.",
		"late": "Pay, answer late", "late2": "The stall hears of it after 20 seconds.",
		"twice": "Pay, answer twice", "twice2": "The same message comes again and again.",
		"order": "Pay after a failed try", "order2": "The message of the failure comes last.",
		"silent": "Pay, and nobody tells the stall", "silent2": "It asks by itself, two minutes later.",
		"out": "No answer", "out2": "You come back, and nobody hears anything.",
	},
	"zh": {
		"title": "测试支付", "note": "这个页面扮演银行，不会真的扣款。", "done": "这笔付款已经完成。", "closed": "这笔付款已关闭。", "back": "返回订单",
		"succeed": "付款", "fail": "拒绝付款", "fail2": "银行不同意，可以再试一次。",
		"late": "付款，但通知迟到", "late2": "20 秒后摊主才收到消息。",
		"twice": "付款，通知重复", "twice2": "同一条消息会来好几次。",
		"order": "失败后再付款", "order2": "失败的消息最后才到。",
		"silent": "付款，但没有任何通知", "silent2": "两分钟后摊主会主动查询。",
		"out": "没有回音", "out2": "你返回订单，谁也没收到消息。",
	},
}

// ServeHTTP is the provider's page: GET shows it, POST carries the choice out
// and sends the browser back. The path ends in the payment's reference.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ref := r.PathValue("ref")
	pay, err := byRef(r.Context(), p.db, ref)
	if err != nil {
		http.Error(w, "There is no such payment.", http.StatusNotFound)
		return
	}
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<12)
		back, err := p.Choose(r.Context(), ref, Choice(r.PostFormValue("choice")))
		if err != nil {
			http.Error(w, "This is not a choice.", http.StatusUnprocessableEntity)
			return
		}
		http.Redirect(w, r, back, http.StatusSeeOther)
		return
	}
	lang := "en"
	if strings.HasPrefix(r.Header.Get("Accept-Language"), "zh") {
		lang = "zh"
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")
	over := map[string]string{"paid": words[lang]["done"], "closed": words[lang]["closed"]}[pay.state]
	_ = page.Execute(w, map[string]any{
		"Lang": lang, "T": words[lang], "Sum": money.Of(pay.amount, pay.currency).String(), "Over": over, "Back": pay.back,
	})
}
