package wechatpay

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
)

// sign returns the Base64 of the RSA PKCS#1 v1.5 signature over the SHA-256 of
// lines, each of which ends in one line feed (WECHATPAY2-SHA256-RSA2048).
func sign(key *rsa.PrivateKey, lines ...string) (string, error) {
	sum := digest(lines)
	b, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	return base64.StdEncoding.EncodeToString(b), err
}

// genuine reports whether signature is key's over lines.
func genuine(key *rsa.PublicKey, signature string, lines ...string) bool {
	b, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false // so are the probes, WECHATPAY/SIGNTEST/…
	}
	sum := digest(lines)
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], b) == nil
}

func digest(lines []string) [sha256.Size]byte {
	h := sha256.New()
	for _, l := range lines {
		h.Write([]byte(l))
		h.Write([]byte{'\n'})
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// sealed is something encrypted with AEAD_AES_256_GCM under the APIv3 key; the
// tag is the ciphertext's last 16 bytes.
type sealed struct {
	Algorithm  string `json:"algorithm"`
	Nonce      string `json:"nonce"`
	Associated string `json:"associated_data"`
	Ciphertext string `json:"ciphertext"`
}

var errSealed = errors.New("does not open with this APIv3 key")

func (s sealed) open(key string) ([]byte, error) {
	if s.Algorithm != "AEAD_AES_256_GCM" {
		return nil, fmt.Errorf("algorithm %q is not known", s.Algorithm)
	}
	block, err := aes.NewCipher([]byte(key))
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.DecodeString(s.Ciphertext)
	if err != nil || len(s.Nonce) != gcm.NonceSize() {
		return nil, errSealed
	}
	plain, err := gcm.Open(nil, []byte(s.Nonce), raw, []byte(s.Associated))
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

// ParseKey reads the merchant's private key, PKCS#8 in PEM (apiclient_key.pem).
func ParseKey(b []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := k.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("no RSA key")
	}
	return key, nil
}

// ParsePublicKey reads WeChat Pay's public key, PKIX in PEM (pub_key.pem).
func ParsePublicKey(b []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	k, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := k.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("no RSA key")
	}
	return key, nil
}

// certificate reads a platform certificate.
func certificate(b []byte) (*x509.Certificate, *rsa.PublicKey, error) {
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, nil, errors.New("no PEM block")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, nil, err
	}
	key, ok := c.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, nil, errors.New("no RSA key")
	}
	return c, key, nil
}
