package fakewechat

import (
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

type orderBody struct {
	SpAppid     string `json:"sp_appid"`
	SpMchid     string `json:"sp_mchid"`
	SubMchid    string `json:"sub_mchid"`
	Description string `json:"description"`
	OutTradeNo  string `json:"out_trade_no"`
	TimeExpire  string `json:"time_expire"`
	Attach      string `json:"attach"`
	NotifyURL   string `json:"notify_url"`
	SettleInfo  struct {
		ProfitSharing bool `json:"profit_sharing"`
	} `json:"settle_info"`
	Amount struct {
		Total    int64  `json:"total"`
		Currency string `json:"currency"`
	} `json:"amount"`
	Payer struct {
		SpOpenid string `json:"sp_openid"`
	} `json:"payer"`
	SceneInfo struct {
		PayerClientIP string `json:"payer_client_ip"`
		H5Info        struct {
			Type string `json:"type"`
		} `json:"h5_info"`
	} `json:"scene_info"`
}

var outTradeNo = regexp.MustCompile(`^[0-9A-Za-z_\-|*]{6,32}$`)

// create is the order of a kind [order].
func (s *Server) create(kind string) operation {
	return func(r *http.Request, raw []byte) (any, *problem) {
		var b orderBody
		if p := strict(raw, &b); p != nil {
			return nil, p
		}
		if p := s.checkOrder(kind, b); p != nil {
			return nil, p
		}
		now := s.cfg.Now()
		if s.second != now.Unix() {
			s.second, s.inSecond = now.Unix(), 0
		}
		if s.inSecond++; s.cfg.Limit > 0 && s.inSecond > s.cfg.Limit {
			return nil, &problem{http.StatusTooManyRequests, "FREQUENCY_LIMITED", "频率超限"}
		}
		t := s.trades[b.OutTradeNo]
		switch {
		case t == nil:
			expires, _ := time.Parse(time.RFC3339, b.TimeExpire)
			if !expires.After(now) {
				return nil, bad("time_expire", "早于当前时间")
			}
			t = &Trade{Number: b.OutTradeNo, Kind: kind, Merchant: b.SubMchid, Payer: b.Payer.SpOpenid, Attach: b.Attach, NotifyTo: b.NotifyURL, Description: b.Description,
				Total: b.Amount.Total, State: "NOTPAY", Expires: expires, Created: now, asked: kind + string(raw), n: len(s.trades)}
			s.trades[t.Number] = t
		case t.State == "CLOSED":
			return nil, &problem{http.StatusBadRequest, "ORDER_CLOSED", "订单已关闭"}
		case t.State != "NOTPAY":
			return nil, &problem{http.StatusForbidden, "ORDERPAID", "该订单已支付"}
		case t.asked != kind+string(raw):
			return nil, &problem{http.StatusForbidden, "OUT_TRADE_NO_USED", "商户订单号重复"}
		}
		id := random()
		switch kind {
		case "jsapi":
			s.tokens["wx"+id] = token{t.Number, now.Add(2 * time.Hour)}
			return map[string]any{"prepay_id": "wx" + id}, nil
		case "native":
			code := "weixin://wxpay/bizpayurl?pr=" + id[:9]
			s.tokens[code] = token{t.Number, now.Add(2 * time.Hour)}
			return map[string]any{"code_url": code}, nil
		}
		s.tokens[id] = token{t.Number, now.Add(5 * time.Minute)}
		return map[string]any{"h5_url": s.site(r) + "/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=" + id + "&package=1"}, nil
	}
}

func (s *Server) checkOrder(kind string, b orderBody) *problem {
	u, err := url.Parse(b.NotifyURL)
	addr, _ := netip.ParseAddr(b.SceneInfo.PayerClientIP)
	_, badTime := time.Parse(time.RFC3339, b.TimeExpire)
	switch {
	case b.SpMchid != s.cfg.MchID || b.SpAppid != s.cfg.AppID:
		return &problem{http.StatusBadRequest, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配"}
	case len(s.cfg.Merchants) > 0 && !slices.Contains(s.cfg.Merchants, b.SubMchid):
		return &problem{http.StatusForbidden, "NO_AUTH", "特约商户与服务商无绑定关系"}
	case b.Description == "" || utf8.RuneCountInString(b.Description) > 127:
		return bad("description", "length")
	case !outTradeNo.MatchString(b.OutTradeNo):
		return bad("out_trade_no", "6-32 [0-9A-Za-z_-|*]")
	case len(b.Attach) > 128:
		return bad("attach", "length")
	case err != nil || u.Host == "" || u.RawQuery != "" || len(b.NotifyURL) > 255 || u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())):
		return bad("notify_url", "https, no query")
	case badTime != nil || !strings.HasSuffix(b.TimeExpire, "+08:00"):
		return bad("time_expire", "RFC 3339, +08:00")
	case b.Amount.Total < 1 || b.Amount.Currency != "CNY":
		return bad("amount", "fen of CNY")
	case kind == "jsapi" && (b.Payer.SpOpenid == "" || len(b.Payer.SpOpenid) > 128), kind != "jsapi" && b.Payer.SpOpenid != "":
		return bad("payer.sp_openid", "required inside WeChat only")
	case kind == "h5" && (!addr.IsValid() || b.SceneInfo.H5Info.Type == ""):
		return bad("scene_info", "payer_client_ip and h5_info.type")
	}
	return nil
}

// loopback: a market under test on this machine has no certificate.
func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

func (s *Server) tradeOf(r *http.Request, partner, merchant string) (*Trade, *problem) {
	if partner != s.cfg.MchID {
		return nil, bad("sp_mchid", "与Authorization不一致")
	}
	t := s.trades[r.PathValue("number")]
	if t == nil || t.Merchant != merchant {
		return nil, &problem{http.StatusNotFound, "ORDER_NOT_EXIST", "订单不存在"}
	}
	return t, nil
}

// query answers where an order stands [query].
func (s *Server) query(r *http.Request, _ []byte) (any, *problem) {
	q := r.URL.Query()
	t, p := s.tradeOf(r, q.Get("sp_mchid"), q.Get("sub_mchid"))
	if p != nil {
		return nil, p
	}
	return s.viewTrade(t), nil
}

func (s *Server) viewTrade(t *Trade) map[string]any {
	v := map[string]any{"sp_appid": s.cfg.AppID, "sp_mchid": s.cfg.MchID, "sub_mchid": t.Merchant, "out_trade_no": t.Number, "attach": t.Attach,
		"trade_state": t.State, "trade_state_desc": map[string]string{"NOTPAY": "订单未支付", "SUCCESS": "支付成功", "REFUND": "转入退款", "CLOSED": "订单已关闭"}[t.State],
		"payer": map[string]any{}, "amount": map[string]any{"total": t.Total, "currency": "CNY"}}
	if t.ID != "" {
		v["transaction_id"], v["success_time"], v["bank_type"] = t.ID, stamp(t.Paid), "OTHERS"
		v["trade_type"] = map[string]string{"jsapi": "JSAPI", "native": "NATIVE", "h5": "MWEB"}[t.Kind]
		v["payer"] = map[string]any{"sp_openid": t.By}
		v["amount"] = map[string]any{"total": t.Total, "payer_total": t.Total, "currency": "CNY", "payer_currency": "CNY"}
	}
	return v
}

// close ends an order that has not been paid; again is the same [close].
func (s *Server) close(r *http.Request, raw []byte) (any, *problem) {
	var b struct {
		SpMchid  string `json:"sp_mchid"`
		SubMchid string `json:"sub_mchid"`
	}
	if p := strict(raw, &b); p != nil {
		return nil, p
	}
	t, p := s.tradeOf(r, b.SpMchid, b.SubMchid)
	if p != nil {
		return nil, p
	}
	if t.State != "NOTPAY" && t.State != "CLOSED" {
		return nil, &problem{http.StatusBadRequest, "ORDERPAID", "该订单已支付"}
	}
	t.State = "CLOSED"
	return nil, nil
}
