package transcode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Film is what [Make] has made, in files beside each other.
type Film struct {
	Duration      time.Duration
	Width, Height int    // of the tallest rung
	Rungs         []Rung // the smallest first
	Sprite        Sprite
	// Hashes are of pictures spread evenly over the film; see [Alike].
	Hashes []uint64
}

// Rung is one quality of a film: Name.m3u8 is its playlist over the bytes of
// Name.mp4, CMAF with H.264 and AAC.
type Rung struct {
	Name          string
	Width, Height int
	Bandwidth     int64 // bits per second of the densest segment
	Average       int64 // bits per second of all of them
	Codecs        string
}

// Sprite is one picture with many small ones, a row after the other.
type Sprite struct {
	Columns, Rows int
	Count         int // pictures in it
	Width, Height int // of one
	Every         time.Duration
}

// File names in the folder of a film.
const (
	SpriteName = "sprite.jpg"
	CoverName  = "cover.jpg"
)

// Span is a part of a film: it begins with the first picture at or after From. A
// zero To is the end.
type Span struct{ From, To time.Duration }

// heights are the rungs of the ladder by their shorter side.
var heights = []int{360, 540, 720, 1080}

// kbps is the most a rung takes for its picture, about a tenth of a bit for each
// pixel, less for larger ones.
func kbps(short int) int {
	switch {
	case short <= 360:
		return 700
	case short <= 540:
		return 1200
	case short <= 720:
		return 2200
	}
	return 4200
}

// ladder returns the rungs of a picture: those below its size, and its own size
// if that is between them. A smaller picture is not enlarged.
func ladder(width, height int) []Rung {
	short, long := min(width, height), max(width, height)
	var sides []int
	for _, h := range heights {
		if h <= short {
			sides = append(sides, h)
		}
	}
	if n := len(sides); n == 0 || n < len(heights) && short > sides[n-1]*115/100 {
		sides = append(sides, short&^1)
	}
	var out []Rung
	for _, side := range sides {
		other := min(4096, int(float64(long)*float64(side)/float64(short)/2+.5)*2)
		r := Rung{Name: strconv.Itoa(side), Width: side, Height: other}
		if width > height {
			r.Width, r.Height = other, side
		}
		out = append(out, r)
	}
	return out
}

// toneMap is whether this ffmpeg can bring HDR down to SDR. It looks once.
var toneMap = sync.OnceValue(func() bool {
	out, err := exec.Command("ffmpeg", "-hide_banner", "-filters").Output()
	return err == nil && bytes.Contains(out, []byte(" zscale ")) && bytes.Contains(out, []byte(" tonemap "))
})

// graph is the filter graph: one frame rate, upright, SDR, and a picture for
// each rung, scaled from the tallest.
func (s source) graph(rungs []Rung) string {
	top := rungs[len(rungs)-1]
	var b strings.Builder
	fmt.Fprintf(&b, "[0:%d]fps=%.5g,", s.video, s.pace())
	if s.hdr && toneMap() {
		fmt.Fprintf(&b, "zscale=w=%d:h=%d:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,", top.Width, top.Height)
	} else {
		fmt.Fprintf(&b, "scale=%d:%d:flags=bicubic:out_color_matrix=bt709:out_range=tv,", top.Width, top.Height)
	}
	fmt.Fprintf(&b, "format=yuv420p,setsar=1,split=%d", len(rungs))
	for i := range rungs {
		fmt.Fprintf(&b, "[s%d]", i)
	}
	for i, r := range rungs {
		fmt.Fprintf(&b, ";[s%d]scale=%d:%d:flags=bicubic,setsar=1[v%d]", i, r.Width, r.Height, i)
	}
	return b.String()
}

// keyframes puts one at 0 and 1 s and then every 2 s: segments begin there, and
// a short first one lets a player start early.
const keyframes = "expr:gte(t,if(lte(n_forced,1),n_forced,n_forced*2-1))"

func (s source) output(i int, r Rung) []string {
	rate := kbps(min(r.Width, r.Height))
	args := []string{"-map", fmt.Sprintf("[v%d]", i)}
	if s.audio >= 0 {
		args = append(args, "-map", fmt.Sprintf("0:%d", s.audio), "-c:a", "aac", "-b:a", "96k", "-ar", "48000", "-ac", "2", "-af", "aresample=async=1000:first_pts=0")
	}
	return append(args,
		"-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-crf", "23", "-maxrate", fmt.Sprintf("%dk", rate), "-bufsize", fmt.Sprintf("%dk", rate*3/2),
		"-force_key_frames", keyframes, "-g", "9999", "-sc_threshold", "0", "-bf", "2",
		"-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709",
		"-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-max_muxing_queue_size", "4096", "-t", fmt.Sprintf("%.3f", MaxDuration.Seconds()),
		"-f", "hls", "-hls_segment_type", "fmp4", "-hls_flags", "single_file+independent_segments", "-hls_playlist_type", "vod", "-hls_time", "1", "-hls_list_size", "0",
		"-hls_segment_filename", r.Name+".mp4", r.Name+".m3u8")
}

// Make turns the file name in dir, which may be anything a stranger sent, into a
// film in the same folder. It says how far it is in percent, now and then. What
// the file is to blame for is one of this package's errors.
func Make(ctx context.Context, dir, name string, span Span, progress func(percent int)) (Film, error) {
	s, err := probe(ctx, dir, name)
	if err != nil {
		return Film{}, err
	}
	var before []string
	length := s.duration
	if span.From > 0 {
		before = append(before, "-ss", fmt.Sprintf("%.6f", span.From.Seconds()))
		length -= span.From
	}
	if span.To > 0 {
		before = append(before, "-t", fmt.Sprintf("%.6f", (span.To-span.From).Seconds()))
		length = min(length, span.To-span.From)
	}
	if span.From < 0 || s.duration > 0 && length <= 0 {
		return Film{}, ErrNoPicture
	}
	rungs := ladder(s.width, s.height)
	args := []string{"-filter_complex", s.graph(rungs), "-progress", "pipe:1", "-stats_period", "1"}
	for i, r := range rungs {
		args = append(args, s.output(i, r)...)
	}
	most := max(length, time.Minute)
	limits := Limits{Time: 10*time.Minute + 8*most, Memory: 6 << 30, Output: 64<<20 + int64(most.Seconds())*1_000_000, Nice: 15}
	before = append(before, "-max_pixels", strconv.Itoa(maxPixels), "-threads", "2")
	if _, err := Run(ctx, Job{Input: name, Dir: dir, demux: s.demux, before: before, Args: args, Limits: limits, tell: ticks(length, progress)}); err != nil {
		return Film{}, blame(ctx, err)
	}
	return finish(ctx, dir, rungs)
}

// blame says whether a failed run is the fault of its file: ffmpeg gave up, or
// took too long. A child that was killed may do better another time.
func blame(ctx context.Context, err error) error {
	var exit *exec.ExitError
	if ctx.Err() == nil && (errors.As(err, &exit) && exit.Exited() || errors.Is(err, context.DeadlineExceeded)) {
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return err
}

// ticks reads what -progress writes and tells the percent of length, each once.
func ticks(length time.Duration, progress func(int)) func([]byte) {
	last := -1
	return func(lines []byte) {
		for line := range bytes.Lines(lines) {
			text, ok := bytes.CutPrefix(line, []byte("out_time_us="))
			us, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
			if !ok || err != nil || length <= 0 || progress == nil {
				continue
			}
			if percent := min(99, int(100*us/length.Microseconds())); percent > last {
				last = percent
				progress(percent)
			}
		}
	}
}

// finish measures what was made, and draws the small pictures.
func finish(ctx context.Context, dir string, rungs []Rung) (Film, error) {
	f := Film{Rungs: rungs}
	for i := range rungs {
		r := &rungs[i]
		playlist, err := os.ReadFile(filepath.Join(dir, r.Name+".m3u8"))
		if err != nil {
			return Film{}, fmt.Errorf("%w: nothing was made: %w", ErrBroken, err)
		}
		segments := Segments(playlist)
		if len(segments) == 0 {
			return Film{}, fmt.Errorf("%w: no picture came out", ErrNoPicture)
		}
		r.measure(segments)
		if r.Codecs, err = codecs(filepath.Join(dir, r.Name+".mp4")); err != nil {
			return Film{}, err
		}
		last := segments[len(segments)-1]
		f.Duration = last.At + last.Duration
	}
	top := rungs[len(rungs)-1]
	f.Width, f.Height = top.Width, top.Height
	var err error
	if f.Sprite, err = drawSprite(ctx, dir, rungs[0], f.Duration); err != nil {
		return Film{}, fmt.Errorf("sprite: %w", err)
	}
	if f.Hashes, err = hashes(ctx, dir, rungs[0].Name+".mp4", f.Duration); err != nil {
		return Film{}, fmt.Errorf("hashes: %w", err)
	}
	jpeg, err := still(ctx, Job{Input: top.Name + ".mp4", Dir: dir}, f.Duration/10)
	if err != nil {
		return Film{}, fmt.Errorf("cover: %w", err)
	}
	return f, os.WriteFile(filepath.Join(dir, CoverName), jpeg, 0o640)
}

func (r *Rung) measure(segments []Segment) {
	var bits, seconds float64
	for _, s := range segments {
		bits += float64(s.Size) * 8
		seconds += s.Duration.Seconds()
		if s.Duration >= time.Second/2 || len(segments) == 1 {
			r.Bandwidth = max(r.Bandwidth, int64(float64(s.Size)*8/max(s.Duration.Seconds(), .1)))
		}
	}
	r.Average = int64(bits / max(seconds, .1))
	r.Bandwidth = max(r.Bandwidth, r.Average)
}

// codecs names the codecs of a file made here as RFC 6381 has them: the profile
// stands in the avcC box (ISO 14496-15, 5.3.3.1).
func codecs(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	head := make([]byte, 8<<10)
	n, _ := f.Read(head)
	head = head[:n]
	i := bytes.Index(head, []byte("avcC"))
	if i < 0 || i+8 > len(head) {
		return "", fmt.Errorf("%w: no avcC in what was made", ErrBroken)
	}
	out := fmt.Sprintf("avc1.%02x%02x%02x", head[i+5], head[i+6], head[i+7])
	if bytes.Contains(head, []byte("mp4a")) {
		out += ",mp4a.40.2"
	}
	return out, nil
}
