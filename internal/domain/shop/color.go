package shop

import (
	"fmt"
	"math"
	"strconv"
)

// darkened returns color, made darker until white text on it has a contrast of
// 4.5 (WCAG 2.2, 1.4.3). color is #RRGGBB.
func darkened(color string) string {
	n, err := strconv.ParseUint(color[1:], 16, 32)
	if err != nil {
		return "#0F5B4A"
	}
	r, g, b := float64(n>>16&255), float64(n>>8&255), float64(n&255)
	for 1.05/(luminance(r, g, b)+0.05) < 4.5 {
		r, g, b = r*0.95, g*0.95, b*0.95
	}
	return fmt.Sprintf("#%02X%02X%02X", int(r), int(g), int(b))
}

// luminance is the relative luminance of sRGB (WCAG 2.2).
func luminance(r, g, b float64) float64 {
	lin := func(c float64) float64 {
		c /= 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(r) + 0.7152*lin(g) + 0.0722*lin(b)
}
