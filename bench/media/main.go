// Command media measures the media core: how long it takes from a publisher's
// dial to the first Low-Latency HLS part, and what a viewer costs in CPU time
// compared with a server that only writes the same bytes.
//
// Absolute times depend on the machine and its load; the ratio is measured in one
// run with both servers taking turns, each in a child process. It needs ffmpeg
// for the film and Linux for the CPU times.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// result is what a run prints.
type result struct {
	Go         string    `json:"go"`
	CPUs       int       `json:"cpus"`
	LoadBefore string    `json:"load_before"`
	LoadAfter  string    `json:"load_after"`
	When       time.Time `json:"when"`
	First      *first    `json:"first_part,omitempty"`
	Viewers    *viewers  `json:"viewers,omitempty"`
}

func main() {
	serve := flag.String("serve", "", "be the child process: ours or floor")
	sizes := flag.String("sizes", "", "what the floor writes, made by the parent")
	only := flag.String("only", "", "measure only: first or viewers")
	asJSON := flag.Bool("json", false, "print JSON")
	n := flag.Int("n", 200, "viewers")
	pairs := flag.Int("pairs", 3, "pairs of runs for the comparison")
	runs := flag.Int("runs", 9, "runs for the first part")
	seconds := flag.Int("seconds", 10, "length of a comparison run")
	part := flag.Duration("part", 500*time.Millisecond, "part target")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *serve != "" {
		if err := child(ctx, *serve, *sizes); err != nil {
			log.Fatal(err)
		}
		return
	}
	r := result{Go: runtime.Version(), CPUs: runtime.NumCPU(), LoadBefore: load(), When: time.Now().UTC().Truncate(time.Second)}
	err := measure(ctx, &r, *only, *n, *pairs, *runs, time.Duration(*seconds)*time.Second, *part)
	if err != nil {
		log.Fatal(err)
	}
	r.LoadAfter = load()
	if *asJSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(r); err != nil {
			log.Fatal(err)
		}
		return
	}
	fmt.Print(r.text())
}

func measure(ctx context.Context, r *result, only string, n, pairs, runs int, length, part time.Duration) (err error) {
	dir, err := os.MkdirTemp("", "bench-media-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	film, err := shoot(ctx, dir, length+10*time.Second)
	if err != nil {
		return err
	}
	if only != "viewers" {
		if r.First, err = measureFirst(ctx, film, runs, part); err != nil {
			return fmt.Errorf("first part: %w", err)
		}
	}
	if only != "first" {
		if r.Viewers, err = measureViewers(ctx, film, n, pairs, length, part); err != nil {
			return fmt.Errorf("viewers: %w", err)
		}
	}
	return nil
}

// shoot makes the film: 720p30 H.264 main without B-frames, a keyframe each
// second, 1.4 Mbit/s, and AAC 96 kbit/s.
func shoot(ctx context.Context, dir string, length time.Duration) ([]byte, error) {
	path := filepath.Join(dir, "film.flv")
	cmd := exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-v", "error",
		"-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30", "-f", "lavfi", "-i", "sine=sample_rate=48000",
		"-t", fmt.Sprint(length.Seconds()), "-pix_fmt", "yuv420p",
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-profile:v", "main", "-bf", "0", "-g", "30", "-sc_threshold", "0",
		"-b:v", "1400k", "-maxrate", "1400k", "-bufsize", "700k",
		"-c:a", "aac", "-b:a", "96k", "-ac", "2", path)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("ffmpeg: %w: %s", err, out)
	}
	return os.ReadFile(path)
}

func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(b))[:3], " ")
}

func (r result) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d CPUs, load %s before and %s after\n", r.Go, r.CPUs, r.LoadBefore, r.LoadAfter)
	if f := r.First; f != nil {
		fmt.Fprintf(&b, "dial to first part, %d runs, parts of %d ms: min %.0f, median %.0f, max %.0f ms (goal 500)\n", len(f.MS.Runs), f.PartMS, f.MS.Min, f.MS.Median, f.MS.Max)
	}
	if v := r.Viewers; v != nil {
		fmt.Fprintf(&b, "CPU seconds per viewer-minute, %d viewers, parts of %d ms, %.2f Mbit/s and %.1f requests a second each\n", v.Viewers, v.PartMS, v.MbitPerViewer, v.RequestsPerViewer)
		fmt.Fprintf(&b, "  ours  min %.4f, median %.4f, max %.4f\n", v.Ours.Min, v.Ours.Median, v.Ours.Max)
		fmt.Fprintf(&b, "  floor min %.4f, median %.4f, max %.4f\n", v.Floor.Min, v.Floor.Median, v.Floor.Max)
		fmt.Fprintf(&b, "  ratio min %.2f, median %.2f, max %.2f (goal 1.5), %d failed requests\n", v.Ratio.Min, v.Ratio.Median, v.Ratio.Max, v.Failed)
	}
	return b.String()
}
