package transcode_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/media/codec/codectest"
	"github.com/openstall/openstall/internal/media/transcode"
)

// refused makes a film of content and wants it refused with nothing made.
func refused(t *testing.T, dir string, content []byte, want error) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "src"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := transcode.Make(t.Context(), dir, "src", transcode.Span{}, nil)
	if !errors.Is(err, want) {
		t.Errorf("Make = %v, want %v", err, want)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*.mp4")); len(files) > 0 && errors.Is(want, transcode.ErrFormat) {
		t.Errorf("%v were made", files)
	}
}

// TestFilmCannotNameAnotherFile holds the eight files by which ffmpeg with its
// default flags can be made to read something else, and each again behind bytes
// that pass for an MP4.
func TestFilmCannotNameAnotherFile(t *testing.T) {
	work := t.TempDir()
	secret := filepath.Join(work, "secret.ts")
	codectest.Run(t, append(codectest.Clip{Seconds: 1}.Args(false), "-f", "mpegts", secret)...)
	dir := filepath.Join(work, "job")
	if err := os.Mkdir(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(secret, filepath.Join(dir, "neighbour.ts")); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
			t.Error("the network was used")
		}
	}()
	hls := func(name string) string {
		return "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n" + name + "\n#EXT-X-ENDLIST\n"
	}
	for name, content := range map[string]string{
		"ffconcat with a relative name":  "ffconcat version 1.0\nfile neighbour.ts\n",
		"ffconcat with an absolute name": "ffconcat version 1.0\nfile '" + secret + "'\n",
		"playlist with a relative name":  hls("neighbour.ts"),
		"playlist that climbs":           hls("../secret.ts"),
		"playlist with an absolute name": hls("file://" + secret),
		"playlist of the network":        hls("http://" + l.Addr().String() + "/a.ts"),
		"playlist of the system":         hls("/etc/passwd"),
		"DASH manifest": `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">
<Period><AdaptationSet mimeType="video/mp2t"><Representation id="1" bandwidth="1"><BaseURL>neighbour.ts</BaseURL></Representation></AdaptationSet></Period></MPD>`,
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, dir, []byte(content), transcode.ErrFormat)
			refused(t, dir, append([]byte("\x00\x00\x00\x10ftypmp42\n\n\n\n"), content...), transcode.ErrBroken)
			refused(t, dir, append([]byte("#EXTfree\n"), content...), transcode.ErrBroken)
			refused(t, dir, append([]byte("\x1a\x45\xdf\xa3\x9fB\x82\x84webm\n"), content...), transcode.ErrBroken)
		})
	}
}

func TestBadFilesAreRefusedInTheirWords(t *testing.T) {
	tone := codectest.Make(t, codectest.Clip{Seconds: 1, NoVideo: true}, "tone.m4a")
	picture := filepath.Join(t.TempDir(), "cover.jpg")
	codectest.Run(t, "-f", "lavfi", "-i", "testsrc2=size=320x240", "-frames:v", "1", picture)
	album := filepath.Join(t.TempDir(), "album.m4a")
	codectest.Run(t, "-i", tone, "-i", picture, "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic", album)
	good := codectest.Read(t, codectest.Clip{Seconds: 2}, "a.mp4")
	read := func(path string) []byte {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	long := func(seconds int) []byte {
		path := filepath.Join(t.TempDir(), "long.mp4")
		codectest.Run(t, "-f", "lavfi", "-i", "color=size=32x32:rate=1", "-t", fmt.Sprint(seconds), "-c:v", "libx264", "-preset", "ultrafast", path)
		return read(path)
	}
	mdat := bytes.Index(good, []byte("mdat"))
	for _, tt := range []struct {
		name    string
		content []byte
		want    error
	}{
		{"nothing", nil, transcode.ErrFormat},
		{"three bytes", []byte("abc"), transcode.ErrFormat},
		{"a picture", read(picture), transcode.ErrFormat},
		{"a program", []byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"), transcode.ErrFormat},
		{"a zip", []byte("PK\x03\x04\x14\x00\x00\x00\x08\x00"), transcode.ErrFormat},
		{"sound alone", read(tone), transcode.ErrNoPicture},
		{"sound with an album cover", read(album), transcode.ErrNoPicture},
		{"a beginning without an end", good[:mdat+(len(good)-mdat)/2], transcode.ErrBroken},
		{"a head alone", good[:32], transcode.ErrBroken},
		{"zeros behind a head", append(bytes.Clone(good[:24]), make([]byte, 1<<20)...), transcode.ErrBroken},
		{"a picture of 15 megapixels", codectest.Read(t, codectest.Clip{Seconds: .1, Size: "5000x3000", NoAudio: true}, "a.mp4"), transcode.ErrTooLarge},
		{"a picture of 8 pixels", codectest.Read(t, codectest.Clip{Seconds: .2, Size: "8x8", NoAudio: true}, "a.mp4"), transcode.ErrNoPicture},
		{"an hour and a minute", long(3660), transcode.ErrTooLong},
	} {
		t.Run(tt.name, func(t *testing.T) { refused(t, t.TempDir(), tt.content, tt.want) })
	}
}

func TestFilmsOfPhonesComeOutUpright(t *testing.T) {
	upright := codectest.Make(t, codectest.Clip{Seconds: 2, Size: "640x360"}, "a.mp4")
	turned := filepath.Join(t.TempDir(), "turned.mp4")
	codectest.Run(t, "-i", upright, "-c", "copy", "-metadata:s:v:0", "rotate=90", turned)
	varied := filepath.Join(t.TempDir(), "varied.mp4")
	codectest.Run(t, "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=60", "-t", "3", "-vf", `select='if(lt(t,1),1,if(lt(t,2),not(mod(n,7)),not(mod(n,2))))'`, "-fps_mode", "vfr", "-c:v", "libx264", "-preset", "ultrafast", varied)
	gap := filepath.Join(t.TempDir(), "gap.mp4")
	codectest.Run(t, "-f", "lavfi", "-t", "2", "-i", "testsrc2=size=320x240:rate=30", "-vf", "setpts='PTS+if(gte(N,30),60/TB,0)'", "-fps_mode", "vfr", "-c:v", "libx264", "-preset", "ultrafast", gap)
	hdr := filepath.Join(t.TempDir(), "hdr.mp4")
	codectest.Run(t, "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=24", "-t", "1", "-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-x265-params", "log-level=none", "-preset", "ultrafast",
		"-color_trc", "smpte2084", "-color_primaries", "bt2020", "-colorspace", "bt2020nc", hdr)
	wide := filepath.Join(t.TempDir(), "wide.mp4")
	codectest.Run(t, "-i", upright, "-c:v", "libx264", "-preset", "ultrafast", "-vf", "scale=320:360,setsar=2", wide)
	for _, tt := range []struct {
		name, path, size string
		length           time.Duration
	}{
		{"as it is", upright, "640x360", 2 * time.Second},
		{"turned by a note in the file", turned, "360x640", 2 * time.Second},
		{"with a varying rate", varied, "640x360", 3 * time.Second},
		{"with a minute in which nothing comes", gap, "320x240", 62 * time.Second},
		{"in HDR", hdr, "640x360", time.Second},
		{"with wide pixels", wide, "640x360", 2 * time.Second},
		{"in WebM", codectest.Make(t, codectest.Clip{Seconds: 1, Size: "320x240", Video: "libvpx", Audio: "libopus"}, "a.webm"), "320x240", time.Second},
		{"of an odd size without sound", codectest.Make(t, codectest.Clip{Seconds: 1, Size: "401x227", NoAudio: true}, "a.mov", "-pix_fmt", "yuv444p"), "400x226", time.Second},
		{"with one picture", codectest.Make(t, codectest.Clip{Seconds: .03, NoAudio: true}, "a.mp4"), "320x240", 50 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			film, dir := made(t, tt.path, transcode.Span{})
			top := film.Rungs[len(film.Rungs)-1]
			got := codectest.Probe(t, "-select_streams", "v:0", "-show_entries", "stream=width,height,pix_fmt,color_transfer,r_frame_rate,sample_aspect_ratio:stream_side_data=rotation", "-of", "default=nk=0:nw=1", filepath.Join(dir, top.Name+".mp4"))
			for _, want := range []string{"pix_fmt=yuv420p\n", "color_transfer=bt709\n", "sample_aspect_ratio=1:1\n"} {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in\n%s", want, got)
				}
			}
			if strings.Contains(got, "rotation") {
				t.Errorf("it is to be turned again:\n%s", got)
			}
			if size := fmt.Sprintf("%dx%d", film.Width, film.Height); size != tt.size || !strings.Contains(got, fmt.Sprintf("width=%d\nheight=%d\n", film.Width, film.Height)) {
				t.Errorf("size %s, want %s; a player finds\n%s", size, tt.size, got)
			}
			if d := film.Duration - tt.length; d.Abs() > 300*time.Millisecond {
				t.Errorf("it lasts %v, want %v", film.Duration, tt.length)
			}
		})
	}
}

func TestAnHourIsNotTooLong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hour.mp4")
	codectest.Run(t, "-f", "lavfi", "-i", "color=size=32x32:rate=1", "-t", "3600", "-c:v", "libx264", "-preset", "ultrafast", path)
	film, _ := made(t, path, transcode.Span{})
	if d := film.Duration - time.Hour; d.Abs() > 2*time.Second {
		t.Errorf("it lasts %v", film.Duration)
	}
}

func TestSpanBeginsAtItsPicture(t *testing.T) {
	// Each second has a colour of its own; the keyframe is 8 s before the cut.
	path := filepath.Join(t.TempDir(), "colours.mp4")
	codectest.Run(t, "-f", "lavfi", "-i", "color=red:size=64x64:rate=30:d=4.5", "-f", "lavfi", "-i", "color=lime:size=64x64:rate=30:d=4.5",
		"-filter_complex", "[0][1]concat", "-c:v", "libx264", "-preset", "ultrafast", "-g", "300", "-sc_threshold", "0", "-pix_fmt", "yuv420p", path)
	film, dir := made(t, path, transcode.Span{From: 4500 * time.Millisecond, To: 7 * time.Second})
	if d := film.Duration - 2500*time.Millisecond; d.Abs() > 50*time.Millisecond {
		t.Errorf("it lasts %v", film.Duration)
	}
	raw := filepath.Join(t.TempDir(), "first.rgb")
	codectest.Run(t, "-i", filepath.Join(dir, film.Rungs[0].Name+".mp4"), "-frames:v", "1", "-pix_fmt", "rgb24", "-f", "rawvideo", raw)
	b, err := os.ReadFile(raw)
	if err != nil || b[0] > 60 || b[1] < 200 {
		t.Errorf("the first picture is %v, %v; want green", b[:3], err)
	}
}

func TestMadeFromTheSameIsAlike(t *testing.T) {
	one := codectest.Make(t, codectest.Clip{Seconds: 4, Size: "640x360"}, "a.mp4")
	again := filepath.Join(t.TempDir(), "again.mp4")
	codectest.Run(t, "-i", one, "-vf", "scale=426:240,eq=brightness=0.03", "-crf", "34", "-c:v", "libx264", "-preset", "ultrafast", again)
	other := filepath.Join(t.TempDir(), "other.mp4")
	codectest.Run(t, "-f", "lavfi", "-i", "mandelbrot=size=640x360:rate=30", "-t", "4", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", other)
	black := filepath.Join(t.TempDir(), "black.mp4")
	codectest.Run(t, "-f", "lavfi", "-i", "color=black:size=640x360:rate=30", "-t", "4", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", black)
	hashes := func(path string) []uint64 {
		film, _ := made(t, path, transcode.Span{})
		return film.Hashes
	}
	a, b, c, d := hashes(one), hashes(again), hashes(other), hashes(black)
	if !transcode.Alike(a, b) || !transcode.Alike(b, a) {
		t.Errorf("the same film smaller and brighter: %x and %x", a, b)
	}
	if transcode.Alike(a, c) || transcode.Alike(d, d) || transcode.Alike(a, d) {
		t.Errorf("different films are alike: %x, %x, %x", a, c, d)
	}
}

func FuzzSniff(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x20ftypmp42"))
	f.Add([]byte("\x1a\x45\xdf\xa3\x9fB\x82\x84webm"))
	f.Add([]byte("#EXTM3U\n"))
	f.Add([]byte("ffconcat version 1.0"))
	f.Fuzz(func(t *testing.T, head []byte) {
		demux, err := transcode.Sniff(head)
		if (err == nil) != (demux == "mov" || demux == "matroska") {
			t.Errorf("Sniff = %q, %v", demux, err)
		}
		if bytes.HasPrefix(head, []byte("#EXTM3U")) && demux == "matroska" {
			t.Error("a playlist passes")
		}
	})
}

func FuzzSegments(f *testing.F) {
	f.Add([]byte("#EXTM3U\n#EXT-X-MAP:URI=\"a.mp4\",BYTERANGE=\"10@0\"\n#EXTINF:1.0,\n#EXT-X-BYTERANGE:5@10\na.mp4\n"))
	f.Fuzz(func(t *testing.T, playlist []byte) {
		for _, s := range transcode.Segments(playlist) {
			if s.Size <= 0 || s.Offset < 0 || s.Duration <= 0 || s.Init < 0 {
				t.Errorf("segment %+v", s)
			}
		}
	})
}
