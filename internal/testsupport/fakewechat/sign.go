package fakewechat

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Signers of the fake. While a certificate is replaced both are served for a
// day, and the older signs until it is over.
const (
	CertA     = "certificate A"
	CertB     = "certificate B"
	PublicKey = "public key"
	Stranger  = "a certificate that nobody knows"
)

// PublicKeyID names the fake's public key.
const PublicKeyID = "PUB_KEY_ID_0116000000002026112300000000000001"

type signer struct {
	serial string
	key    *rsa.PrivateKey
	pem    []byte
	from   time.Time
	until  time.Time
}

type keys struct {
	all    map[string]signer
	now    string
	served []string
}

// pairs are made once in a process, because that takes a while.
var pairs = sync.OnceValue(func() (all [4]*rsa.PrivateKey) {
	for i := range all {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		all[i] = key
	}
	return all
})

func newKeys(now time.Time) keys {
	k := keys{all: map[string]signer{}, now: CertA, served: []string{CertA}}
	for n, name := range []string{CertA, CertB, Stranger} {
		key := pairs()[n]
		// [sign]: a platform certificate lives five years.
		tmpl := &x509.Certificate{SerialNumber: new(big.Int).Add(big.NewInt(now.UnixNano()), big.NewInt(int64(n))), Subject: pkix.Name{CommonName: "Tenpay.com sign"},
			NotBefore: now.Add(-24 * time.Hour).Truncate(time.Second), NotAfter: now.AddDate(5, 0, 0).Truncate(time.Second)}
		der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
		if err != nil {
			panic(err)
		}
		k.all[name] = signer{fmt.Sprintf("%X", tmpl.SerialNumber), key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), tmpl.NotBefore, tmpl.NotAfter}
	}
	key := pairs()[3]
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		panic(err)
	}
	k.all[PublicKey] = signer{serial: PublicKeyID, key: key, pem: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})}
	return k
}

// SignWith lets another key sign from now on, and serves the named certificates.
func (s *Server) SignWith(name string, served ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys.now, s.keys.served = name, served
}

// PublicKeyPEM is the fake's public key.
func (s *Server) PublicKeyPEM() []byte { return s.keys.all[PublicKey].pem }

// headers signs a body [sign]: time, nonce, body, a line each.
func (k signer) headers(at time.Time, body []byte) http.Header {
	return k.headersAt(strconv.FormatInt(at.Unix(), 10), body)
}

func (k signer) headersAt(at string, body []byte) http.Header {
	nonce := random()
	sum := sha256.Sum256([]byte(at + "\n" + nonce + "\n" + string(body) + "\n"))
	sig, err := rsa.SignPKCS1v15(rand.Reader, k.key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	h := http.Header{}
	h.Set("Wechatpay-Timestamp", at)
	h.Set("Wechatpay-Nonce", nonce)
	h.Set("Wechatpay-Serial", k.serial)
	h.Set("Wechatpay-Signature", base64.StdEncoding.EncodeToString(sig))
	h.Set("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048")
	return h
}

// signerFor picks the key of an answer: the public key when the request names
// it ([sign], Wechatpay-Serial), otherwise the one that signs now.
func (s *Server) signerFor(r *http.Request) signer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r != nil && s.keys.now != Stranger && r.Header.Get("Wechatpay-Serial") == PublicKeyID {
		return s.keys.all[PublicKey]
	}
	return s.keys.all[s.keys.now]
}

// Seal encrypts as messages and certificates are encrypted [seal].
func Seal(key, associated string, plain []byte) map[string]any {
	block, err := aes.NewCipher([]byte(key))
	if err != nil {
		panic(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	nonce := random()[:12]
	return map[string]any{"algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": associated,
		"ciphertext": base64.StdEncoding.EncodeToString(gcm.Seal(nil, []byte(nonce), plain, []byte(associated)))}
}

// signedBy reports whether signature is key's over text.
func signedBy(key *rsa.PublicKey, text, signature string) bool {
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	sum := sha256.Sum256([]byte(text))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], raw) == nil
}
