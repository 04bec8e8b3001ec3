package hub

import (
	"encoding/json"

	"github.com/centrifugal/centrifuge"
)

// counted are the kinds of channel whose listeners are added up over processes.
const counted = "room"

// Count returns how many listen to a channel of kind "room", in all processes.
// The others' shares are up to three seconds old, and a process that died counts
// for up to nine seconds more.
func (h *Hub) Count(channel string) int {
	total := h.Here(channel)
	if h.cfg.RedisURL == "" {
		return total
	}
	info, err := h.node.Info()
	if err != nil {
		return total
	}
	for _, n := range info.Nodes {
		if n.UID == h.node.ID() {
			continue
		}
		var shares map[string]int
		if json.Unmarshal(n.Data, &shares) == nil {
			total += shares[channel]
		}
	}
	return total
}

// share tells the other processes how many listen here.
func (h *Hub) share() centrifuge.NodeInfoSendReply {
	if h.cfg.RedisURL == "" {
		return centrifuge.NodeInfoSendReply{}
	}
	shares := map[string]int{}
	for _, channel := range h.node.Hub().Channels() {
		if kind, _ := split(channel); kind == counted {
			shares[channel] = h.Here(channel)
		}
	}
	data, _ := json.Marshal(shares) // a map of numbers always encodes
	return centrifuge.NodeInfoSendReply{Data: data}
}
