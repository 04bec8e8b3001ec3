package transcode_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
	"github.com/openstall/openstall/internal/media/codec/codectest"
	"github.com/openstall/openstall/internal/media/transcode"
)

// opusPackets reads the packets of ffmpeg's Ogg file; none is longer than a page.
func opusPackets(t testing.TB, seconds float64) (packets [][]byte) {
	t.Helper()
	b := codectest.Read(t, codectest.Clip{Seconds: seconds, NoVideo: true, Audio: "libopus"}, "a.ogg", "-page_duration", "20000")
	for len(b) > 27 {
		n := int(b[26])
		table, body := b[27:27+n], b[27+n:]
		var packet []byte
		for _, l := range table {
			packet = append(packet, body[:l]...)
			body = body[l:]
			if l < 255 {
				packets = append(packets, packet)
				packet = nil
			}
		}
		b = body
	}
	return packets[2:] // behind OpusHead and OpusTags
}

type aacFrame struct {
	data []byte
	at   time.Duration
}

// bridge pushes packets at a pace and returns what came out until n frames did.
func bridge(t *testing.T, packets [][]byte, at func(i int) time.Duration, n int) (out []aacFrame) {
	t.Helper()
	frames := make(chan aacFrame, 1000)
	a, err := transcode.NewAudio(transcode.AudioConfig{Out: func(f []byte, at time.Duration) { frames <- aacFrame{f, at} }})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	tick := time.NewTicker(5 * time.Millisecond) // four times real time
	defer tick.Stop()
	timeout := time.After(20 * time.Second)
	for i, p := range packets {
		<-tick.C
		a.Write(p, at(i))
	}
	for len(out) < n {
		select {
		case f := <-frames:
			out = append(out, f)
		case <-timeout:
			t.Fatalf("%d AAC frames of %d came", len(out), n)
		}
	}
	return out
}

func TestOpusBecomesAAC(t *testing.T) {
	packets := opusPackets(t, 2)
	const start = 5 * time.Second
	out := bridge(t, packets, func(i int) time.Duration { return start + time.Duration(i)*20*time.Millisecond }, 85)
	track, err := codec.NewAudio(48000, 2)
	if err != nil {
		t.Fatal(err)
	}
	var adts []byte
	for i, f := range out {
		if want := start + codec.Duration(int64(i-1)*1024, 48000); (f.at - want).Abs() > time.Microsecond {
			t.Fatalf("frame %d at %v, want %v", i, f.at, want)
		}
		if adts, err = codec.AppendADTS(adts, track, len(f.data)); err != nil {
			t.Fatal(err)
		}
		adts = append(adts, f.data...)
	}
	path := filepath.Join(t.TempDir(), "out.aac")
	if err := os.WriteFile(path, adts, 0o600); err != nil {
		t.Fatal(err)
	}
	codectest.Run(t, "-i", path, "-f", "null", "-")
}

// TestSoundStaysInPlace encodes a click and looks where it is after the encoder's
// delay has been taken out.
func TestSoundStaysInPlace(t *testing.T) {
	dir := t.TempDir()
	ogg := filepath.Join(dir, "click.ogg")
	codectest.Run(t, "-f", "lavfi", "-i", "aevalsrc='if(between(t,1,1.01),sin(2000*PI*t),0)|if(between(t,1,1.01),sin(2000*PI*t),0)':s=48000:d=2", "-c:a", "libopus", "-application", "lowdelay", "-page_duration", "20000", ogg)
	raw, err := os.ReadFile(ogg)
	if err != nil {
		t.Fatal(err)
	}
	skip := time.Duration(binary.LittleEndian.Uint16(raw[bytes.Index(raw, []byte("OpusHead"))+10:])) * time.Second / 48000
	var packets [][]byte
	for b := raw; len(b) > 27; {
		n := int(b[26])
		size := 0
		for _, l := range b[27 : 27+n] {
			size += int(l)
		}
		packets = append(packets, b[27+n:27+n+size])
		b = b[27+n+size:]
	}
	out := bridge(t, packets[2:], func(i int) time.Duration { return time.Duration(i)*20*time.Millisecond - skip }, 60)
	track, _ := codec.NewAudio(48000, 2)
	var adts []byte
	for _, f := range out {
		adts, _ = codec.AppendADTS(adts, track, len(f.data))
		adts = append(adts, f.data...)
	}
	path, pcm := filepath.Join(dir, "out.aac"), filepath.Join(dir, "out.raw")
	if err := os.WriteFile(path, adts, 0o600); err != nil {
		t.Fatal(err)
	}
	codectest.Run(t, "-i", path, "-ac", "1", "-f", "s16le", pcm)
	samples, err := os.ReadFile(pcm)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(samples); i += 2 {
		if v := int16(binary.LittleEndian.Uint16(samples[i:])); v > 8000 || v < -8000 {
			at := out[0].at + codec.Duration(int64(i/2), 48000)
			if (at - time.Second).Abs() > 5*time.Millisecond {
				t.Errorf("the click at 1 s is heard at %v", at)
			}
			return
		}
	}
	t.Error("the click is not heard")
}

func TestJumpsOfTheInputAreJumpsOfTheOutput(t *testing.T) {
	packets := opusPackets(t, 2)
	out := bridge(t, packets, func(i int) time.Duration {
		at := time.Duration(i) * 20 * time.Millisecond
		if i >= 50 {
			at += 10 * time.Second
		}
		return at
	}, 85)
	jumps := 0
	for i := 1; i < len(out); i++ {
		d := out[i].at - out[i-1].at
		switch {
		case d > 9*time.Second && d < 11*time.Second:
			jumps++
		case d <= 0 || d > 25*time.Millisecond:
			t.Errorf("frame %d follows after %v", i, d)
		}
	}
	if jumps != 1 {
		t.Errorf("%d jumps, want 1", jumps)
	}
}

func TestADeadEncoderIsStartedAgain(t *testing.T) {
	packets := opusPackets(t, 1)
	frames := make(chan aacFrame, 1000)
	a, err := transcode.NewAudio(transcode.AudioConfig{
		Out: func(f []byte, at time.Duration) { frames <- aacFrame{f, at} },
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(20 * time.Second)
	var at, killed time.Duration
	for i := 0; ; i++ {
		select {
		case <-tick.C:
			a.Write(packets[i%len(packets)], at)
			at += 20 * time.Millisecond
		case f := <-frames:
			switch {
			case killed == 0:
				killChildren(t)
				killed = at
			case f.at > killed+200*time.Millisecond:
				if late := at - f.at; late > 500*time.Millisecond {
					t.Errorf("sound is %v late after the restart", late)
				}
				return
			}
		case <-timeout:
			t.Fatal("no sound after the encoder died")
		}
	}
}

// killChildren kills the ffmpeg children of this process, which Linux lists by
// thread.
func killChildren(t *testing.T) {
	t.Helper()
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil || len(lists) == 0 {
		t.Fatal("this test needs Linux")
	}
	for _, list := range lists {
		b, err := os.ReadFile(list)
		if err != nil {
			continue // the thread is gone
		}
		for _, field := range strings.Fields(string(b)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			if p, err := os.FindProcess(pid); err == nil {
				_ = p.Kill()
			}
		}
	}
}

func TestOpusPacketLengths(t *testing.T) {
	for _, tt := range []struct {
		packet []byte
		want   int
	}{
		{nil, 0}, {[]byte{0xfc}, 960}, {[]byte{0xf8, 0xff, 0xfe}, 960}, {[]byte{0x18}, 2880}, {[]byte{0x60}, 480},
		{[]byte{0xe1}, 240}, {[]byte{0xfb}, 0}, {[]byte{0xfb, 3}, 2880}, {[]byte{0x1b, 63}, 0},
	} {
		if got := transcode.OpusSamples(tt.packet); got != tt.want {
			t.Errorf("%x lasts %d samples, want %d", tt.packet, got, tt.want)
		}
	}
}

func FuzzOpusSamples(f *testing.F) {
	f.Add([]byte{0xf8, 0xff, 0xfe})
	f.Fuzz(func(t *testing.T, p []byte) {
		if n := transcode.OpusSamples(p); n < 0 || n > 5760 {
			t.Errorf("%d samples", n)
		}
	})
}

func TestAFileCannotNameAnotherFile(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret.wav")
	codectest.Run(t, "-f", "lavfi", "-i", "sine", "-t", "1", secret)
	for name, content := range map[string]string{
		"concat.mp4":   "ffconcat version 1.0\nfile '" + secret + "'\n",
		"playlist.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n" + secret + "\n#EXT-X-ENDLIST\n",
	} {
		room := t.TempDir()
		if err := os.WriteFile(filepath.Join(room, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := transcode.Run(t.Context(), transcode.Job{Input: name, Dir: room, Args: []string{"-f", "wav", "pipe:1"}})
		if err == nil || len(out) > 0 {
			t.Errorf("%s: %d bytes came out, %v", name, len(out), err)
		}
	}
	for _, name := range []string{"../secret.wav", "/etc/passwd", "http://localhost/", "-version", "concat:a|b"} {
		if _, err := transcode.Run(t.Context(), transcode.Job{Input: name, Args: []string{"-f", "null", "-"}}); err == nil {
			t.Errorf("%q is accepted as an input", name)
		}
	}
}

func TestJobsAreLimited(t *testing.T) {
	film := codectest.Read(t, codectest.Clip{Seconds: 1}, "a.mp4", "-movflags", "frag_keyframe+empty_moov")
	_, err := transcode.Run(t.Context(), transcode.Job{Stdin: bytes.NewReader(film), Args: []string{"-f", "rawvideo", "pipe:1"}, Limits: transcode.Limits{Output: 1000}})
	if err == nil || !strings.Contains(err.Error(), "1000 bytes") {
		t.Errorf("too much output: %v", err)
	}
	silent, end, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	defer end.Close()
	_, err = transcode.Run(t.Context(), transcode.Job{Stdin: silent, Args: []string{"-f", "null", "-"}, Limits: transcode.Limits{Time: 300 * time.Millisecond}})
	if err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Errorf("too much time: %v", err)
	}
	out, err := transcode.Run(t.Context(), transcode.Job{Stdin: bytes.NewReader(film), Args: []string{"-frames:v", "1", "-f", "mjpeg", "pipe:1"}})
	if err != nil || !bytes.HasPrefix(out, []byte{0xff, 0xd8}) {
		t.Errorf("an ordinary job: %d bytes, %v", len(out), err)
	}
	if errors.Is(err, transcode.ErrUnavailable) {
		t.Error("these tests need ffmpeg")
	}
}
