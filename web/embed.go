// Package web carries the built front ends inside the binary.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// App returns the files of one app: "shop" or "console".
func App(name string) (fs.FS, error) { return fs.Sub(dist, "dist/"+name) }
