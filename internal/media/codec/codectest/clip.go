// Package codectest makes test media with ffmpeg.
package codectest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Clip says what a test picture and a tone look like. The zero value is two
// seconds of 320x240 at 30 frames a second with a keyframe each second, no
// B-frames, and 48 kHz stereo.
type Clip struct {
	Seconds  float64
	Size     string
	FPS      string
	GOP      int // in frames
	BFrames  int
	Rate     int
	Channels int
	// NoVideo and NoAudio leave a track out.
	NoVideo, NoAudio bool
	// Video is the ffmpeg encoder, libx264 if empty.
	Video string
	// Audio is the ffmpeg encoder, aac if empty.
	Audio string
}

// Args returns the ffmpeg arguments from the inputs to the encoder settings.
// With realtime the inputs are read at their own pace.
func (c Clip) Args(realtime bool) []string {
	or(&c.Seconds, 2)
	or(&c.Size, "320x240")
	or(&c.FPS, "30")
	or(&c.GOP, 30)
	or(&c.Rate, 48000)
	or(&c.Channels, 2)
	or(&c.Video, "libx264")
	or(&c.Audio, "aac")
	var args []string
	input := func(graph string) {
		if realtime {
			args = append(args, "-re")
		}
		args = append(args, "-f", "lavfi", "-i", graph)
	}
	if !c.NoVideo {
		input(fmt.Sprintf("testsrc2=size=%s:rate=%s", c.Size, c.FPS))
	}
	if !c.NoAudio {
		input(fmt.Sprintf("sine=frequency=440:sample_rate=%d", c.Rate))
	}
	args = append(args, "-t", fmt.Sprint(c.Seconds))
	if !c.NoVideo {
		args = append(args, "-pix_fmt", "yuv420p", "-c:v", c.Video)
		if c.Video == "libx264" {
			args = append(args, "-preset", "ultrafast", "-threads", "1", "-bf", fmt.Sprint(c.BFrames), "-g", fmt.Sprint(c.GOP), "-keyint_min", fmt.Sprint(c.GOP), "-sc_threshold", "0")
			if c.BFrames == 0 {
				args = append(args, "-tune", "zerolatency")
			}
		}
	}
	if !c.NoAudio {
		args = append(args, "-c:a", c.Audio, "-b:a", "64k", "-ar", fmt.Sprint(c.Rate), "-ac", fmt.Sprint(c.Channels))
	}
	return args
}

func or[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Make encodes a clip into a file named name, whose ending gives the format, in
// a folder of the test.
func Make(t testing.TB, c Clip, name string, extra ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	args := append(c.Args(false), extra...)
	Run(t, append(args, path)...)
	return path
}

// Read is [Make] followed by reading the file.
func Read(t testing.TB, c Clip, name string, extra ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(Make(t, c, name, extra...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Run runs ffmpeg to its end and fails the test if it complains.
func Run(t testing.TB, args ...string) string {
	t.Helper()
	return run(t, "ffmpeg", append([]string{"-nostdin", "-v", "error", "-y"}, args...)...)
}

// Probe runs ffprobe and returns what it prints.
func Probe(t testing.TB, args ...string) string {
	t.Helper()
	return run(t, "ffprobe", append([]string{"-v", "error"}, args...)...)
}

func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String()
}

// Publish starts ffmpeg pushing a clip in real time to an RTMP address and
// returns at once. The command is stopped with the test.
func Publish(t testing.TB, c Clip, url string) *exec.Cmd {
	t.Helper()
	args := append([]string{"-nostdin", "-v", "error"}, c.Args(true)...)
	cmd := exec.CommandContext(t.Context(), "ffmpeg", append(args, "-f", "flv", url)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}
