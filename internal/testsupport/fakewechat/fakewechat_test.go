package fakewechat

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// desk is a partner who signs by hand, with a clock of its own.
type desk struct {
	t    *testing.T
	s    *Server
	url  string
	key  *rsa.PrivateKey
	now  time.Time
	skew time.Duration
	n    int
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, key: pairs()[2], now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	d.s = New(Config{AppID: "wx8888", Secret: "s", MchID: "1900000001", Serial: "AB12", Merchant: &d.key.PublicKey, APIv3Key: strings.Repeat("k", 32),
		Merchants: []string{"1900000109"}, Now: func() time.Time { return d.now }, Limit: 20})
	server := httptest.NewServer(d.s)
	t.Cleanup(server.Close)
	d.url = server.URL
	return d
}

// ask sends a signed request; change may spoil it after it was signed.
func (d *desk) ask(method, path, body string, change func(r *http.Request)) (int, string) {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), method, d.url+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	d.n++
	stamp, nonce := fmt.Sprint(d.now.Add(d.skew).Unix()), fmt.Sprintf("nonce%d", d.n)
	sum := sha256.Sum256([]byte(method + "\n" + path + "\n" + stamp + "\n" + nonce + "\n" + body + "\n"))
	sig, err := rsa.SignPKCS1v15(rand.Reader, d.key, crypto.SHA256, sum[:])
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Authorization", fmt.Sprintf(`WECHATPAY2-SHA256-RSA2048 mchid="1900000001",nonce_str="%s",timestamp="%s",serial_no="AB12",signature="%s"`, nonce, stamp, base64.StdEncoding.EncodeToString(sig)))
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "test")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if change != nil {
		change(req)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(b)
}

const native = "/v3/pay/partner/transactions/native"

// body is an order; pairs replace words in it.
func body(replace ...string) string {
	return strings.NewReplacer(replace...).Replace(`{"sp_appid":"wx8888","sp_mchid":"1900000001","sub_mchid":"1900000109","description":"Fish","out_trade_no":"wx_000001",` +
		`"notify_url":"https://market.example/events","time_expire":"2026-11-23T17:15:00+08:00","amount":{"total":1740,"currency":"CNY"}}`)
}

func TestThePublishedSignatureIsBelieved(t *testing.T) {
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Certificate string
		Message     struct{ Timestamp, Nonce, Signature, Body string }
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(v.Certificate))
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	m := v.Message
	if !signedBy(c.PublicKey.(*rsa.PublicKey), m.Timestamp+"\n"+m.Nonce+"\n"+m.Body+"\n", m.Signature) {
		t.Error("it is not")
	}
}

func TestRequestsAreRefusedAsWeChatRefusesThem(t *testing.T) {
	d := newDesk(t)
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	if status, b := d.ask("POST", native, body("wx_000001", "wx_paid01"), nil); status != 200 {
		t.Fatalf("%d %s", status, b)
	}
	if err := d.s.Pay("wx_paid01", "o"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, path, body string
		change           func(*http.Request)
		skew             time.Duration
		status           int
		code             string
	}{
		{"unsigned", native, body(), func(r *http.Request) { r.Header.Del("Authorization") }, 0, 401, "SIGN_ERROR"},
		{"another path", native, body(), func(r *http.Request) { r.URL.RawQuery = "a=b" }, 0, 401, "SIGN_ERROR"},
		{"another body", native, body(), func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body("1740", "1"))), -1
		}, 0, 401, "SIGN_ERROR"},
		{"late", native, body(), nil, -6 * time.Minute, 401, "SIGN_ERROR"},
		{"early", native, body(), nil, 6 * time.Minute, 401, "SIGN_ERROR"},
		{"no Accept", native, body(), header("Accept", "*/*"), 0, 406, "INVALID_REQUEST"},
		{"a form", native, body(), header("Content-Type", "application/x-www-form-urlencoded"), 0, 415, "INVALID_REQUEST"},
		{"an unknown field", native, body(`"description"`, `"colour":"red","description"`), nil, 0, 400, "PARAM_ERROR"},
		{"null", native, body(`"Fish"`, `null`), nil, 0, 400, "PARAM_ERROR"},
		{"nothing to pay", native, body("1740", "0"), nil, 0, 400, "PARAM_ERROR"},
		{"half a fen", native, body("1740", "1740.5"), nil, 0, 400, "PARAM_ERROR"},
		{"dollars", native, body("CNY", "USD"), nil, 0, 400, "PARAM_ERROR"},
		{"a short number", native, body("wx_000001", "wx"), nil, 0, 400, "PARAM_ERROR"},
		{"plain http", native, body("https://market", "http://market"), nil, 0, 400, "PARAM_ERROR"},
		{"a query", native, body("/events", "/events?a=b"), nil, 0, 400, "PARAM_ERROR"},
		{"over before it begins", native, body("17:15", "17:00"), nil, 0, 400, "PARAM_ERROR"},
		{"another zone", native, body("T17:15:00+08:00", "T09:15:00Z"), nil, 0, 400, "PARAM_ERROR"},
		{"another account", native, body("wx8888", "wx9999"), nil, 0, 400, "APPID_MCHID_NOT_MATCH"},
		{"a shop that is not bound", native, body("1900000109", "1900000110"), nil, 0, 403, "NO_AUTH"},
		{"inside WeChat without a user", "/v3/pay/partner/transactions/jsapi", body(), nil, 0, 400, "PARAM_ERROR"},
		{"on a phone without an address", "/v3/pay/partner/transactions/h5", body(), nil, 0, 400, "PARAM_ERROR"},
		{"the first", native, body(), nil, 0, 200, "code_url"},
		{"the same again", native, body(), nil, 0, 200, "code_url"},
		{"the same number for something else", native, body("Fish", "Meat"), nil, 0, 403, "OUT_TRADE_NO_USED"},
		{"the same number elsewhere", "/v3/pay/partner/transactions/h5", body(`"amount"`, `"scene_info":{"payer_client_ip":"192.0.2.1","h5_info":{"type":"Wap"}},"amount"`), nil, 0, 403, "OUT_TRADE_NO_USED"},
		{"paid", native, body("wx_000001", "wx_paid01"), nil, 0, 403, "ORDERPAID"},
		{"closing what is paid", "/v3/pay/partner/transactions/out-trade-no/wx_paid01/close", `{"sp_mchid":"1900000001","sub_mchid":"1900000109"}`, nil, 0, 400, "ORDERPAID"},
		{"closing nothing", "/v3/pay/partner/transactions/out-trade-no/wx_nobody/close", `{"sp_mchid":"1900000001","sub_mchid":"1900000109"}`, nil, 0, 404, "ORDER_NOT_EXIST"},
		{"closing", "/v3/pay/partner/transactions/out-trade-no/wx_000001/close", `{"sp_mchid":"1900000001","sub_mchid":"1900000109"}`, nil, 0, 204, ""},
		{"closing again", "/v3/pay/partner/transactions/out-trade-no/wx_000001/close", `{"sp_mchid":"1900000001","sub_mchid":"1900000109"}`, nil, 0, 204, ""},
		{"a number that is closed", native, body(), nil, 0, 400, "ORDER_CLOSED"},
	} {
		d.skew = tt.skew
		if status, b := d.ask("POST", tt.path, tt.body, tt.change); status != tt.status || !strings.Contains(b, tt.code) {
			t.Errorf("%s: %d %s", tt.name, status, b)
		}
	}
	d.skew, d.n = 0, 0
	if status, _ := d.ask("GET", "/v3/certificates", "", nil); status != 401 {
		t.Errorf("a nonce again: %d", status)
	}
	d.n = 1000
	d.now = d.now.Add(time.Minute)
	last := 0
	for i := range 21 {
		last, _ = d.ask("POST", native, body("wx_000001", fmt.Sprintf("wx_many%02d", i)), nil)
	}
	if last != 429 {
		t.Errorf("the twenty-first in a second: %d", last)
	}
}

func TestRefundsAreRefusedAsWeChatRefusesThem(t *testing.T) {
	d := newDesk(t)
	d.ask("POST", native, body(), nil)
	if err := d.s.Pay("wx_000001", "o"); err != nil {
		t.Fatal(err)
	}
	id := d.s.Trades()[0].ID
	refund := func(number string, fen, total int) string {
		return fmt.Sprintf(`{"sub_mchid":"1900000109","transaction_id":%q,"out_refund_no":%q,"notify_url":"https://m.example/e","amount":{"refund":%d,"total":%d,"currency":"CNY"}}`, id, number, fen, total)
	}
	for _, tt := range []struct {
		name, body string
		status     int
		says       string
	}{
		{"of another sum", refund("r1", 1, 1000), 400, "INVALID_REQUEST"},
		{"too much", refund("r1", 1741, 1740), 400, "INVALID_REQUEST"},
		{"some", refund("r1", 740, 1740), 200, "PROCESSING"},
		{"the same", refund("r1", 740, 1740), 200, "PROCESSING"},
		{"the same of another sum", refund("r1", 741, 1740), 400, "INVALID_REQUEST"},
		{"too much together", refund("r2", 1001, 1740), 400, "INVALID_REQUEST"},
		{"the rest", refund("r2", 1000, 1740), 200, "PROCESSING"},
		{"of nothing", strings.Replace(refund("r3", 1, 1740), id, "42", 1), 404, "RESOURCE_NOT_EXISTS"},
	} {
		if status, b := d.ask("POST", "/v3/refund/domestic/refunds", tt.body, nil); status != tt.status || !strings.Contains(b, tt.says) {
			t.Errorf("%s: %d %s", tt.name, status, b)
		}
	}
	d.now = d.now.Add(RefundTakes)
	if status, b := d.ask("GET", "/v3/refund/domestic/refunds/r1?sub_mchid=1900000109", "", nil); status != 200 || !strings.Contains(b, `"SUCCESS"`) {
		t.Errorf("a moment later: %d %s", status, b)
	}
	if got := d.s.Balance("1900000109"); got != 0 {
		t.Errorf("holds %d", got)
	}
}

func TestAMessageIsSentFifteenTimesMoreInADay(t *testing.T) {
	d := newDesk(t)
	var heard []time.Duration
	start, answer := d.now, http.StatusInternalServerError
	market := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if !bytes.Contains(b, []byte("TRANSACTION.SUCCESS")) || bytes.Contains(b, []byte("wx_000001")) {
			t.Errorf("told %s", b)
		}
		heard = append(heard, d.now.Sub(start))
		w.WriteHeader(answer)
	}))
	defer market.Close()
	d.ask("POST", native, body("https://market.example", market.URL), nil)
	if err := d.s.Pay("wx_000001", "o"); err != nil {
		t.Fatal(err)
	}
	for d.now.Before(start.Add(30 * time.Hour)) {
		d.s.Deliver(t.Context())
		d.now = d.now.Add(15 * time.Second)
	}
	want := []time.Duration{0}
	for _, wait := range Retries {
		want = append(want, want[len(want)-1]+wait)
	}
	if fmt.Sprint(heard) != fmt.Sprint(want) {
		t.Errorf("heard at %v, want %v", heard, want)
	}
	d.ask("POST", native, body("https://market.example", market.URL, "wx_000001", "wx_000002", "2026-11-23", "2026-11-28"), nil)
	if err := d.s.Pay("wx_000002", "o"); err != nil {
		t.Fatal(err)
	}
	heard, answer = nil, http.StatusNoContent
	for range 10 {
		d.s.Deliver(t.Context())
		d.now = d.now.Add(time.Minute)
	}
	if len(heard) != 1 {
		t.Errorf("taken, and sent %d times", len(heard))
	}
}

func TestACodeAndALinkAreGoodForAWhile(t *testing.T) {
	d := newDesk(t)
	_, b := d.ask("POST", native, body("17:15", "23:15"), nil)
	var a struct {
		Code string `json:"code_url"`
	}
	if err := json.Unmarshal([]byte(b), &a); err != nil {
		t.Fatal(err)
	}
	d.now = d.now.Add(2 * time.Hour)
	if err := d.s.Scan(a.Code, "o"); err == nil {
		t.Error("a code of two hours ago was paid")
	}
	_, b = d.ask("POST", native, body("17:15", "23:15"), nil)
	if err := json.Unmarshal([]byte(b), &a); err != nil {
		t.Fatal(err)
	}
	if err := d.s.Scan(a.Code, "o"); err != nil {
		t.Error(err)
	}
	if err := d.s.Scan(a.Code, "o2"); err == nil {
		t.Error("two users paid one code")
	}
}
