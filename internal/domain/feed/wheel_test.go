package feed

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestWheelIsAQueueWithoutRepeats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, few, model := newWheel(), newRim(), []int32{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			x := rapid.Int32Range(0, 8).Draw(t, "x")
			at := slices.Index(model, x)
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				w.push(x)
				few.push(1000 * x)
				if at < 0 {
					model = append(model, x)
				}
			case 1:
				w.remove(x)
				few.remove(1000 * x)
				if at >= 0 {
					model = slices.Delete(model, at, at+1)
				}
			case 2:
				if at >= 0 {
					w.served(x)
					few.served(1000 * x)
					model = append(slices.Delete(model, at, at+1), x)
				}
			}
			var got []int32
			w.walk(100, func(x int32) bool { got = append(got, x); return false })
			if !slices.Equal(got, model) || w.n != len(model) {
				t.Fatalf("wheel %v, want %v", got, model)
			}
			got = nil
			few.walk(100, func(x int32) bool { got = append(got, x/1000); return false })
			if !slices.Equal(got, model) || few.has(1000*x) != slices.Contains(model, x) || len(few.at) > 9 {
				t.Fatalf("rim %v of %d places, want %v", got, len(few.at), model)
			}
		}
	})
}
