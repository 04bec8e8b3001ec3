package wechatpay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/openstall/openstall/internal/kit/id"
)

// maxAnswer is the largest answer that is read, in bytes; a bill is larger, see
// [Provider.Books].
const maxAnswer = 1 << 20

// refusal is an answer with an error. It is not signed: it says what to ask next
// and never, by itself, what has happened.
type refusal struct {
	status        int
	Code, Message string
	request       string // Request-Id, which the support asks for
}

func (r *refusal) Error() string {
	return fmt.Sprintf("wechat answered %d %s: %s (request %s)", r.status, r.Code, r.Message, r.request)
}

// refused reports whether err is an answer with one of codes.
func refused(err error, codes ...string) bool {
	var r *refusal
	if errors.As(err, &r) {
		for _, c := range codes {
			if r.Code == c {
				return true
			}
		}
	}
	return false
}

// call sends a signed request and reads the verified answer into out, which may
// be nil. path has the query as it is sent.
func (p *Provider) call(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	header, answer, err := p.exchange(ctx, method, path, body)
	if err != nil {
		return err
	}
	if err := p.verify(ctx, header, answer); err != nil {
		return fmt.Errorf("answer to %s: %w", path, err)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

// exchange sends a signed request and returns a 2xx answer, not yet verified.
func (p *Provider) exchange(ctx context.Context, method, path string, body []byte) (http.Header, []byte, error) {
	res, err := p.send(ctx, method, p.cfg.URL, path, body)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, nil, err
	}
	if res.StatusCode/100 != 2 {
		return nil, nil, refusalOf(res, answer)
	}
	return res.Header, answer, nil
}

func refusalOf(res *http.Response, body []byte) error {
	r := &refusal{status: res.StatusCode, request: res.Header.Get("Request-Id")}
	if json.Unmarshal(body, r) != nil { // somebody in between answers in HTML
		r.Code, r.Message = "", "no JSON"
	}
	return r
}

// send signs a request: method, path with query, time, nonce and body, a line
// each.
func (p *Provider) send(ctx context.Context, method, base, path string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	stamp, nonce := strconv.FormatInt(p.now().Unix(), 10), id.Secret(20)
	signature, err := sign(p.cfg.Key, method, req.URL.RequestURI(), stamp, nonce, string(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", fmt.Sprintf(`WECHATPAY2-SHA256-RSA2048 mchid="%s",nonce_str="%s",timestamp="%s",serial_no="%s",signature="%s"`,
		p.cfg.MchID, nonce, stamp, p.cfg.Serial, signature))
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "openstall")
	if p.cfg.PublicKeyID != "" {
		req.Header.Set("Wechatpay-Serial", p.cfg.PublicKeyID)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return p.client.Do(req)
}

func query(pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return "?" + v.Encode()
}
