package wechatpay

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// ErrCode is returned for a code that WeChat's login does not know, or that was
// used before.
var ErrCode = errors.New("this code tells nobody")

// Payer trades a code of WeChat's login for the openid of who is there. A code
// works once.
func (p *Provider) Payer(ctx context.Context, code string) (string, error) {
	address := cmp.Or(p.cfg.LoginURL, token) + "/sns/oauth2/access_token" +
		query("appid", p.cfg.AppID, "secret", p.cfg.Secret, "code", code, "grant_type", "authorization_code")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	res, err := p.client.Do(req)
	if err != nil {
		return "", errors.New("login of WeChat does not answer") // the cause would show the secret
	}
	defer res.Body.Close()
	var a struct {
		OpenID  string `json:"openid"`
		Code    int    `json:"errcode"`
		Message string `json:"errmsg"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(&a); err != nil {
		return "", fmt.Errorf("login of WeChat: %w", err)
	}
	switch {
	case a.Code == 40029 || a.Code == 40163:
		return "", ErrCode
	case a.Code != 0 || a.OpenID == "":
		return "", fmt.Errorf("login of WeChat: %d %s", a.Code, a.Message)
	}
	return a.OpenID, nil
}
