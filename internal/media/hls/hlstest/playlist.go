// Package hlstest reads playlists strictly and follows live streams the way
// players do.
package hlstest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Part is an EXT-X-PART.
type Part struct {
	URI         string
	Duration    time.Duration
	Independent bool
}

// Segment is a media segment with what precedes it.
type Segment struct {
	MSN           int64
	URI           string // empty while the segment is in the making
	Duration      time.Duration
	Parts         []Part
	Discontinuity bool
	Init          string
	InitRange     string
	Range         string
	Wall          time.Time
	Gap           bool
}

// Playlist is a media playlist.
type Playlist struct {
	Target, PartTarget, PartHoldBack, HoldBack, SkipUntil time.Duration
	Sequence, Discontinuities                             int64
	Skipped                                               int
	Segments                                              []Segment
	Hint                                                  string
	Ended                                                 bool
}

// Last returns where the last part stands.
func (p *Playlist) Last() (msn int64, part int) {
	if len(p.Segments) == 0 {
		return p.Sequence, -1
	}
	s := p.Segments[len(p.Segments)-1]
	return s.MSN, len(s.Parts) - 1
}

// Parse reads a media playlist and complains about everything it does not know.
func Parse(text string) (*Playlist, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if lines[0] != "#EXTM3U" {
		return nil, fmt.Errorf("begins with %q", lines[0])
	}
	p := &parser{p: &Playlist{}}
	for _, line := range lines[1:] {
		if err := p.line(line); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
	}
	if len(p.seg.Parts) > 0 {
		p.close()
	}
	if p.p.Target == 0 {
		return nil, fmt.Errorf("no target duration")
	}
	return p.p, nil
}

type parser struct {
	p    *Playlist
	seg  Segment
	init string
	irng string
	n    int64
}

func (p *parser) close() {
	p.seg.MSN = p.p.Sequence + p.n
	p.seg.Init, p.seg.InitRange = p.init, p.irng
	p.n++
	p.p.Segments = append(p.p.Segments, p.seg)
	p.seg = Segment{}
}

func (p *parser) line(line string) (err error) {
	if line == "" {
		return fmt.Errorf("empty line")
	}
	if line[0] != '#' {
		p.seg.URI = line
		p.close()
		return nil
	}
	name, value, _ := strings.Cut(line, ":")
	attrs := attributes(value)
	switch name {
	case "#EXT-X-VERSION", "#EXT-X-PLAYLIST-TYPE", "#EXT-X-INDEPENDENT-SEGMENTS":
	case "#EXT-X-TARGETDURATION":
		p.p.Target, err = seconds(value)
	case "#EXT-X-SERVER-CONTROL":
		if attrs["CAN-BLOCK-RELOAD"] != "YES" {
			return fmt.Errorf("no blocking reload")
		}
		for key, to := range map[string]*time.Duration{"PART-HOLD-BACK": &p.p.PartHoldBack, "HOLD-BACK": &p.p.HoldBack, "CAN-SKIP-UNTIL": &p.p.SkipUntil} {
			if *to, err = seconds(attrs[key]); err != nil {
				return err
			}
		}
	case "#EXT-X-PART-INF":
		p.p.PartTarget, err = seconds(attrs["PART-TARGET"])
	case "#EXT-X-MEDIA-SEQUENCE":
		p.p.Sequence, err = strconv.ParseInt(value, 10, 64)
	case "#EXT-X-DISCONTINUITY-SEQUENCE":
		p.p.Discontinuities, err = strconv.ParseInt(value, 10, 64)
	case "#EXT-X-SKIP":
		p.p.Skipped, err = strconv.Atoi(attrs["SKIPPED-SEGMENTS"])
		p.n += int64(p.p.Skipped)
	case "#EXT-X-MAP":
		p.init, p.irng = attrs["URI"], attrs["BYTERANGE"]
	case "#EXT-X-DISCONTINUITY":
		p.seg.Discontinuity = true
	case "#EXT-X-PROGRAM-DATE-TIME":
		p.seg.Wall, err = time.Parse(time.RFC3339, value)
	case "#EXT-X-BYTERANGE":
		p.seg.Range = value
	case "#EXT-X-PART":
		d, err := seconds(attrs["DURATION"])
		p.seg.Parts = append(p.seg.Parts, Part{attrs["URI"], d, attrs["INDEPENDENT"] == "YES"})
		return err
	case "#EXTINF":
		p.seg.Duration, err = seconds(strings.TrimSuffix(value, ","))
	case "#EXT-X-PRELOAD-HINT":
		if attrs["TYPE"] != "PART" {
			return fmt.Errorf("hint of type %q", attrs["TYPE"])
		}
		p.p.Hint = attrs["URI"]
	case "#EXT-X-ENDLIST":
		p.p.Ended = true
	default:
		return fmt.Errorf("unknown tag")
	}
	return err
}

func seconds(s string) (time.Duration, error) {
	f, err := strconv.ParseFloat(s, 64)
	return time.Duration(f * float64(time.Second)), err
}

// attributes reads an attribute list (RFC 8216, 4.2).
func attributes(s string) map[string]string {
	out := map[string]string{}
	for s != "" {
		key, rest, ok := strings.Cut(s, "=")
		if !ok {
			break
		}
		var value string
		if strings.HasPrefix(rest, `"`) {
			value, rest, _ = strings.Cut(rest[1:], `"`)
			rest = strings.TrimPrefix(rest, ",")
		} else {
			value, rest, _ = strings.Cut(rest, ",")
		}
		out[key], s = value, rest
	}
	return out
}
