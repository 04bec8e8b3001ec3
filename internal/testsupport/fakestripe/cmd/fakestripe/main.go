// Command fakestripe runs the fake of Stripe as a program of its own, for a
// market on the same machine:
//
//	fakestripe -listen 127.0.0.1:12111 -endpoint http://localhost:8080/v1/payments/stripe/events
//	openstall serve --stripe-key sk_test_fake --stripe-webhook-secret whsec_fake --stripe-url http://127.0.0.1:12111
package main

import (
	"flag"
	"log"
	"net"
	"net/http"
	"strings"

	"github.com/openstall/openstall/internal/testsupport/fakestripe"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:12111", "address to listen on")
	endpoint := flag.String("endpoint", "", "where events are sent")
	key := flag.String("key", "sk_test_fake", "key that clients authorise with")
	secrets := flag.String("secrets", "whsec_fake", "signing secrets of the endpoint, with commas")
	flag.Parse()
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	s := fakestripe.New(fakestripe.Config{Key: *key, Secrets: strings.Split(*secrets, ","), Endpoint: func() string { return *endpoint }})
	log.Printf("listening on http://%s", l.Addr())
	log.Fatal(http.Serve(l, s))
}
