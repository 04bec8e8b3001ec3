// Command s3 is a throw-away S3 server for the stories: one bucket, "market", in
// memory. It prints its address as a setting of openstall and serves until it is
// killed.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

func main() {
	backend := s3mem.New()
	if err := backend.CreateBucket("market"); err != nil {
		log.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://key:secret@%s/market\n", l.Addr())
	log.Fatal(http.Serve(l, gofakes3.New(backend).Server()))
}
