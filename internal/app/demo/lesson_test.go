package demo

import (
	"path/filepath"
	"testing"

	"github.com/openstall/openstall/internal/media/codec/codectest"
)

func TestEachLessonHasAFilm(t *testing.T) {
	for i, l := range lessons {
		path := filepath.Join(t.TempDir(), "a.mp4")
		if err := l.film(t.Context(), path); err != nil {
			t.Fatalf("lesson %d: %v", i, err)
		}
		if got := codectest.Probe(t, "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0", path); got != "h264,640,360\naac\n" {
			t.Errorf("lesson %d: %q", i, got)
		}
	}
}
