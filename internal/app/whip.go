package app

import (
	"fmt"
	"net"

	"github.com/openstall/openstall/internal/media/whip"
)

// openWHIP opens the one UDP port of all browsers that send pictures, and the
// TCP port of the same number for networks that let no UDP through.
func (a *App) openWHIP() (*whip.Server, error) {
	udp, err := net.ListenPacket("udp", a.cfg.WebRTC)
	if err != nil {
		return nil, fmt.Errorf("webrtc address %s: %w", a.cfg.WebRTC, err)
	}
	tcp, err := net.Listen("tcp", udp.LocalAddr().String())
	if err != nil {
		a.log.Warn("no WebRTC over TCP", "address", a.cfg.WebRTC, "error", err)
		tcp = nil
	}
	ips := []string{}
	for _, ip := range a.cfg.PublicIPs {
		if ip != "" {
			ips = append(ips, ip)
		}
	}
	s, err := whip.New(a.studio.reg, a.studio.authorize, whip.Config{UDP: udp, TCP: tcp, PublicIPs: ips, Loopback: a.cfg.PublicURL == "", Log: a.log})
	if err != nil {
		_ = udp.Close()
		return nil, err
	}
	return s, nil
}
