// Package transcode runs ffmpeg as a supervised child for what the media core
// does not do itself: Opus to AAC for browsers that publish, still pictures, and
// whole films from strangers (see [Make]).
//
// Nothing else in the core needs ffmpeg. Where it is missing, [Available] says so
// and the rest goes on without it.
package transcode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// ErrUnavailable is returned when there is no ffmpeg.
var ErrUnavailable = errors.New("ffmpeg is not installed")

// Available reports whether ffmpeg is in the path. It looks once.
var Available = sync.OnceValue(func() bool {
	_, err := exec.LookPath("ffmpeg")
	return err == nil
})

// Limits keep a job from taking more than its share.
type Limits struct {
	// Time ends the job, 30 s if zero.
	Time time.Duration
	// Memory bounds the address space in bytes, 1 GiB if zero. It holds on Linux.
	Memory uint64
	// Output bounds what is read from stdout, and the size of each file written,
	// in bytes, 64 MiB if zero.
	Output int64
	// Nice is how much the job gives way to others, 0 to 19. It holds on Linux.
	Nice int
}

func (l Limits) filled() Limits {
	if l.Time <= 0 {
		l.Time = 30 * time.Second
	}
	if l.Memory == 0 {
		l.Memory = 1 << 30
	}
	if l.Output <= 0 {
		l.Output = 64 << 20
	}
	return l
}

// formats are the containers that may come from strangers. Everything else is
// left out, above all playlists, which make ffmpeg open other files.
const formats = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mp3,aac,ogg,wav,flac,mpegts,flv,h264"

// guard are the options that belong before each input, so that a file can name
// nothing outside itself.
func guard(protocols string) []string {
	return []string{"-protocol_whitelist", protocols, "-format_whitelist", formats}
}

// Job is one run of ffmpeg.
type Job struct {
	// Input is a file name inside Dir; if empty, Stdin is the input.
	Input string
	Stdin io.Reader
	// Dir is the folder in which ffmpeg runs, a new temporary one if empty.
	Dir string
	// Args are the options behind the input, output included ("pipe:1" for
	// stdout). They never hold words of strangers.
	Args   []string
	Limits Limits

	probe  bool     // run ffprobe
	demux  string   // the one demuxer that may read the input, any allowed one if empty
	before []string // more options in front of the input
	tell   func(line []byte)
}

// words are the arguments of a job.
func (j Job) words() ([]string, error) {
	args := []string{"-nostdin", "-hide_banner", "-loglevel", "error", "-y"}
	if j.probe {
		args = []string{"-hide_banner", "-loglevel", "error"}
	}
	protocol, input := "pipe", "pipe:0"
	if j.Input != "" {
		if strings.ContainsAny(j.Input, "/\\:%") || strings.HasPrefix(j.Input, "-") {
			return nil, fmt.Errorf("input %q is not a plain file name", j.Input)
		}
		protocol, input = "file", "file:"+j.Input
	}
	args = append(args, guard(protocol)...)
	if j.demux != "" {
		args = append(args, "-f", j.demux)
	}
	args = append(append(args, j.before...), "-i", input)
	return append(args, j.Args...), nil
}

// Run runs a job to its end and returns what it wrote to stdout. The error holds
// the last line ffmpeg said.
func Run(ctx context.Context, j Job) ([]byte, error) {
	if !Available() {
		return nil, ErrUnavailable
	}
	limits := j.Limits.filled()
	ctx, cancel := context.WithTimeout(ctx, limits.Time)
	defer cancel()
	if j.Dir == "" {
		dir, err := os.MkdirTemp("", "transcode-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		j.Dir = dir
	}
	args, err := j.words()
	if err != nil {
		return nil, err
	}
	program := "ffmpeg"
	if j.probe {
		program = "ffprobe"
	}
	cmd := exec.CommandContext(ctx, program, args...)
	var stdout, stderr bounded
	stdout.left, stderr.left, stdout.tell = limits.Output, 4<<10, j.tell
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = j.Dir, j.Stdin, &stdout, &stderr
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + j.Dir, "TMPDIR=" + j.Dir}
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start ffmpeg: %w", err)
	}
	if err := restrain(cmd.Process.Pid, limits); err != nil {
		cancel()
		_ = cmd.Wait()
		return nil, fmt.Errorf("limit ffmpeg: %w", err)
	}
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("ffmpeg: %w", ctx.Err())
	case stdout.over:
		return nil, fmt.Errorf("ffmpeg wrote more than %d bytes", limits.Output)
	case err != nil:
		return nil, fmt.Errorf("ffmpeg: %w: %s", err, lastLine(stderr.buf.String()))
	}
	return stdout.buf.Bytes(), nil
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// bounded is a buffer that refuses to grow beyond its limit. With tell it hands
// on what comes instead of keeping it.
type bounded struct {
	buf  bytes.Buffer
	left int64
	over bool
	tell func([]byte)
}

func (c *bounded) Write(p []byte) (int, error) {
	if c.tell != nil {
		c.tell(p)
		return len(p), nil
	}
	if int64(len(p)) > c.left {
		c.over = true
		return 0, errors.New("too much output")
	}
	c.left -= int64(len(p))
	return c.buf.Write(p)
}
