package push

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// keys reads the two keys of a subscription.
func (s Subscription) keys() (*ecdh.PublicKey, []byte, error) {
	public, err := decode(s.P256dh)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: p256dh: %w", ErrSubscription, err)
	}
	key, err := ecdh.P256().NewPublicKey(public)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: p256dh: %w", ErrSubscription, err)
	}
	auth, err := decode(s.Auth)
	if err != nil || len(auth) != 16 {
		return nil, nil, fmt.Errorf("%w: auth", ErrSubscription)
	}
	return key, auth, nil
}

// decode reads base64url, which some browsers pad.
func decode(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
}

func encrypt(sub Subscription, payload []byte) ([]byte, error) {
	ours, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	return seal(sub, payload, ours, salt)
}

// seal makes the aes128gcm body (RFC 8188) with one record, keyed as in RFC 8291
// section 3.4. Ours and salt are fresh for each message.
func seal(sub Subscription, payload []byte, ours *ecdh.PrivateKey, salt []byte) ([]byte, error) {
	if len(payload) > MaxPayload {
		return nil, fmt.Errorf("push message has %d bytes, at most %d fit", len(payload), MaxPayload)
	}
	theirs, auth, err := sub.keys()
	if err != nil {
		return nil, err
	}
	shared, err := ours.ECDH(theirs)
	if err != nil {
		return nil, err
	}
	info := "WebPush: info\x00" + string(theirs.Bytes()) + string(ours.PublicKey().Bytes())
	ikm, err := hkdf.Key(sha256.New, shared, auth, info, 32)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	public := ours.PublicKey().Bytes()
	body := append([]byte(nil), salt...)
	body = binary.BigEndian.AppendUint32(body, 4096)
	body = append(body, byte(len(public)))
	body = append(body, public...)
	plain := append(append([]byte(nil), payload...), 2) // delimiter of the last record
	return gcm.Seal(body, nonce, plain, nil), nil
}

// token is the VAPID token for the origin of an endpoint: a JWT signed with
// ES256 that holds for half of the day that RFC 8292 section 2 allows.
func (s *Sender) token(endpoint *url.URL) (string, error) {
	claims, err := json.Marshal(map[string]any{
		"aud": endpoint.Scheme + "://" + endpoint.Host,
		"exp": s.now().Add(12 * time.Hour).Unix(),
		"sub": s.contact,
	})
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	signed := enc.EncodeToString([]byte(`{"typ":"JWT","alg":"ES256"}`)) + "." + enc.EncodeToString(claims)
	hash := sha256.Sum256([]byte(signed))
	r, ss, err := ecdsa.Sign(rand.Reader, s.key, hash[:])
	if err != nil {
		return "", err
	}
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	ss.FillBytes(sig[32:])
	return signed + "." + enc.EncodeToString(sig), nil
}
