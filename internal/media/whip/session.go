package whip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/media/stream"
	"github.com/openstall/openstall/internal/media/transcode"
	"github.com/pion/rtcp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// Reasons for which sessions end or do not begin.
var (
	errFull     = errors.New("too many browsers publish at this moment, try again later")
	errLeft     = errors.New("the publisher left")
	errLost     = errors.New("the connection to the browser was lost")
	errNoSetup  = errors.New("the browser did not connect")
	errBadOffer = errors.New("the offer cannot be answered")
	errNoH264   = errors.New("the browser offers no H.264, which this server needs; use another browser or OBS")
)

// session is one browser that publishes.
type session struct {
	srv   *Server
	id    string
	ufrag string // of the remote; its change would be an ICE restart
	pc    *webrtc.PeerConnection
	pub   *stream.Publisher
	log   *slog.Logger
	begin time.Time
	ended chan error // holds the first reason to end
	video bool       // what the offer promises and we can take
	audio bool

	tracks    sync.WaitGroup
	connected chan struct{}

	mu      sync.Mutex // guards what follows
	closing bool
	picture clock
	sound   clock
	aac     *transcode.Audio

	pliMu sync.Mutex
	plied time.Time
	keyed time.Time
	ssrc  webrtc.SSRC
}

// end asks the session to end; only the first reason counts. It does not block.
func (x *session) end(reason error) {
	select {
	case x.ended <- reason:
	default:
	}
}

// negotiate answers an offer (4.2).
func (x *session) negotiate(ctx context.Context, offer string) (answer string, err error) {
	var desc sdp.SessionDescription
	if err := desc.UnmarshalString(offer); err != nil {
		return "", fmt.Errorf("%w: %w", errBadOffer, err)
	}
	x.video, x.audio = sections(&desc)
	x.audio = x.audio && transcode.Available()
	x.ufrag = attribute(&desc, "ice-ufrag")
	x.picture, x.sound = clock{rate: 90000}, clock{rate: 48000}
	x.connected = make(chan struct{})

	if x.pc, err = x.srv.api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return "", err
	}
	x.pc.OnTrack(func(t *webrtc.TrackRemote, r *webrtc.RTPReceiver) { x.track(t, r) })
	var once sync.Once
	x.pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch state {
		case webrtc.PeerConnectionStateConnected:
			once.Do(func() { close(x.connected) })
		case webrtc.PeerConnectionStateDisconnected, webrtc.PeerConnectionStateFailed:
			x.end(errLost)
		case webrtc.PeerConnectionStateClosed:
			x.end(errLeft)
		}
	})
	if err := x.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		if x.video {
			return "", fmt.Errorf("%w: %w", errNoH264, err)
		}
		return "", fmt.Errorf("%w: %w", errBadOffer, err)
	}
	for _, t := range x.pc.GetTransceivers() {
		if t.Kind() == webrtc.RTPCodecTypeVideo && len(t.Receiver().GetParameters().Codecs) == 0 {
			return "", errNoH264
		}
	}
	local, err := x.pc.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errBadOffer, err)
	}
	gathered := webrtc.GatheringCompletePromise(x.pc)
	if err := x.pc.SetLocalDescription(local); err != nil {
		return "", fmt.Errorf("%w: %w", errBadOffer, err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	return x.pc.LocalDescription().SDP, nil
}

// sections reports which media an offer wants to send.
func sections(desc *sdp.SessionDescription) (video, audio bool) {
	for _, m := range desc.MediaDescriptions {
		if _, ok := m.Attribute("recvonly"); ok || m.MediaName.Port.Value == 0 {
			continue
		}
		switch m.MediaName.Media {
		case "video":
			video = true
		case "audio":
			audio = true
		}
	}
	return video, audio
}

// attribute finds an attribute of the session or of its first medium.
func attribute(desc *sdp.SessionDescription, key string) string {
	if v, ok := desc.Attribute(key); ok {
		return v
	}
	for _, m := range desc.MediaDescriptions {
		if v, ok := m.Attribute(key); ok {
			return v
		}
	}
	return ""
}

// run waits for the session's end and cleans up.
func (x *session) run() {
	defer x.srv.forget(x)
	x.log.Info("whip publisher connecting")
	setup := time.NewTimer(x.srv.cfg.SetupTime)
	defer setup.Stop()
	keys := time.NewTicker(time.Second)
	defer keys.Stop()
	connected := x.connected
	for {
		select {
		case reason := <-x.ended:
			x.log.Info("whip publisher gone", "error", reason)
			x.close(reason)
			return
		case <-connected:
			connected = nil
			setup.Stop()
		case <-setup.C:
			x.end(errNoSetup)
		case <-keys.C:
			x.pliMu.Lock()
			old := x.ssrc != 0 && time.Since(x.keyed) >= x.srv.cfg.KeyframeEvery-500*time.Millisecond
			x.pliMu.Unlock()
			if old {
				x.askForKey()
			}
		}
	}
}

// close lets go of everything the session holds.
func (x *session) close(reason error) {
	x.mu.Lock()
	x.closing = true
	x.mu.Unlock()
	if x.pub != nil {
		x.pub.Close(reason)
	}
	if x.pc != nil {
		if err := x.pc.Close(); err != nil {
			x.log.Debug("peer connection not closed", "error", err)
		}
	}
	x.tracks.Wait()
	x.mu.Lock()
	aac := x.aac
	x.mu.Unlock()
	if aac != nil {
		aac.Close()
	}
}

// askForKey sends a picture loss indication (RFC 4585, 6.3.1), at most one a
// second.
func (x *session) askForKey() {
	x.pliMu.Lock()
	if x.ssrc == 0 || time.Since(x.plied) < time.Second-50*time.Millisecond {
		x.pliMu.Unlock()
		return
	}
	x.plied = time.Now()
	ssrc := uint32(x.ssrc)
	x.pliMu.Unlock()
	if err := x.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}}); err != nil {
		x.log.Debug("keyframe not asked for", "error", err)
	}
}
