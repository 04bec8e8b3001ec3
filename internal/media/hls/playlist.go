package hls

import (
	"fmt"
	"strconv"
	"time"
)

// segment is a media segment, complete or in the making. Editions hold copies.
type segment struct {
	msn           int64
	start         time.Duration
	wall          time.Time
	duration      time.Duration
	parts         []*Part
	discontinuity bool
	complete      bool
}

// timing is what a stream's playlists announce and never change.
type timing struct {
	target time.Duration // EXT-X-TARGETDURATION
	part   time.Duration // PART-TARGET
}

func (t timing) skipUntil() time.Duration { return 6 * t.target }

// appendSeconds writes d with five decimals. Rounding does not make a part longer
// than its target, which is whole milliseconds.
func appendSeconds(b []byte, d time.Duration) []byte {
	n := int64((d + 5*time.Microsecond) / (10 * time.Microsecond))
	b = strconv.AppendInt(b, n/100000, 10)
	b = append(b, '.')
	for unit := int64(10000); unit > 0; unit /= 10 {
		b = append(b, byte('0'+n/unit%10))
	}
	return b
}

func partName(msn int64, part int) string { return fmt.Sprintf("%d.%d.mp4", msn, part) }

// renderMedia writes the media playlist of segs (draft-pantos-hls-rfc8216bis,
// 4.4). The first hidden segments are served but not listed. broken says that what
// comes next does not continue what is there. With skip it is a delta update
// (6.2.5.1); ok says whether there is something to skip.
func renderMedia(t timing, segs []segment, hidden int, discontinuities int64, ended, broken, skip bool) (b []byte, ok bool) {
	first := segs[hidden].msn
	listed := segs[hidden:]
	b = make([]byte, 0, 4096)
	b = append(b, "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:"...)
	b = strconv.AppendInt(b, int64(t.target/time.Second), 10)
	b = append(b, "\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK="...)
	b = appendSeconds(b, 3*t.part)
	b = append(b, ",HOLD-BACK="...)
	b = appendSeconds(b, 3*t.target)
	b = append(b, ",CAN-SKIP-UNTIL="...)
	b = appendSeconds(b, t.skipUntil())
	b = append(b, "\n#EXT-X-PART-INF:PART-TARGET="...)
	b = appendSeconds(b, t.part)
	b = append(b, "\n#EXT-X-MEDIA-SEQUENCE:"...)
	b = strconv.AppendInt(b, first, 10)
	b = append(b, "\n#EXT-X-DISCONTINUITY-SEQUENCE:"...)
	b = strconv.AppendInt(b, discontinuities, 10)
	b = append(b, '\n')

	// behind counts from a segment's end to the end of the playlist.
	var behind time.Duration
	for i := range listed {
		behind += listed[i].duration
	}
	skipped := 0
	var init *Init
	for i := range listed {
		s := &listed[i]
		behind -= s.duration
		if skip && behind >= t.skipUntil() {
			skipped++
			init = s.parts[0].Init
			continue
		}
		if skipped > 0 && skip {
			b = append(b, "#EXT-X-SKIP:SKIPPED-SEGMENTS="...)
			b = strconv.AppendInt(b, int64(skipped), 10)
			b = append(b, '\n')
			skip = false
		}
		if len(s.parts) > 0 {
			b, init = appendHead(b, s, init)
		}
		if behind < 3*t.target {
			b = appendParts(b, s)
		}
		if s.complete {
			b = append(b, "#EXTINF:"...)
			b = appendSeconds(b, s.duration)
			b = append(b, ",\n"...)
			b = strconv.AppendInt(b, s.msn, 10)
			b = append(b, ".mp4\n"...)
		}
	}
	if ended {
		return append(b, "#EXT-X-ENDLIST\n"...), skipped > 0
	}
	open := &segs[len(segs)-1]
	if broken && len(open.parts) == 0 {
		// hls.js counts the hinted part as one of the discontinuity it stands in,
		// and takes it for a fatal error if the tag comes only with the part.
		b = append(b, "#EXT-X-DISCONTINUITY\n"...)
	}
	b = append(b, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\""...)
	b = append(b, partName(open.msn, len(open.parts))...)
	return append(b, "\"\n"...), skipped > 0
}

// appendHead writes what stands before a segment's parts.
func appendHead(b []byte, s *segment, init *Init) ([]byte, *Init) {
	if s.discontinuity {
		b = append(b, "#EXT-X-DISCONTINUITY\n"...)
	}
	if own := s.parts[0].Init; own != init {
		if init == nil || own.Name != init.Name || s.discontinuity {
			b = append(append(append(b, "#EXT-X-MAP:URI=\""...), own.Name...), "\"\n"...)
		}
		init = own
	}
	b = append(b, "#EXT-X-PROGRAM-DATE-TIME:"...)
	b = s.wall.UTC().Round(time.Millisecond).AppendFormat(b, "2006-01-02T15:04:05.000Z")
	return append(b, '\n'), init
}

func appendParts(b []byte, s *segment) []byte {
	for i, p := range s.parts {
		b = append(b, "#EXT-X-PART:DURATION="...)
		b = appendSeconds(b, p.Duration)
		b = append(b, ",URI=\""...)
		b = append(b, partName(s.msn, i)...)
		b = append(b, '"')
		if p.Independent {
			b = append(b, ",INDEPENDENT=YES"...)
		}
		b = append(b, '\n')
	}
	return b
}

// renderMaster writes the multivariant playlist with its one rendition.
func renderMaster(init *Init, peak int64) []byte {
	codecs, resolution := "", ""
	if v := init.Tracks.Video; v != nil {
		codecs = v.Codecs
		resolution = fmt.Sprintf(",RESOLUTION=%dx%d", v.Width, v.Height)
		if v.FPS > 0 {
			resolution += fmt.Sprintf(",FRAME-RATE=%.3f", v.FPS)
		}
	}
	if a := init.Tracks.Audio; a != nil {
		if codecs != "" {
			codecs += ","
		}
		codecs += a.Codecs
	}
	return fmt.Appendf(nil, "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-STREAM-INF:BANDWIDTH=%d,CODECS=\"%s\"%s\nmedia.m3u8\n", peak, codecs, resolution)
}
