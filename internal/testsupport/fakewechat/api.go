package fakewechat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// problem is an error as WeChat Pay writes it; errors are not signed.
type problem struct {
	status        int
	code, message string
}

func bad(field, message string) *problem {
	return &problem{http.StatusBadRequest, "PARAM_ERROR", field + ": " + message}
}

// operation does what is asked with the state locked. Its answer is written as
// JSON; nil is 204.
type operation func(r *http.Request, body []byte) (any, *problem)

func (s *Server) routes() {
	s.mux = http.NewServeMux()
	s.api("POST /v3/pay/partner/transactions/jsapi", s.create("jsapi"))
	s.api("POST /v3/pay/partner/transactions/native", s.create("native"))
	s.api("POST /v3/pay/partner/transactions/h5", s.create("h5"))
	s.api("GET /v3/pay/partner/transactions/out-trade-no/{number}", s.query)
	s.api("POST /v3/pay/partner/transactions/out-trade-no/{number}/close", s.close)
	s.api("POST /v3/refund/domestic/refunds", s.refund)
	s.api("GET /v3/refund/domestic/refunds/{number}", s.queryRefund)
	s.api("GET /v3/certificates", s.certificates)
	s.api("GET /v3/bill/tradebill", s.bill)
	s.mux.HandleFunc("GET /v3/billdownload/file", s.download)
	s.pages()
	s.mux.HandleFunc("/v3/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, &problem{http.StatusNotFound, "RESOURCE_NOT_EXISTS", "无此接口"})
	})
}

// ServeHTTP answers API calls and shows pages.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (s *Server) api(pattern string, do operation) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.calls[pattern]++
		s.mu.Unlock()
		body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, 1<<20))
		if err != nil {
			refuse(w, bad("body", "too large"))
			return
		}
		if p := s.admit(r, body); p != nil {
			refuse(w, p)
			return
		}
		fault := s.fault(pattern)
		if fault.before(w) {
			return
		}
		var v any
		var p *problem
		if fault.Kind != Deaf {
			func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.settle()
				v, p = do(r, body)
			}()
		}
		fault.after(w, r, func() {
			if p != nil {
				refuse(w, p)
				return
			}
			var answer []byte
			status := http.StatusNoContent
			if v != nil {
				answer, _ = json.Marshal(v)
				status = http.StatusOK
			}
			s.sign(w, r, answer)
			if fault.Kind == Altered {
				answer = bytes.Replace(answer, []byte(`"`), []byte(` "`), 1)
			}
			w.WriteHeader(status)
			_, _ = w.Write(answer)
		})
	})
}

func (s *Server) sign(w http.ResponseWriter, r *http.Request, answer []byte) {
	for k, v := range s.signerFor(r).headers(s.cfg.Now(), answer) {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Request-Id", "08"+strings.ToUpper(random()))
}

func refuse(w http.ResponseWriter, p *problem) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Request-Id", "08"+strings.ToUpper(random())+"-0")
	w.WriteHeader(p.status)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": p.code, "message": p.message})
}

var authorization = regexp.MustCompile(`^WECHATPAY2-SHA256-RSA2048 mchid="(\w+)",nonce_str="(\w{1,32})",timestamp="(\d+)",serial_no="(\w+)",signature="([A-Za-z0-9+/=]+)"$`)

// admit verifies who asks [sign].
func (s *Server) admit(r *http.Request, body []byte) *problem {
	if r.Header.Get("Accept") != "application/json" || r.Header.Get("User-Agent") == "" {
		return &problem{http.StatusNotAcceptable, "INVALID_REQUEST", "Http头缺少Accept或User-Agent"}
	}
	if len(body) > 0 && r.Header.Get("Content-Type") != "application/json" {
		return &problem{http.StatusUnsupportedMediaType, "INVALID_REQUEST", "Content-Type错误"}
	}
	no := func(why string) *problem { return &problem{http.StatusUnauthorized, "SIGN_ERROR", why} }
	m := authorization.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		return no("Authorization格式错误")
	}
	if m[1] != s.cfg.MchID || m[4] != s.cfg.Serial {
		return no("商户号或证书序列号错误")
	}
	now := s.cfg.Now()
	sec, _ := strconv.ParseInt(m[3], 10, 64)
	if d := now.Sub(time.Unix(sec, 0)); d > 5*time.Minute || d < -5*time.Minute {
		return no("时间戳已过期")
	}
	text := fmt.Sprintf("%s\n%s\n%s\n%s\n%s\n", r.Method, r.URL.RequestURI(), m[3], m[2], body)
	if s.cfg.Merchant != nil && !signedBy(s.cfg.Merchant, text, m[5]) {
		return no("签名错误")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, used := s.nonces[m[2]]; used {
		return no("随机串重复")
	}
	s.nonces[m[2]] = now
	return nil
}

// strict reads a body as the API does: no unknown fields, no null, no fractions.
func strict(body []byte, into any) *problem {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return bad("body", err.Error())
	}
	if bytes.Contains(body, []byte(":null")) {
		return bad("body", "null")
	}
	return nil
}

func (s *Server) site(r *http.Request) string {
	if s.cfg.Site != nil {
		return s.cfg.Site()
	}
	return "http://" + r.Host
}

// certificates serves the platform certificates, sealed.
func (s *Server) certificates(*http.Request, []byte) (any, *problem) {
	var data []any
	for _, name := range s.keys.served {
		k := s.keys.all[name]
		data = append(data, map[string]any{"serial_no": k.serial, "effective_time": stamp(k.from), "expire_time": stamp(k.until),
			"encrypt_certificate": Seal(s.cfg.APIv3Key, "certificate", k.pem)})
	}
	return map[string]any{"data": data}, nil
}
