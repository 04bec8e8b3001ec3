package app

import (
	"html/template"
	"net/http"
	"net/netip"
	"os"
	"strings"

	"github.com/openstall/openstall/internal/platform/cert"
	"github.com/openstall/openstall/internal/platform/web"
)

// health answers 200 when a visitor would be served.
func (a *App) health(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	select {
	case <-a.ready:
	default:
		http.Error(w, "starting", http.StatusServiceUnavailable)
		return
	}
	if err := a.DB.Ping(r.Context()); err != nil {
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

// posterFile serves the still picture of a show.
func (a *App) posterFile(w http.ResponseWriter, r *http.Request) {
	showID, ok := strings.CutSuffix(r.PathValue("file"), ".jpg")
	if !ok || a.gate(r, showID) != nil {
		web.WriteProblem(w, r, nil, web.ErrNotFound)
		return
	}
	f, err := os.Open(a.studio.posterPath(showID))
	if err != nil {
		web.WriteProblem(w, r, nil, web.ErrNotFound)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		web.WriteProblem(w, r, a.log, err)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", info.ModTime(), f)
}

const pageStyle = `<style>body{font:16px/24px system-ui,"Noto Sans","Noto Sans CJK SC",sans-serif;margin:24px auto;max-inline-size:640px;padding:0 16px;color:#15201B;background:#F3F5F2}
article,section{background:#fff;border-radius:14px;padding:16px;margin:12px 0}h1{font-size:24px;line-height:30px}h2{font-size:17px;margin:0 0 8px}pre{white-space:pre-wrap;font:inherit;margin:8px 0 0}small{color:#606C65}
a{color:#0F5B4A}a.b{display:block;background:#0F5B4A;color:#fff;text-align:center;border-radius:10px;padding:12px;text-decoration:none;margin-block-start:12px;font-weight:600}
code{overflow-wrap:anywhere;font-size:13px}img{display:block;margin:16px auto;max-inline-size:240px}ol{padding-inline-start:20px;margin:8px 0}</style>`

var outboxHTML = template.Must(template.New("outbox").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Outbox</title>` + pageStyle + `<h1>Outbox</h1><p>What this market would have sent. Only this machine sees this page. <a href="">Look again</a></p>
{{range .}}<article><h2>{{.Subject}}</h2><small>{{.To}} · {{.At.Format "15:04:05"}}</small><pre>{{.Text}}</pre></article>{{else}}<p>Nothing yet.</p>{{end}}</html>`))

// outboxPage shows sent codes and mail to whoever sits at this machine.
func (a *App) outboxPage(w http.ResponseWriter, r *http.Request) {
	addr, err := netip.ParseAddr(web.ClientIP(r.Context()))
	if err != nil || !addr.Unmap().IsLoopback() {
		web.WriteProblem(w, r, nil, web.ErrNotFound)
		return
	}
	all, err := a.outbox.Messages(r.Context())
	if err != nil {
		web.WriteProblem(w, r, a.log, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = outboxHTML.Execute(w, all)
}

var trustHTML = template.Must(template.New("trust").Parse(`<!doctype html><html lang="{{.Lang}}"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.T.title}}</title>` + pageStyle + `<h1>{{.T.title}}</h1><p>{{.T.why}}</p><img src="/trust/qr.png" alt="{{.T.qr}}" width="240" height="240">
<section><h2>iPhone, iPad</h2><ol><li>{{.T.ios1}}</li><li>{{.T.ios2}}</li><li>{{.T.ios3}}</li></ol><a class="b" href="/trust/openstall.mobileconfig">{{.T.get}}</a></section>
<section><h2>Android</h2><ol><li>{{.T.and1}}</li><li>{{.T.and2}}</li></ol><a class="b" href="/trust/openstall.crt">{{.T.get}}</a></section>
<section><h2>{{.T.pc}}</h2><p>{{.T.pc1}}</p><a class="b" href="/trust/openstall.pem">{{.T.get}}</a></section>
<p>{{.T.only}}</p><p>{{.T.print}}<br><code>{{.Print}}</code></p><p><a href="{{.Next}}">{{.T.next}}</a></p></html>`))

var trustWords = map[string]map[string]string{
	"en": {"title": "Trust this market", "why": "Phones open their camera only for pages with a certificate they trust. This market is its own authority, because it needs no internet. Do this once on each phone that goes live.",
		"qr": "QR code of this page", "get": "Get the certificate", "ios1": "Get the profile and allow the download.", "ios2": "Settings, Profile downloaded, Install.", "ios3": "Settings, General, About, Certificate trust: switch this market on.",
		"and1": "Get the certificate.", "and2": "Settings, Security, Install a certificate, CA certificate: choose the file.", "pc": "Computer", "pc1": "Open the file and add it to the trusted authorities of your browser or system.",
		"only": "It counts for local names and private addresses only, never for other sites.", "print": "Compare the fingerprint with the one that the operator of the market tells you:", "next": "Open the market over https"},
	"zh": {"title": "信任这个集市", "why": "手机只对受信任的网页开放摄像头。这个集市不需要互联网，所以自己签发证书。每部要开播的手机做一次即可。",
		"qr": "本页二维码", "get": "下载证书", "ios1": "下载描述文件并允许。", "ios2": "设置，已下载描述文件，安装。", "ios3": "设置，通用，关于本机，证书信任设置：打开本集市。",
		"and1": "下载证书。", "and2": "设置，安全，安装证书，CA 证书：选择该文件。", "pc": "电脑", "pc1": "打开文件，加入浏览器或系统的受信任颁发机构。",
		"only": "只对本地名称和内网地址有效，不影响其他网站。", "print": "请与集市管理方公布的指纹核对:", "next": "用 https 打开集市"},
}

// mountTrust explains the market's own authority and hands its certificate out.
func (a *App) mountTrust(mux *http.ServeMux, auth *cert.Authority) {
	mux.HandleFunc("GET /trust", func(w http.ResponseWriter, r *http.Request) {
		host, _ := web.Site(r.Context())
		bare, _, _ := strings.Cut(host, ":")
		lang := web.Language(r.Header.Get("Accept-Language"))
		_, port, _ := strings.Cut(a.cfg.HTTPS, ":")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = trustHTML.Execute(w, map[string]any{"Lang": lang, "T": trustWords[lang], "Print": auth.Fingerprint(), "Next": "https://" + bare + ":" + port + "/"})
	})
	file := func(name, kind string, body func(r *http.Request) ([]byte, error)) {
		mux.HandleFunc("GET /trust/"+name, func(w http.ResponseWriter, r *http.Request) {
			b, err := body(r)
			if err != nil {
				web.WriteProblem(w, r, a.log, err)
				return
			}
			w.Header().Set("Content-Type", kind)
			_, _ = w.Write(b)
		})
	}
	file("qr.png", "image/png", func(r *http.Request) ([]byte, error) { return qrPNG(web.Origin(r.Context()) + "/trust") })
	file("openstall.pem", "application/x-pem-file", func(*http.Request) ([]byte, error) { return auth.PEM(), nil })
	file("openstall.crt", "application/x-x509-ca-cert", func(*http.Request) ([]byte, error) { return auth.DER(), nil })
	file("openstall.mobileconfig", "application/x-apple-aspen-config", func(*http.Request) ([]byte, error) { return auth.MobileConfig(a.cfg.Name) })
}
