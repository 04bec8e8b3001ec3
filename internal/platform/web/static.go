package web

import (
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// asset is one embedded file with its encodings.
type asset struct {
	kind, etag string
	plain      []byte
	gz, br     []byte
}

// Static serves an app that was built into files: hashed files below assets/
// are immutable, everything else is checked each time, and an address that is no
// file gets index.html, because the app routes it. Encodings made at build time
// (name.br, name.gz) are preferred.
func Static(files fs.FS) (http.Handler, error) {
	assets := map[string]*asset{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, ".br") || strings.HasSuffix(name, ".gz") {
			return err
		}
		a := &asset{kind: mime.TypeByExtension(path.Ext(name))}
		if path.Ext(name) == ".webmanifest" {
			a.kind = "application/manifest+json"
		}
		if a.plain, err = fs.ReadFile(files, name); err != nil {
			return err
		}
		a.br, _ = fs.ReadFile(files, name+".br")
		a.gz, _ = fs.ReadFile(files, name+".gz")
		sum := sha256.Sum256(a.plain)
		a.etag = `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
		assets[name] = a
		return nil
	})
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			WriteProblem(w, r, nil, ErrNotFound)
			return
		}
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		a := assets[name]
		if a == nil {
			if strings.HasPrefix(name, "assets/") || path.Ext(name) != "" {
				WriteProblem(w, r, nil, ErrNotFound)
				return
			}
			if a = assets["index.html"]; a == nil {
				WriteProblem(w, r, nil, ErrNotFound)
				return
			}
			name = "index.html"
		}
		serveAsset(w, r, name, a)
	}), nil
}

func serveAsset(w http.ResponseWriter, r *http.Request, name string, a *asset) {
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("ETag", a.etag)
	h.Set("Vary", "Accept-Encoding")
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	if strings.HasSuffix(name, ".html") {
		// Nothing comes from elsewhere; blob: is the player and the camera.
		h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "+
			"style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; worker-src 'self' blob:; frame-ancestors 'self'; base-uri 'none'; form-action 'self'")
	}
	if r.Header.Get("If-None-Match") == a.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := a.plain
	accepted := r.Header.Get("Accept-Encoding")
	switch {
	case a.br != nil && strings.Contains(accepted, "br"):
		body = a.br
		h.Set("Content-Encoding", "br")
	case a.gz != nil && strings.Contains(accepted, "gzip"):
		body = a.gz
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body)
	}
}
