package notice

import (
	"bytes"
	"context"
	"fmt"
	"html/template"

	"github.com/openstall/openstall/internal/domain/account"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/job"
	"github.com/openstall/openstall/internal/platform/mail"
)

type mailArgs struct {
	Notice string `json:"notice"`
}

// Kind names the job.
func (mailArgs) Kind() string { return "notice.mail" }

func (s *Service) sendMail(ctx context.Context, a mailArgs) error {
	n, err := byID(ctx, s.DB, a.Notice)
	if err != nil {
		return orFatal(err)
	}
	p, err := account.GetIn(ctx, s.DB, n.Person)
	if err != nil {
		return orFatal(err)
	}
	// They may have stopped it while it waited.
	way, err := preference(ctx, s.DB, n.Person, n.Kind)
	if err != nil || p.Email == "" || !way.Email {
		return err
	}
	token := s.StopToken(n.Person, n.Kind, Email)
	l := letter{
		Market: s.Market.Pick(p.Locale), Title: n.Title.Pick(p.Locale), Body: n.Body.Pick(p.Locale),
		URL: s.URL() + n.URL, Open: words.open.Pick(p.Locale),
		Stop: words.stop.Pick(p.Locale), StopURL: s.URL() + "/stop/" + token,
	}
	m, err := l.message()
	if err != nil {
		return job.Fatal(err)
	}
	m.To, m.Subject, m.Unsubscribe = p.Email, l.Title, s.URL()+"/v1/unsubscribe/"+token
	return mailed(s.Mail.Send(ctx, m))
}

// mailed turns a refusal for good into the end of the job.
func mailed(err error) error {
	if mail.IsPermanent(err) {
		return job.Fatal(err)
	}
	return err
}

type codeArgs struct {
	To      string `json:"to"`
	Channel string `json:"channel"`
	Code    string `json:"code"`
	Locale  string `json:"locale"`
}

// Kind names the job.
func (codeArgs) Kind() string { return "notice.code" }

// SendCode carries a sign-in code; it is an [account.Courier].
func (s *Service) SendCode(ctx context.Context, tx *db.Tx, to, channel, code, locale string) error {
	return s.Jobs.Insert(ctx, tx, codeArgs{to, channel, code, locale}, job.MaxAttempts(6))
}

func (s *Service) sendCode(ctx context.Context, a codeArgs) error {
	market := s.Market.Pick(a.Locale)
	say := fmt.Sprintf(words.code.Pick(a.Locale), market, a.Code)
	if a.Channel == "sms" {
		return s.Texts.SendText(ctx, a.To, say)
	}
	l := letter{Market: market, Title: say, Body: words.codeHelp.Pick(a.Locale)}
	m, err := l.message()
	if err != nil {
		return job.Fatal(err)
	}
	m.To, m.Subject = a.To, say
	return mailed(s.Mail.Send(ctx, m))
}

var words = struct{ open, stop, code, codeHelp text.Local }{
	open: text.Both("Open", "打开"),
	stop: text.Both("Stop these e-mails", "不再接收此类邮件"),
	code: text.Both("%s: your sign-in code is %s", "%s：您的登录验证码是 %s"),
	codeHelp: text.Both(
		"It works for ten minutes. If you did not ask for it, you need not do anything.",
		"十分钟内有效。如非本人操作，请忽略。"),
}

// letter is an e-mail as people read it. URL and Stop may be empty.
type letter struct {
	Market, Title, Body, URL, Open, Stop, StopURL string
}

func (l letter) message() (mail.Message, error) {
	var html bytes.Buffer
	if err := sheet.Execute(&html, l); err != nil {
		return mail.Message{}, fmt.Errorf("write letter: %w", err)
	}
	plain := l.Title + "\n"
	if l.Body != "" {
		plain += "\n" + l.Body + "\n"
	}
	if l.URL != "" {
		plain += "\n" + l.URL + "\n"
	}
	plain += "\n-- \n" + l.Market + "\n"
	if l.StopURL != "" {
		plain += l.Stop + ": " + l.StopURL + "\n"
	}
	return mail.Message{Text: plain, HTML: html.String()}, nil
}

var sheet = template.Must(template.New("letter").Parse(`<!doctype html>
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<div style="max-width:34em;margin:0 auto;padding:16px;font:16px/1.5 system-ui,sans-serif;color:#1b1b1b">
<h1 style="font-size:20px;margin:0 0 12px">{{.Title}}</h1>
{{with .Body}}<p style="white-space:pre-line">{{.}}</p>{{end}}
{{if .URL}}<p><a href="{{.URL}}" style="display:inline-block;padding:12px 20px;border-radius:8px;background:#14532d;color:#fff;text-decoration:none">{{.Open}}</a></p>{{end}}
<p style="color:#666;font-size:13px;margin-top:24px">{{.Market}}{{if .StopURL}} · <a href="{{.StopURL}}" style="color:#666">{{.Stop}}</a>{{end}}</p>
</div>
`))
