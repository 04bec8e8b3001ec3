package transcode_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/media/codec/codectest"
	"github.com/openstall/openstall/internal/media/transcode"
)

// put copies a file into a folder of its own, named src.
func put(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "src"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func made(t testing.TB, path string, span transcode.Span) (transcode.Film, string) {
	t.Helper()
	dir := put(t, path)
	film, err := transcode.Make(t.Context(), dir, "src", span, nil)
	if err != nil {
		t.Fatal(err)
	}
	return film, dir
}

func TestFilmHasALadderThatPlays(t *testing.T) {
	src := codectest.Make(t, codectest.Clip{Seconds: 6.5, Size: "720x1280"}, "a.mp4")
	var told []int
	dir := put(t, src)
	film, err := transcode.Make(t.Context(), dir, "src", transcode.Span{}, func(p int) { told = append(told, p) })
	if err != nil {
		t.Fatal(err)
	}
	if got := film.Duration; got < 6400*time.Millisecond || got > 6700*time.Millisecond {
		t.Errorf("it lasts %v", got)
	}
	// What a player loads before the first picture: 4 Mbit/s bring 500 kB in a
	// second, of which the requests themselves take a part.
	master := transcode.Master(film.Rungs, "")
	first := strings.TrimSuffix(strings.Split(string(master), "\n")[4], ".m3u8")
	playlist, err := os.ReadFile(filepath.Join(dir, first+".m3u8"))
	if err != nil {
		t.Fatal(err)
	}
	opening := transcode.Segments(playlist)[0]
	if n := int64(len(master)+len(playlist)) + opening.Init + opening.Size; n > 300_000 {
		t.Errorf("play begins after %d bytes", n)
	}
	var names []string
	for _, r := range film.Rungs {
		names = append(names, fmt.Sprintf("%dx%d", r.Width, r.Height))
		if r.Codecs[:5] != "avc1." || !strings.HasSuffix(r.Codecs, ",mp4a.40.2") || r.Bandwidth < r.Average || r.Average <= 0 {
			t.Errorf("rung %+v", r)
		}
		playlist, err := os.ReadFile(filepath.Join(dir, r.Name+".m3u8"))
		if err != nil {
			t.Fatal(err)
		}
		segments := transcode.Segments(playlist)
		if len(segments) != 4 || segments[0].Duration != time.Second || segments[1].Duration != 2*time.Second {
			t.Errorf("segments %+v of\n%s", segments, playlist)
		}
		if got := codectest.Probe(t, "-show_entries", "stream=codec_name", "-of", "csv=p=0", filepath.Join(dir, r.Name+".m3u8")); !strings.HasPrefix(got, "h264\naac\n") {
			t.Errorf("streams %q", got)
		}
	}
	if got := strings.Join(names, " "); got != "360x640 540x960 720x1280" {
		t.Errorf("rungs %s", got)
	}
	if len(film.Hashes) != 8 || len(told) == 0 {
		t.Errorf("%d hashes, progress %v", len(film.Hashes), told)
	}
	if film.Sprite.Count != 6 || film.Sprite.Height != 284 {
		t.Errorf("sprite %+v", film.Sprite)
	}
	for _, name := range []string{transcode.SpriteName, transcode.CoverName} {
		if st, err := os.Stat(filepath.Join(dir, name)); err != nil || st.Size() < 1000 {
			t.Errorf("%s: %v, %v", name, st, err)
		}
	}
}

func TestPlaylistMasterBeginsWithWhatASlowLineCanPlay(t *testing.T) {
	got := string(transcode.Master([]transcode.Rung{
		{Name: "360", Width: 360, Height: 640, Bandwidth: 900_000, Average: 700_000, Codecs: "avc1.64001e,mp4a.40.2"},
		{Name: "540", Width: 540, Height: 960, Bandwidth: 1_900_000, Average: 1_300_000, Codecs: "avc1.64001f"},
		{Name: "720", Width: 720, Height: 1280, Bandwidth: 2_900_000, Average: 2_300_000, Codecs: "avc1.64001f"},
	}, "r1/"))
	want := `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=1900000,AVERAGE-BANDWIDTH=1300000,RESOLUTION=540x960,CODECS="avc1.64001f"
r1/540.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=900000,AVERAGE-BANDWIDTH=700000,RESOLUTION=360x640,CODECS="avc1.64001e,mp4a.40.2"
r1/360.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2900000,AVERAGE-BANDWIDTH=2300000,RESOLUTION=720x1280,CODECS="avc1.64001f"
r1/720.m3u8
`
	if got != want {
		t.Errorf("master playlist\n%s", got)
	}
}
