// Package plan holds the building as text (plan.txt) and the test that keeps the
// code to it: what may import what, and where SQL may stand.
package plan

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed plan.txt
var text string

// Floor is one line of plan.txt.
type Floor struct {
	Name string
	// Ordered says that a part may use only the parts to its left.
	Ordered bool
	// Closed says that only the roof enters from outside.
	Closed bool
	Parts  []string
}

// Floors returns the building from the ground up.
func Floors() ([]Floor, error) {
	var floors []Floor
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.Fields(line)
		if len(words) < 2 {
			return nil, fmt.Errorf("plan.txt: %q names no part", line)
		}
		f := Floor{Name: words[0]}
		words = words[1:]
		switch words[0] {
		case ">":
			f.Ordered = true
			words = words[1:]
		case "!":
			f.Ordered, f.Closed = true, true
			words = words[1:]
		}
		f.Parts = words
		floors = append(floors, f)
	}
	return floors, nil
}
