package demo

import (
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

//go:embed art/*.jpg art/*.png
var art embed.FS

// Films are this large; scenes are an eighth larger, to pan in.
const (
	filmWidth  = 720
	filmHeight = 1280
)

// What is read stays in the middle four fifths of the width: a phone of 9 to
// 19.5 that is filled with the picture cuts 64 pixels off each side, and the
// corners of its glass some more.
const (
	margin     = filmWidth / 10
	cardWidth  = 200
	cardLeft   = filmWidth - margin - 12 - cardWidth
	clockLeft  = margin + 12
	overlayTop = 214
)

// part is a stretch of a film in which one product is shown.
type part struct {
	number  int
	picture string
}

// film is a video made of pictures: a stall that the camera sways over, each
// product close up and on a card with its number and names, and a clock that
// starts at zero, so that a second of a recording can be read from it.
type film struct {
	cards string // set of captions
	scene string
	parts []part
	each  time.Duration // length of a part
}

func (f film) length() time.Duration { return time.Duration(len(f.parts)) * f.each }

// at returns the number on show at a moment of the film.
func (f film) at(t time.Duration) int {
	return f.parts[int(t/f.each)%len(f.parts)].number
}

// make writes the film as FLV (H.264 without B-frames, a keyframe a second, AAC).
func (f film) make(ctx context.Context, path string) error {
	dir, err := os.MkdirTemp("", "demo-film-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	args := []string{"-hide_banner", "-loglevel", "error", "-nostdin", "-y"}
	inputs := 0
	input := func(name string) (string, error) {
		b, err := art.ReadFile("art/" + name)
		if err != nil {
			return "", err
		}
		args = append(args, "-i", filepath.Join(dir, name))
		inputs++
		return fmt.Sprintf("[%d:v]", inputs-1), os.WriteFile(filepath.Join(dir, name), b, 0o600)
	}
	graph, err := f.graph(input)
	if err != nil {
		return err
	}
	seconds := fmt.Sprintf("%.3f", f.length().Seconds())
	args = append(args, "-filter_complex", graph, "-map", "[v]", "-map", "[a]", "-t", seconds, "-threads", "2",
		"-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-bf", "0", "-g", "30", "-keyint_min", "30", "-sc_threshold", "0",
		"-crf", "26", "-maxrate", "1200k", "-bufsize", "2400k", "-pix_fmt", "yuv420p",
		"-c:a", "aac", "-b:a", "64k", "-ar", "48000", "-ac", "2", "-f", "flv", path+".tmp")
	cmd := exec.CommandContext(ctx, "ffmpeg", args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make film: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return os.Rename(path+".tmp", path)
}

// graph returns the filters of the film; input adds a picture and returns its
// pad. A picture is one frame that stays.
func (f film) graph(input func(name string) (string, error)) (string, error) {
	var g []string
	add := func(format string, a ...any) { g = append(g, fmt.Sprintf(format, a...)) }
	pad, err := input("scene-" + f.scene + ".jpg")
	if err != nil {
		return "", err
	}
	// Slow sines of lengths that do not fit into each other look like a hand.
	add("%sformat=yuv420p,loop=loop=-1:size=1,fps=30,setpts=N/30/TB,crop=%d:%d:x='45+28*sin(t/7)+12*sin(t/2.3)':y='80+46*sin(t/9)+10*sin(t/3.1)'[v0]", pad, filmWidth, filmHeight)
	each := f.each.Seconds()
	last := 0
	overlay := func(top, where string, from, to float64) {
		add("[v%d]%soverlay=%s:enable='between(t,%.2f,%.2f)':eval=frame[v%d]", last, top, where, from, to, last+1)
		last++
	}
	for i, p := range f.parts {
		from := float64(i) * each
		picture, err := input(p.picture + ".jpg")
		if err != nil {
			return "", err
		}
		card, err := input("card-" + f.cards + "-" + p.picture + ".png")
		if err != nil {
			return "", err
		}
		// The product close to the camera, then on its card beside the host.
		add("%sformat=yuv420p,split[big%d][small%d]", picture, i, i)
		add("[big%d]scale=1400:1400[near%d]", i, i)
		overlay(fmt.Sprintf("[near%d]", i), fmt.Sprintf("x='-340+120*sin((t-%.2f)/2.2)':y='-70+24*sin((t-%.2f)/1.7)'", from, from), from+each*0.30, from+each*0.62)
		add("[small%d]scale=236:236[pic%d]", i, i)
		add("%s[pic%d]overlay=13:7,scale=%d:-2[card%d]", card, i, cardWidth, i)
		slide := fmt.Sprintf("x='if(lt(t-%.2f,0.5),%d-%d*(t-%.2f)/0.5,%d)':y=%d", from+0.4, filmWidth, filmWidth-cardLeft, from+0.4, cardLeft, overlayTop)
		overlay(fmt.Sprintf("[card%d]", i), slide, from+0.4, from+each-0.5)
	}
	if err := f.clock(input, add, overlay); err != nil {
		return "", err
	}
	add("[v%d]format=yuv420p[v]", last)
	// A hall far away, and a small bell now and then.
	add("anoisesrc=color=brown:amplitude=0.05:sample_rate=48000:seed=7,lowpass=f=420,tremolo=f=0.13:d=0.5[hall]")
	add("aevalsrc='0.018*sin(2*PI*880*t)*exp(-5*mod(t,9))+0.012*sin(2*PI*1320*t)*exp(-6*mod(t+4,13))':s=48000[bell]")
	add("[hall][bell]amix=inputs=2:normalize=0,pan=stereo|c0=c0|c1=c0[a]")
	return strings.Join(g, ";"), nil
}

// clock shows minutes and seconds, cut out of a strip of digits.
func (f film) clock(input func(string) (string, error), add func(string, ...any), overlay func(top, where string, from, to float64)) error {
	plate, err := input("clock.png")
	if err != nil {
		return err
	}
	overlay(plate, fmt.Sprintf("x=%d:y=%d", clockLeft, overlayTop), 0, 1e6)
	strip, err := input("digits.png")
	if err != nil {
		return err
	}
	digits := []string{"mod(floor(t/600),6)", "mod(floor(t/60),10)", "mod(floor(t/10),6)", "mod(floor(t),10)"}
	add("%sloop=loop=-1:size=1,fps=5,setpts=N/5/TB,split=4[d0][d1][d2][d3]", strip)
	for i, x := range []int{12, 36, 68, 92} {
		add("[d%d]crop=24:40:x='24*%s':y=0[t%d]", i, digits[i], i)
		overlay(fmt.Sprintf("[t%d]", i), fmt.Sprintf("x=%d:y=%d", clockLeft+x, overlayTop+4), 0, 1e6)
	}
	return nil
}
