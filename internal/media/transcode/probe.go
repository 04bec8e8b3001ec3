package transcode

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// What can be wrong with a film from a stranger.
var (
	ErrFormat    = errors.New("not an MP4, MOV, WebM or Matroska file")
	ErrBroken    = errors.New("the file cannot be read")
	ErrNoPicture = errors.New("there is no moving picture in the file")
	ErrTooLong   = errors.New("the film is too long")
	ErrTooLarge  = errors.New("the picture is too large")
)

// Bounds of a film.
const (
	MaxDuration = time.Hour + 5*time.Second // an hour, and what clocks of phones add
	maxPixels   = 4096 * 2304               // 4K
	maxSide     = 8192
	minSide     = 16
)

// Sniff names the demuxer for a file by its first bytes: "mov" (ISO 14496-12
// 4.2, QuickTime) or "matroska" (RFC 8794 11.2), or [ErrFormat]. What a playlist
// is made of, text, is neither.
func Sniff(head []byte) (string, error) {
	if len(head) >= 4 && bytes.Equal(head[:4], []byte{0x1a, 0x45, 0xdf, 0xa3}) {
		if bytes.Contains(head, []byte("webm")) || bytes.Contains(head, []byte("matroska")) {
			return "matroska", nil
		}
		return "", ErrFormat
	}
	if len(head) < 8 {
		return "", ErrFormat
	}
	switch string(head[4:8]) {
	case "ftyp", "moov", "mdat", "wide", "free", "skip", "pnot", "styp":
		return "mov", nil
	}
	return "", ErrFormat
}

// sniffFile is [Sniff] of a file.
func sniffFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	head := make([]byte, 64)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return "", err
	}
	return Sniff(head[:n])
}

// source is a film as it came.
type source struct {
	demux         string
	video, audio  int // indexes of streams; audio is -1 for none
	width, height int // as it is to be seen: turned upright, with square pixels
	fps           float64
	duration      time.Duration
	hdr           bool
}

// probed is what ffprobe says.
type probed struct {
	Streams []probedStream `json:"streams"`
	Format  timed          `json:"format"`
}

// timed is when something begins and ends.
type timed struct {
	Start    string `json:"start_time"`
	Duration string `json:"duration"`
}

// seconds is how long it lasts; 0 is not known. Of fragments whose clock does
// not begin at zero ffprobe calls the end the duration.
func (t timed) seconds() float64 {
	d, err := strconv.ParseFloat(t.Duration, 64)
	if err != nil || math.IsNaN(d) {
		return 0
	}
	if start, err := strconv.ParseFloat(t.Start, 64); err == nil && start > 0 && start < d {
		d -= start
	}
	return d
}

type probedStream struct {
	Index    int    `json:"index"`
	Type     string `json:"codec_type"`
	Codec    string `json:"codec_name"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	Aspect   string `json:"sample_aspect_ratio"`
	Transfer string `json:"color_transfer"`
	Rate     string `json:"avg_frame_rate"`
	RealRate string `json:"r_frame_rate"`
	timed
	Disposition struct {
		Attached int `json:"attached_pic"`
	} `json:"disposition"`
	SideData []struct {
		Rotation float64 `json:"rotation"`
	} `json:"side_data_list"`
}

// probe looks at a file in dir without decoding more than it must.
func probe(ctx context.Context, dir, name string) (source, error) {
	demux, err := sniffFile(filepath.Join(dir, name))
	if err != nil {
		return source{}, err
	}
	out, err := Run(ctx, Job{Input: name, Dir: dir, probe: true, demux: demux, Limits: Limits{Time: 30 * time.Second, Memory: 2 << 30, Output: 1 << 20, Nice: 15},
		Args: []string{"-show_entries", "stream=index,codec_type,codec_name,width,height,sample_aspect_ratio,color_transfer,avg_frame_rate,r_frame_rate,start_time,duration:stream_disposition=attached_pic:stream_side_data=rotation:format=start_time,duration", "-of", "json"}})
	if err != nil {
		return source{}, blame(ctx, err)
	}
	var p probed
	if err := json.Unmarshal(out, &p); err != nil {
		return source{}, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return p.source(demux)
}

func (p probed) source(demux string) (source, error) {
	s := source{demux: demux, video: -1, audio: -1}
	for _, st := range p.Streams {
		switch {
		case st.Type == "audio" && s.audio < 0 && st.Codec != "":
			s.audio = st.Index
		case st.Type == "video" && s.video < 0 && st.Disposition.Attached == 0 && st.Width > 0:
			if err := s.look(st, p.Format); err != nil {
				return source{}, err
			}
		}
	}
	if s.video < 0 {
		return source{}, ErrNoPicture
	}
	return s, nil
}

// look takes over what matters of the stream of pictures.
func (s *source) look(st probedStream, whole timed) error {
	s.video, s.width, s.height = st.Index, st.Width, st.Height
	if st.Width > maxSide || st.Height > maxSide || st.Width*st.Height > maxPixels {
		return ErrTooLarge
	}
	if aspect := ratio(strings.ReplaceAll(st.Aspect, ":", "/")); aspect > 0.1 && aspect < 10 {
		s.width = int(math.Round(float64(s.width) * aspect))
	}
	for _, d := range st.SideData {
		if int(math.Abs(d.Rotation))%180 == 90 {
			s.width, s.height = s.height, s.width
		}
	}
	if min(s.width, s.height) < minSide || max(s.width, s.height) > maxSide {
		return ErrNoPicture
	}
	s.hdr = st.Transfer == "smpte2084" || st.Transfer == "arib-std-b67"
	s.fps = ratio(st.Rate)
	if s.fps <= 0 {
		s.fps = ratio(st.RealRate)
	}
	for _, t := range []timed{whole, st.timed} {
		if seconds := t.seconds(); seconds > s.duration.Seconds() {
			if seconds > MaxDuration.Seconds() {
				return ErrTooLong
			}
			s.duration = time.Duration(seconds * float64(time.Second))
		}
	}
	return nil
}

// ratio reads a fraction such as 30000/1001; 0 is none.
func ratio(s string) float64 {
	a, b, ok := strings.Cut(s, "/")
	n, err := strconv.ParseFloat(a, 64)
	if !ok || err != nil {
		return 0
	}
	d, err := strconv.ParseFloat(b, 64)
	if err != nil || d == 0 {
		return 0
	}
	return n / d
}

// pace is the constant frame rate of what is made: that of the source, within
// what screens show. A phone's rate varies; players and ladders want one.
func (s source) pace() float64 {
	switch {
	case s.fps <= 0, math.IsNaN(s.fps), math.IsInf(s.fps, 0):
		return 30
	case s.fps < 10:
		return 10
	}
	return min(s.fps, 60)
}
