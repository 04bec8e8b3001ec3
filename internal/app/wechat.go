package app

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/openstall/openstall/internal/domain/payment/wechatpay"
	"github.com/openstall/openstall/internal/domain/shop"
	"github.com/openstall/openstall/internal/platform/config"
	"github.com/openstall/openstall/internal/platform/db"
)

// wechatOf makes WeChat Pay from a configuration; its keys are files.
func wechatOf(cfg config.Serve, d *db.DB, shops *shop.Service, site func() string, now func() time.Time) (*wechatpay.Provider, error) {
	c := wechatpay.Config{AppID: cfg.WeChatAppID, Secret: cfg.WeChatSecret, MchID: cfg.WeChatMchID, Serial: cfg.WeChatSerial, APIv3Key: cfg.WeChatAPIv3Key,
		PublicKeyID: cfg.WeChatPublicKeyID, URL: cfg.WeChatURL, LoginURL: cfg.WeChatLoginURL, Name: cfg.Name, Site: site}
	pem, err := os.ReadFile(cfg.WeChatKeyFile)
	if err == nil {
		c.Key, err = wechatpay.ParseKey(pem)
	}
	if err != nil {
		return nil, fmt.Errorf("wechat-key-file: %w", err)
	}
	if c.PublicKeyID != "" {
		pem, err := os.ReadFile(cfg.WeChatPublicKeyFile)
		if err == nil {
			c.PublicKey, err = wechatpay.ParsePublicKey(pem)
		}
		if err != nil {
			return nil, fmt.Errorf("wechat-public-key-file: %w", err)
		}
	}
	currency := func(ctx context.Context, id string) (string, error) {
		s, err := shops.Get(ctx, id)
		return s.Currency, err
	}
	return wechatpay.New(c, d, currency, now), nil
}
