package fakewechat

import (
	"net/http"
	"regexp"
)

type refundBody struct {
	SubMchid      string `json:"sub_mchid"`
	TransactionID string `json:"transaction_id"`
	OutTradeNo    string `json:"out_trade_no"`
	OutRefundNo   string `json:"out_refund_no"`
	Reason        string `json:"reason"`
	NotifyURL     string `json:"notify_url"`
	Amount        struct {
		Refund   int64  `json:"refund"`
		Total    int64  `json:"total"`
		Currency string `json:"currency"`
	} `json:"amount"`
}

var outRefundNo = regexp.MustCompile(`^[0-9A-Za-z_\-|*@]{1,64}$`)

// refund gives back [refund]: a number is one refund for ever; within a year, at
// most 50 for an order, together at most what was paid.
func (s *Server) refund(_ *http.Request, raw []byte) (any, *problem) {
	var b refundBody
	if p := strict(raw, &b); p != nil {
		return nil, p
	}
	var t *Trade
	for _, x := range s.trades {
		if x.Merchant == b.SubMchid && x.ID != "" && (x.ID == b.TransactionID || b.TransactionID == "" && x.Number == b.OutTradeNo) {
			t = x
		}
	}
	invalid := func(why string) (any, *problem) {
		return nil, &problem{http.StatusBadRequest, "INVALID_REQUEST", why}
	}
	switch {
	case !outRefundNo.MatchString(b.OutRefundNo):
		return nil, bad("out_refund_no", "1-64 [0-9A-Za-z_-|*@]")
	case b.Amount.Refund < 1 || b.Amount.Currency != "CNY":
		return nil, bad("amount", "fen of CNY")
	case t == nil:
		return nil, &problem{http.StatusNotFound, "RESOURCE_NOT_EXISTS", "订单号不存在"}
	}
	if was := s.refunds[b.OutRefundNo]; was != nil {
		if was.Trade != t.Number || was.Amount != b.Amount.Refund {
			return invalid("订单金额或退款金额与之前请求不一致")
		}
		return s.viewRefund(was), nil
	}
	given, n := int64(0), 0
	for _, x := range s.refunds {
		if x.Trade == t.Number && x.Status != "CLOSED" {
			given, n = given+x.Amount, n+1
		}
	}
	now := s.cfg.Now()
	switch {
	case b.Amount.Total != t.Total:
		return invalid("订单金额不一致")
	case given+b.Amount.Refund > t.Total:
		return invalid("累计退款金额大于支付金额")
	case n >= 50:
		return invalid("退款次数超过50次")
	case now.After(t.Paid.AddDate(1, 0, 0)):
		return invalid("交易时间超过一年的订单无法提交退款")
	case s.poor:
		return nil, &problem{http.StatusForbidden, "NOT_ENOUGH", "余额不足"}
	}
	x := &Refund{Number: b.OutRefundNo, ID: s.id("50000"), Trade: t.Number, NotifyTo: b.NotifyURL, Amount: b.Amount.Refund, Status: "PROCESSING", Created: now}
	s.refunds[x.Number] = x
	t.State = "REFUND"
	return s.viewRefund(x), nil
}

func (s *Server) queryRefund(r *http.Request, _ []byte) (any, *problem) {
	x := s.refunds[r.PathValue("number")]
	if x == nil || s.trades[x.Trade].Merchant != r.URL.Query().Get("sub_mchid") {
		return nil, &problem{http.StatusNotFound, "RESOURCE_NOT_EXISTS", "退款单不存在"}
	}
	return s.viewRefund(x), nil
}

func (s *Server) viewRefund(x *Refund) map[string]any {
	t := s.trades[x.Trade]
	return map[string]any{"refund_id": x.ID, "out_refund_no": x.Number, "transaction_id": t.ID, "out_trade_no": t.Number, "channel": "ORIGINAL", "user_received_account": "零钱",
		"create_time": stamp(x.Created), "status": x.Status, "amount": map[string]any{"total": t.Total, "refund": x.Amount, "payer_total": t.Total, "payer_refund": x.Amount,
			"settlement_refund": x.Amount, "settlement_total": t.Total, "discount_refund": 0, "currency": "CNY"}}
}
