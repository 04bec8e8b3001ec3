package upload

import (
	"strings"
	"testing"
)

func FuzzMetadata(f *testing.F) {
	f.Add("filename bXkucG5n,filetype dmlkZW8vbXA0,is_confidential")
	f.Add("a b c, ,d")
	f.Add(strings.Repeat("x", 5000))
	f.Fuzz(func(t *testing.T, header string) {
		got, err := metadata(header)
		if err != nil {
			return
		}
		for k, v := range got {
			if k == "" || strings.ContainsAny(v, "\x00\r\n") {
				t.Errorf("metadata(%q) has %q: %q", header, k, v)
			}
		}
	})
}

func FuzzNumber(f *testing.F) {
	f.Add("10")
	f.Add("-1")
	f.Add("+1")
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := number(s); err == nil && n < 0 {
			t.Errorf("number(%q) = %d", s, n)
		}
	})
}
