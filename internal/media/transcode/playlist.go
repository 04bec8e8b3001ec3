package transcode

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Segment is a run of bytes of a rung that can be decoded by itself behind the
// init segment.
type Segment struct {
	At, Duration time.Duration
	Offset, Size int64
	// Init is the size of the init segment, which is at the beginning.
	Init int64
}

// Segments reads a playlist over byte ranges as [Make] writes it (RFC 8216,
// 4.3.2); of another it returns what it understands.
func Segments(playlist []byte) (out []Segment) {
	var next Segment
	var init int64
	for line := range strings.Lines(string(playlist)) {
		line = strings.TrimSpace(line)
		if v, ok := strings.CutPrefix(line, "#EXTINF:"); ok {
			v, _, _ = strings.Cut(v, ",")
			seconds, _ := strconv.ParseFloat(v, 64)
			next.Duration = time.Duration(seconds * float64(time.Second))
		}
		if v, ok := strings.CutPrefix(line, "#EXT-X-BYTERANGE:"); ok {
			next.Size, next.Offset = byteRange(v)
		}
		if _, v, ok := strings.Cut(line, `BYTERANGE="`); ok && strings.HasPrefix(line, "#EXT-X-MAP:") {
			v, _, _ = strings.Cut(v, `"`)
			init, _ = byteRange(v)
		}
		if line != "" && line[0] != '#' && next.Size > 0 && next.Duration > 0 {
			next.Init = init
			out = append(out, next)
			next = Segment{At: next.At + next.Duration}
		}
	}
	return out
}

// byteRange reads size@offset.
func byteRange(s string) (size, offset int64) {
	a, b, _ := strings.Cut(s, "@")
	size, _ = strconv.ParseInt(a, 10, 64)
	offset, _ = strconv.ParseInt(b, 10, 64)
	return max(0, size), max(0, offset)
}

// startKbps is what a player may count on before it has measured the line.
const startKbps = 1500

// Master returns the playlist of a film whose rungs lie below prefix (RFC 8216,
// 4.3.4). The best rung for a slow line stands first, because players begin with
// the first.
func Master(rungs []Rung, prefix string) []byte {
	first := 0
	for i, r := range rungs {
		if r.Average <= startKbps*1000 {
			first = i
		}
	}
	order := slices.Concat(rungs[first:first+1], rungs[:first], rungs[first+1:])
	var b bytes.Buffer
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n")
	for _, r := range order {
		fmt.Fprintf(&b, "#EXT-X-STREAM-INF:BANDWIDTH=%d,AVERAGE-BANDWIDTH=%d,RESOLUTION=%dx%d,CODECS=\"%s\"\n%s%s.m3u8\n", r.Bandwidth, r.Average, r.Width, r.Height, r.Codecs, prefix, r.Name)
	}
	return b.Bytes()
}
