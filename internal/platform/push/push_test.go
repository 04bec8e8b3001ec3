package push_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/platform/db"
	"github.com/openstall/openstall/internal/platform/db/dbtest"
	"github.com/openstall/openstall/internal/platform/push"
)

var now = time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

func b64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The example of RFC 8291 section 5 and appendix A.
func TestPublishedExampleComesOut(t *testing.T) {
	ours, err := ecdh.P256().NewPrivateKey(b64(t, "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := push.Seal(push.Subscription{
		P256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
		Auth:   "BTBZMqHH6r4Tts7J_aSIgg",
	}, []byte("When I grow up, I want to be a watermelon"), ours, b64(t, "DGv6ra1nlYgDCS1FRnbzlw"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml" +
		"mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT" +
		"pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
	if base64.RawURLEncoding.EncodeToString(got) != want {
		t.Errorf("got  %s\nwant %s", base64.RawURLEncoding.EncodeToString(got), want)
	}
}

// browser is a subscription with its secrets.
type browser struct {
	key  *ecdh.PrivateKey
	auth []byte
}

func newBrowser(t *testing.T) browser {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	auth := make([]byte, 16)
	rand.Read(auth)
	return browser{key, auth}
}

func (b browser) subscription(endpoint string) push.Subscription {
	return push.Subscription{
		Endpoint: endpoint,
		P256dh:   base64.URLEncoding.EncodeToString(b.key.PublicKey().Bytes()), // padded, as some do
		Auth:     base64.RawURLEncoding.EncodeToString(b.auth),
	}
}

func (b browser) open(t *testing.T, body []byte) string {
	t.Helper()
	salt, public, sealed := body[:16], body[21:21+int(body[20])], body[21+int(body[20]):]
	theirs, err := ecdh.P256().NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	shared, _ := b.key.ECDH(theirs)
	ikm, _ := hkdf.Key(sha256.New, shared, b.auth, "WebPush: info\x00"+string(b.key.PublicKey().Bytes())+string(public), 32)
	key, _ := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	nonce, _ := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	block, _ := aes.NewCipher(key)
	gcm, _ := cipher.NewGCM(block)
	plain, err := gcm.Open(nil, nonce, sealed, nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimRight(plain, "\x02"))
}

func sender(t *testing.T, d *db.DB, opts ...push.Option) *push.Sender {
	t.Helper()
	s, err := push.New(t.Context(), d, "mailto:post@quay.example", clock, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestBrowserReadsWhatWasSent(t *testing.T) {
	type request struct {
		header http.Header
		body   []byte
	}
	got := make(chan request, 1)
	service := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- request{r.Header, body}
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(service.Close)
	s := sender(t, dbtest.SQLite(t, db.SettingMigrations), push.WithClient(service.Client()))
	b := newBrowser(t)
	err := s.Send(t.Context(), b.subscription(service.URL+"/send/1"), push.Message{
		Payload: []byte(`{"title":"The boat is in"}`), TTL: time.Hour, Topic: "show.starts:shw_01kd3v", Urgent: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := <-got
	if text := b.open(t, r.body); text != `{"title":"The boat is in"}` {
		t.Errorf("the browser read %q", text)
	}
	for key, want := range map[string]string{"Ttl": "3600", "Urgency": "high", "Topic": "show-starts-shw_01kd3v", "Content-Encoding": "aes128gcm"} {
		if r.header.Get(key) != want {
			t.Errorf("%s: %q, want %q", key, r.header.Get(key), want)
		}
	}
	checkToken(t, r.header.Get("Authorization"), s.PublicKey(), service.URL)
}

func checkToken(t *testing.T, authorization, public, audience string) {
	t.Helper()
	token, key, ok := strings.Cut(strings.TrimPrefix(authorization, "vapid t="), ", k=")
	if !ok || key != public {
		t.Fatalf("authorization %q", authorization)
	}
	parts := strings.Split(token, ".")
	pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), b64(t, key))
	if err != nil {
		t.Fatal(err)
	}
	sig, hash := b64(t, parts[2]), sha256.Sum256([]byte(parts[0]+"."+parts[1]))
	if !ecdsa.Verify(pub, hash[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
		t.Error("the signature does not hold")
	}
	var claims struct {
		Aud, Sub string
		Exp      int64
	}
	if err := json.Unmarshal(b64(t, parts[1]), &claims); err != nil {
		t.Fatal(err)
	}
	if claims.Aud != audience || claims.Sub != "mailto:post@quay.example" || claims.Exp != now.Add(12*time.Hour).Unix() {
		t.Errorf("claims %+v", claims)
	}
}

func TestGoneSubscriptionIsTold(t *testing.T) {
	status := http.StatusGone
	service := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(service.Close)
	s := sender(t, dbtest.SQLite(t, db.SettingMigrations), push.WithClient(service.Client()))
	sub := newBrowser(t).subscription(service.URL)
	for _, status = range []int{http.StatusGone, http.StatusNotFound} {
		if err := s.Send(t.Context(), sub, push.Message{}); !errors.Is(err, push.ErrGone) {
			t.Errorf("%d: %v, want ErrGone", status, err)
		}
	}
	for _, status = range []int{http.StatusTooManyRequests, http.StatusInternalServerError} {
		if err := s.Send(t.Context(), sub, push.Message{}); err == nil || errors.Is(err, push.ErrGone) {
			t.Errorf("%d: %v, want another error", status, err)
		}
	}
	if err := s.Send(t.Context(), sub, push.Message{Payload: make([]byte, push.MaxPayload+1)}); err == nil {
		t.Error("a message too long was sent")
	}
}

func TestOneKeyForTheLifeOfTheMarket(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if first, second := sender(t, d), sender(t, d); first.PublicKey() != second.PublicKey() {
			t.Error("the second start made another key")
		}
	}, db.SettingMigrations)
}

func TestSenderDoesNotEnterPrivateNetworks(t *testing.T) {
	entered := false
	inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { entered = true }))
	t.Cleanup(inside.Close)
	s := sender(t, dbtest.SQLite(t, db.SettingMigrations))
	b := newBrowser(t)
	for _, endpoint := range []string{
		inside.URL, strings.Replace(inside.URL, "127.0.0.1", "localhost", 1), strings.Replace(inside.URL, "https", "http", 1),
		"ftp://example.org/", "https://user:pass@example.org/", "https:///x", "//example.org/x", "file:///etc/passwd",
	} {
		if err := s.Send(t.Context(), b.subscription(endpoint), push.Message{}); !errors.Is(err, push.ErrSubscription) {
			t.Errorf("%s: %v, want ErrSubscription", endpoint, err)
		}
	}
	if entered {
		t.Error("the private server was reached")
	}
	for _, a := range []string{
		"10.1.2.3", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
		"::1", "::", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "ff02::1", "192.0.2.1",
	} {
		if push.IsPublic(netip.MustParseAddr(a)) {
			t.Errorf("%s counts as public", a)
		}
	}
	for _, a := range []string{"142.250.1.1", "2a00:1450:4001::1"} {
		if !push.IsPublic(netip.MustParseAddr(a)) {
			t.Errorf("%s does not count as public", a)
		}
	}
}

func FuzzSubscriptionCheckNeverPanics(f *testing.F) {
	f.Add("https://push.example/1", "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "BTBZMqHH6r4Tts7J_aSIgg")
	f.Add("http://[::1", "", "=")
	f.Fuzz(func(t *testing.T, endpoint, key, auth string) {
		s := push.Subscription{Endpoint: endpoint, P256dh: key, Auth: auth}
		if s.Check() != nil {
			return
		}
		if !strings.HasPrefix(strings.ToLower(endpoint), "https://") {
			t.Errorf("accepted %q", endpoint)
		}
		if _, err := push.Seal(s, []byte("x"), newBrowser(t).key, make([]byte, 16)); err != nil {
			t.Errorf("accepted keys that cannot seal: %v", err)
		}
	})
}
