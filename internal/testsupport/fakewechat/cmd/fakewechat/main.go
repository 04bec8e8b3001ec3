// Command fakewechat runs the fake of WeChat Pay as a program of its own, for a
// market on the same machine. It makes the files that the market needs, and says
// with which settings the market finds it; orders are paid on its first page.
//
//	fakewechat -listen 127.0.0.1:12112 -dir /tmp/fakewechat
package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/openstall/openstall/internal/testsupport/fakewechat"
)

const apiV3Key = "fake-apiv3-key-fake-apiv3-key-32"

func main() {
	listen := flag.String("listen", "127.0.0.1:12112", "address to listen on")
	dir := flag.String("dir", filepath.Join(os.TempDir(), "fakewechat"), "folder for the keys")
	flag.Parse()
	if err := run(*listen, *dir); err != nil {
		log.Fatal(err)
	}
}

func run(listen, dir string) error {
	key, err := merchantKey(filepath.Join(dir, "apiclient_key.pem"))
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	s := fakewechat.New(fakewechat.Config{AppID: "wxfake0000000001", Secret: "fake-secret", MchID: "1900000001", Serial: "FA4E", Merchant: &key.PublicKey, APIv3Key: apiV3Key})
	if err := os.WriteFile(filepath.Join(dir, "pub_key.pem"), s.PublicKeyPEM(), 0o600); err != nil {
		return err
	}
	at := "http://" + l.Addr().String()
	fmt.Printf(`listening on %s; the market's settings:
OPENSTALL_WECHAT_MCHID=1900000001
OPENSTALL_WECHAT_APPID=wxfake0000000001
OPENSTALL_WECHAT_SECRET=fake-secret
OPENSTALL_WECHAT_SERIAL=FA4E
OPENSTALL_WECHAT_APIV3_KEY=%s
OPENSTALL_WECHAT_KEY_FILE=%s
OPENSTALL_WECHAT_PUBLIC_KEY_ID=%s
OPENSTALL_WECHAT_PUBLIC_KEY_FILE=%s
OPENSTALL_WECHAT_URL=%s
OPENSTALL_WECHAT_LOGIN_URL=%s
`, at, apiV3Key, filepath.Join(dir, "apiclient_key.pem"), fakewechat.PublicKeyID, filepath.Join(dir, "pub_key.pem"), at, at)
	go func() {
		for range time.Tick(time.Second) {
			s.Deliver(context.Background())
		}
	}()
	return http.Serve(l, s)
}

// merchantKey reads the merchant's key, or makes one.
func merchantKey(path string) (*rsa.PrivateKey, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return nil, err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, err
		}
		return key, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
	}
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, fmt.Errorf("%s: no PEM", path)
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	return k.(*rsa.PrivateKey), nil
}
