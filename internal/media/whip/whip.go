// Package whip takes live streams from browsers by WebRTC (WHIP, RFC 9725;
// sections below refer to it): H.264 as it comes, Opus turned into AAC.
//
// All sessions share one UDP port, and one TCP port for networks that block UDP.
// There are host candidates only, with the public addresses from the
// configuration.
package whip

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/media/stream"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"
)

// Config has useful zero values but for UDP.
type Config struct {
	// UDP is the socket of all sessions. The server closes it.
	UDP net.PacketConn
	// TCP is the fallback, none if nil. The server closes it.
	TCP net.Listener
	// PublicIPs are the addresses to announce instead of those of the machine's
	// interfaces; needed behind NAT.
	PublicIPs []string
	// Loopback announces 127.0.0.1 too, for trying things out on one machine.
	Loopback bool
	// KeyframeEvery is how often a browser is asked for a keyframe, 2 s if zero.
	// Left alone, browsers send one only at the start.
	KeyframeEvery time.Duration
	// SetupTime is how long a browser may take to connect, 20 s if zero.
	SetupTime time.Duration
	// MaxSessions bounds the sessions, 100 if zero.
	MaxSessions int
	// Log is slog.Default if nil.
	Log *slog.Logger
}

// Server is the WHIP endpoint.
type Server struct {
	reg  *stream.Registry
	auth stream.Authorize
	cfg  Config
	api  *webrtc.API
	udp  ice.UDPMux
	tcp  ice.TCPMux

	mu       sync.Mutex
	sessions map[string]*session
	closed   bool
	wg       sync.WaitGroup
}

// errShutdown ends sessions when the server stops.
var errShutdown = errors.New("the server is shutting down")

// New returns a server that feeds the streams of reg with publishers that auth
// lets in.
func New(reg *stream.Registry, auth stream.Authorize, cfg Config) (*Server, error) {
	if cfg.KeyframeEvery <= 0 {
		cfg.KeyframeEvery = 2 * time.Second
	}
	if cfg.SetupTime <= 0 {
		cfg.SetupTime = 20 * time.Second
	}
	if cfg.MaxSessions <= 0 {
		cfg.MaxSessions = 100
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.UDP == nil {
		return nil, errors.New("whip needs a UDP socket")
	}
	s := &Server{reg: reg, auth: auth, cfg: cfg, sessions: map[string]*session{}}
	quiet := &logging.DefaultLoggerFactory{DefaultLogLevel: logging.LogLevelDisabled}
	var set webrtc.SettingEngine
	set.LoggerFactory = quiet
	s.udp = webrtc.NewICEUDPMux(quiet.NewLogger("ice"), cfg.UDP)
	set.SetICEUDPMux(s.udp)
	networks := []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}
	if cfg.TCP != nil {
		s.tcp = webrtc.NewICETCPMux(quiet.NewLogger("ice"), cfg.TCP, 64)
		set.SetICETCPMux(s.tcp)
		networks = append(networks, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6)
	}
	set.SetNetworkTypes(networks)
	set.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	set.SetIncludeLoopbackCandidate(cfg.Loopback)
	set.SetICETimeouts(5*time.Second, 10*time.Second, 2*time.Second)
	if len(cfg.PublicIPs) > 0 {
		err := set.SetICEAddressRewriteRules(webrtc.ICEAddressRewriteRule{
			External: cfg.PublicIPs, AsCandidateType: webrtc.ICECandidateTypeHost, Mode: webrtc.ICEAddressRewriteReplace,
		})
		if err != nil {
			return nil, fmt.Errorf("public addresses: %w", err)
		}
	}
	media, ic, err := engines()
	if err != nil {
		return nil, err
	}
	s.api = webrtc.NewAPI(webrtc.WithSettingEngine(set), webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(ic))
	return s, nil
}

// profiles are the H.264 profiles and levels browsers offer: constrained baseline
// first (RFC 7742, 6.2), then what some phones have in hardware only.
var profiles = []string{"42e01f", "42001f", "4d001f", "64001f"}

func engines() (*webrtc.MediaEngine, *interceptor.Registry, error) {
	media := &webrtc.MediaEngine{}
	feedback := []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "transport-cc"}}
	var errs []error
	for i, profile := range profiles {
		errs = append(errs, media.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: webrtc.MimeTypeH264, ClockRate: 90000,
				SDPFmtpLine:  "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=" + profile,
				RTCPFeedback: feedback,
			},
			PayloadType: webrtc.PayloadType(96 + i),
		}, webrtc.RTPCodecTypeVideo))
	}
	errs = append(errs, media.RegisterCodec(webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2,
			SDPFmtpLine: "minptime=10;useinbandfec=1;stereo=1",
		},
		PayloadType: 111,
	}, webrtc.RTPCodecTypeAudio))
	ic := &interceptor.Registry{}
	errs = append(errs, webrtc.ConfigureNack(media, ic), webrtc.ConfigureRTCPReports(ic), webrtc.ConfigureTWCCSender(media, ic))
	return media, ic, errors.Join(errs...)
}

// Close ends all sessions and closes the sockets.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	for _, x := range s.sessions {
		x.end(errShutdown)
	}
	s.mu.Unlock()
	s.wg.Wait()
	err := s.udp.Close()
	if s.tcp != nil {
		err = errors.Join(err, s.tcp.Close())
	}
	return errors.Join(err, ignoreClosed(s.cfg.UDP.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Sessions returns how many browsers are connected or connecting.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// admit registers x under a name nobody can guess.
func (s *Server) admit(x *session) error {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	x.id = hex.EncodeToString(b[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errShutdown
	}
	if len(s.sessions) >= s.cfg.MaxSessions {
		return errFull
	}
	s.sessions[x.id] = x
	return nil
}

func (s *Server) find(id string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[id]
}

func (s *Server) forget(x *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, x.id)
}

// accept negotiates a session for an offer and publishes its stream. An offer that
// cannot be answered disturbs nobody who is on air.
func (s *Server) accept(ctx context.Context, ticket stream.Ticket, remote, offer string) (*session, string, error) {
	x := &session{srv: s, ended: make(chan error, 1), begin: time.Now(), log: s.cfg.Log.With("stream", ticket.Stream, "remote", remote)}
	if err := s.admit(x); err != nil {
		return nil, "", err
	}
	answer, err := x.negotiate(ctx, offer)
	if err == nil {
		x.mu.Lock()
		x.pub, err = s.reg.Publish(ticket, stream.Source{Protocol: "whip", Remote: remote, Kick: x.end})
		x.mu.Unlock()
	}
	if err != nil {
		x.close(err)
		s.forget(x)
		return nil, "", err
	}
	x.pub.Expect(x.video, x.audio)
	s.wg.Go(x.run)
	return x, answer, nil
}
