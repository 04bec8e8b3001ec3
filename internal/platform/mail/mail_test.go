package mail_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/platform/mail"
)

// server speaks as much SMTP as a client needs, and answers RCPT as told.
func server(t *testing.T, rcpt string) (address string, received <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	got := make(chan string, 4)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c, rcpt, got)
		}
	}()
	return l.Addr().String(), got
}

func serve(c net.Conn, rcpt string, got chan<- string) {
	defer c.Close()
	r := bufio.NewReader(c)
	fmt.Fprint(c, "220 mail.test ESMTP\r\n")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		switch verb := strings.ToUpper(line[:4]); verb {
		case "EHLO", "HELO":
			fmt.Fprint(c, "250-mail.test\r\n250 8BITMIME\r\n")
		case "RCPT":
			fmt.Fprint(c, rcpt+"\r\n")
		case "DATA":
			fmt.Fprint(c, "354 go on\r\n")
			var body strings.Builder
			for {
				line, err := r.ReadString('\n')
				if err != nil || line == ".\r\n" {
					break
				}
				body.WriteString(strings.TrimPrefix(line, "."))
			}
			got <- body.String()
			fmt.Fprint(c, "250 taken\r\n")
		case "QUIT":
			fmt.Fprint(c, "221 bye\r\n")
			return
		default:
			fmt.Fprint(c, "250 ok\r\n")
		}
	}
}

func smtp(t *testing.T, address string) *mail.SMTP {
	t.Helper()
	s, err := mail.NewSMTP(mail.SMTPConfig{Address: address, From: "Quay Market <post@quay.example>", Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMessageArrivesWithBothBodiesAndAWayOut(t *testing.T) {
	address, received := server(t, "250 ok")
	err := smtp(t, address).Send(t.Context(), mail.Message{
		To: "jo@example.org", Subject: "今晚直播：鲭鱼", Text: "The boat is in.\nSee you at six.", HTML: "<p>The boat is in.</p>",
		ReplyTo: "stall@example.org", Unsubscribe: "https://quay.example/v1/unsubscribe/abc",
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := netmail.ReadMessage(strings.NewReader(<-received))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "今晚直播：鲭鱼" {
		t.Errorf("subject %q, %v", subject, err)
	}
	for key, want := range map[string]string{
		"From": `"Quay Market" <post@quay.example>`, "To": "<jo@example.org>", "Reply-To": "<stall@example.org>",
		"List-Unsubscribe": "<https://quay.example/v1/unsubscribe/abc>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
	} {
		if got := m.Header.Get(key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	if got := bodies(t, m); got["text/plain"] != "The boat is in.\r\nSee you at six." || got["text/html"] != "<p>The boat is in.</p>" {
		t.Errorf("bodies %q", got)
	}
}

func bodies(t *testing.T, m *netmail.Message) map[string]string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %q, %v", kind, err)
	}
	out := map[string]string{}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		out[kind] = strings.TrimRight(string(text), "\r\n")
	}
}

func TestFailureSaysWhetherToTryAgain(t *testing.T) {
	for _, tt := range []struct {
		answer    string
		permanent bool
	}{
		{"550 no such mailbox", true},
		{"450 mailbox is busy", false},
	} {
		address, _ := server(t, tt.answer)
		err := smtp(t, address).Send(t.Context(), mail.Message{To: "jo@example.org", Subject: "x", Text: "y"})
		if err == nil || mail.IsPermanent(err) != tt.permanent {
			t.Errorf("%s: %v, permanent %t; want %t", tt.answer, err, mail.IsPermanent(err), tt.permanent)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close() // nobody answers there now
	if err := smtp(t, l.Addr().String()).Send(t.Context(), mail.Message{To: "jo@example.org"}); err == nil || mail.IsPermanent(err) {
		t.Errorf("no server: %v, want a failure worth another attempt", err)
	}
}

func TestTLSIsRequiredUnlessToldOtherwise(t *testing.T) {
	address, _ := server(t, "250 ok") // offers no STARTTLS
	s, err := mail.NewSMTP(mail.SMTPConfig{Address: address, From: "post@quay.example"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), mail.Message{To: "jo@example.org", Subject: "x", Text: "y"}); err == nil {
		t.Error("a message went out in plain text")
	}
}

func TestHeaderCannotBeForged(t *testing.T) {
	address, _ := server(t, "250 ok")
	s := smtp(t, address)
	for _, m := range []mail.Message{
		{To: "jo@example.org\r\nBcc: all@example.org"},
		{To: ""},
		{To: "jo@example.org", Subject: "x\r\nBcc: all@example.org"},
		{To: "jo@example.org", ReplyTo: "x\n@y"},
		{To: "jo@example.org", Unsubscribe: "https://a.example/>\r\nBcc: <all@example.org"},
		{To: "jo@example.org", Unsubscribe: "javascript:alert(1)"},
	} {
		if err := s.Send(t.Context(), m); !mail.IsPermanent(err) {
			t.Errorf("%+v: %v, want a refusal", m, err)
		}
	}
}

func TestOutboxKeepsTheLastMessages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)
		o := mail.NewOutbox(d, func() time.Time { return now })
		ctx := context.Background()
		for i := range 205 {
			now = now.Add(time.Second)
			if err := o.Send(ctx, mail.Message{To: "jo@example.org", Subject: fmt.Sprint(i), Text: "hello"}); err != nil {
				t.Fatal(err)
			}
		}
		now = now.Add(time.Second)
		if err := o.SendText(ctx, "+4912345", "Your code is 123456"); err != nil {
			t.Fatal(err)
		}
		all, err := o.Messages(ctx)
		if err != nil || len(all) != 200 {
			t.Fatalf("%d kept, %v; want 200", len(all), err)
		}
		if k := all[0]; k.Channel != "sms" || k.To != "+4912345" || k.Text != "Your code is 123456" || !k.At.Equal(now) {
			t.Errorf("newest = %+v", k)
		}
		if k := all[199]; k.Subject != "6" || k.Channel != "email" {
			t.Errorf("oldest = %+v", k)
		}
	}, mail.Migrations)
}
