package whip

import (
	"bytes"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
	"github.com/openstall/openstall/internal/media/stream"
	"github.com/openstall/openstall/internal/media/transcode"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

// track reads a track to its end. pion calls it in a goroutine of its own.
func (x *session) track(t *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
	x.mu.Lock()
	if x.closing {
		x.mu.Unlock()
		return
	}
	x.tracks.Add(2)
	x.mu.Unlock()
	defer x.tracks.Done()
	video := t.Kind() == webrtc.RTPCodecTypeVideo
	go func() {
		defer x.tracks.Done()
		x.reports(r, video)
	}()
	if video {
		x.pliMu.Lock()
		x.ssrc = t.SSRC()
		x.pliMu.Unlock()
		x.askForKey()
		x.pictures(t)
		return
	}
	x.sounds(t)
}

// reports reads sender reports, which say when a timestamp was (RFC 3550, 6.4.1).
func (x *session) reports(r *webrtc.RTPReceiver, video bool) {
	for {
		packets, _, err := r.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			sr, ok := p.(*rtcp.SenderReport)
			if !ok {
				continue
			}
			wall := time.Duration(sr.NTPTime>>32)*time.Second + time.Duration((sr.NTPTime&0xffffffff)*uint64(time.Second)>>32)
			x.mu.Lock()
			c := &x.sound
			if video {
				c = &x.picture
			}
			c.report = report{true, sr.RTPTime, wall}
			lipSync(&x.picture, &x.sound)
			x.mu.Unlock()
		}
	}
}

// pictures turns RTP packets into access units.
func (x *session) pictures(t *webrtc.TrackRemote) {
	var order reorder
	var units assembler
	var v viewer
	for {
		p, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		now := time.Now()
		due, lost := order.push(p, now)
		if lost {
			units.lose()
		}
		for _, p := range due {
			done, whole := units.push(p)
			if !whole {
				v.lost = true
			}
			for _, u := range done {
				if err := x.show(&v, u, now); err != nil {
					return
				}
			}
		}
		if v.lost {
			x.askForKey()
		}
	}
}

// viewer is what a decoder would know.
type viewer struct {
	config []byte // of the last parameter sets
	lost   bool   // pictures are missing until the next keyframe
}

// show hands an access unit to the stream.
func (x *session) show(v *viewer, u unit, now time.Time) error {
	if sps, pps := codec.ParameterSets(u.nals); len(sps) > 0 && len(pps) > 0 {
		track, err := codec.NewVideo(sps, pps)
		if err != nil {
			v.lost = true
			return nil
		}
		if !bytes.Equal(track.Config, v.config) { // the phone was turned, perhaps
			v.config = track.Config
			x.pub.Video(track)
		}
	}
	key := false
	pictures := u.nals[:0:0]
	for _, n := range u.nals {
		switch n[0] & 31 {
		case 7, 8: // in the init segment
		case 5:
			key = true
			pictures = append(pictures, n)
		default:
			pictures = append(pictures, n)
		}
	}
	if key {
		v.lost = false
		x.pliMu.Lock()
		x.keyed = now
		x.pliMu.Unlock()
	}
	if v.lost || len(pictures) == 0 || v.config == nil {
		return nil
	}
	data := codec.AVCC(pictures)
	if len(data) == 0 {
		return nil
	}
	x.mu.Lock()
	at := x.picture.at(u.stamp, now.Sub(x.begin))
	x.mu.Unlock()
	return x.pub.Write(stream.Packet{Kind: stream.Video, DTS: at, Data: data})
}

// sounds passes Opus packets to the encoder.
func (x *session) sounds(t *webrtc.TrackRemote) {
	aac, err := transcode.NewAudio(transcode.AudioConfig{Log: x.log, Out: func(frame []byte, at time.Duration) {
		// The publisher's end is noticed by the picture or the connection.
		_ = x.pub.Write(stream.Packet{Kind: stream.Audio, DTS: at, Data: frame})
	}})
	if err != nil {
		x.log.Warn("whip sound left out", "error", err)
		discard(t)
		return
	}
	x.mu.Lock()
	x.aac = aac
	x.mu.Unlock()
	x.pub.Audio(aac.Track())
	var order reorder
	for {
		p, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		now := time.Now()
		due, _ := order.push(p, now)
		for _, p := range due {
			x.mu.Lock()
			at := x.sound.at(p.Timestamp, now.Sub(x.begin))
			x.mu.Unlock()
			aac.Write(p.Payload, at)
		}
	}
}

// discard reads what nobody wants, so that its buffers do not fill.
func discard(t *webrtc.TrackRemote) {
	b := make([]byte, 1500)
	for {
		if _, _, err := t.Read(b); err != nil {
			return
		}
	}
}
