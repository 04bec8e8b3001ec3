package hub

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge"

	"github.com/openstall/openstall/internal/kit/errs"
)

// connection is what we know about a socket, carried by its context.
type connection struct {
	who Viewer

	mu      sync.Mutex
	tokens  float64
	filled  time.Time
	refused int
}

type connectionKey struct{}

func connectionOf(ctx context.Context) *connection {
	c, _ := ctx.Value(connectionKey{}).(*connection)
	return c
}

// ServeHTTP opens a socket. Mount it at GET /v1/socket.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	who, err := h.cfg.Identify(r)
	if err != nil {
		h.refuse.WithLabelValues("identity").Inc()
		http.Error(w, "not allowed", http.StatusForbidden)
		return
	}
	release, ok := h.ips.take(who.IP, h.cfg.ConnectionsPerIP)
	if !ok {
		h.refuse.WithLabelValues("connections").Inc()
		w.Header().Set("Retry-After", "10")
		http.Error(w, "too many connections", http.StatusServiceUnavailable)
		return
	}
	counted := &countedWriter{ResponseWriter: w, release: release}
	defer counted.returned()
	c := &connection{who: who, tokens: float64(2 * h.cfg.CommandsPerSecond), filled: h.cfg.Now()}
	ctx := context.WithValue(r.Context(), connectionKey{}, c)
	ctx = centrifuge.SetCredentials(ctx, &centrifuge.Credentials{UserID: who.Person})
	h.socket.ServeHTTP(counted, r.WithContext(ctx))
}

func (h *Hub) hook() {
	h.node.OnNodeInfoSend(h.share)
	h.node.OnCacheEmpty(h.fill)
	h.node.OnCommandRead(h.limit)
	h.node.OnConnecting(func(ctx context.Context, _ centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		// One write carries what piles up meanwhile, while replies go out at once. Not
		// WriteWithTimer, which saves a goroutine: it makes whoever publishes wait for
		// the write that a stuck viewer blocks.
		reply := centrifuge.ConnectReply{
			WriteDelay: max(0, h.cfg.WriteDelay), MaxMessagesInFrame: -1, ReplyWithoutQueue: true,
		}
		if c := connectionOf(ctx); c != nil && c.who.Person != "" {
			reply.Subscriptions = map[string]centrifuge.SubscribeOptions{
				Channel(PersonKind, c.who.Person): {EnableRecovery: true},
			}
		}
		return reply, nil
	})
	h.node.OnConnect(func(client *centrifuge.Client) {
		c := connectionOf(client.Context())
		client.OnSubscribe(func(e centrifuge.SubscribeEvent, done centrifuge.SubscribeCallback) {
			reply, err := h.subscribe(client.Context(), c.who, e.Channel)
			done(reply, h.tell(client.Context(), err))
		})
		client.OnRPC(func(e centrifuge.RPCEvent, done centrifuge.RPCCallback) {
			data, err := h.call(client.Context(), c.who, e)
			done(centrifuge.RPCReply{Data: data}, h.tell(client.Context(), err))
		})
	})
}

// limit refuses commands that come too fast, and cuts off who does not slow
// down.
func (h *Hub) limit(client *centrifuge.Client, _ centrifuge.CommandReadEvent) error {
	c := connectionOf(client.Context())
	if c == nil {
		return centrifuge.DisconnectBadRequest
	}
	rate := float64(h.cfg.CommandsPerSecond)
	c.mu.Lock()
	defer c.mu.Unlock()
	now := h.cfg.Now()
	c.tokens = min(2*rate, c.tokens+now.Sub(c.filled).Seconds()*rate)
	c.filled = now
	if c.tokens >= 1 {
		c.tokens--
		c.refused = 0
		return nil
	}
	h.refuse.WithLabelValues("commands").Inc()
	if c.refused++; c.refused > 5*h.cfg.CommandsPerSecond {
		return centrifuge.DisconnectTooManyRequests
	}
	return centrifuge.ErrorTooManyRequests
}

func split(channel string) (kind, id string) {
	kind, id, _ = strings.Cut(channel, ":")
	return kind, id
}

func (h *Hub) subscribe(ctx context.Context, who Viewer, channel string) (centrifuge.SubscribeReply, error) {
	var reply centrifuge.SubscribeReply
	kind, id := split(channel)
	rule, ok := h.rules[kind]
	if !ok || id == "" {
		return reply, centrifuge.ErrorUnknownChannel
	}
	if rule.May != nil {
		if err := rule.May(ctx, who, id); err != nil {
			return reply, err
		}
	}
	reply.Options.EnableRecovery = rule.News || rule.State != nil
	if rule.State != nil {
		reply.Options.RecoveryMode = centrifuge.RecoveryModeCache
		reply.Options.AutoCacheRecover = true
	}
	if rule.Greet != nil {
		data, err := rule.Greet(ctx, who, id)
		if err != nil {
			return reply, err
		}
		reply.Options.Data = data
	}
	return reply, nil
}

// fill keeps a state for a channel that has none, asking for it once however
// many listeners come.
func (h *Hub) fill(e centrifuge.CacheEmptyEvent) (centrifuge.CacheEmptyReply, error) {
	kind, id := split(e.Channel)
	rule := h.rules[kind]
	if rule.State == nil {
		return centrifuge.CacheEmptyReply{}, nil
	}
	_, err, _ := h.fills.Do(e.Channel, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		version, data, err := rule.State(ctx, id)
		if err != nil {
			return nil, err
		}
		return nil, h.PublishState(e.Channel, version, data)
	})
	if err != nil {
		return centrifuge.CacheEmptyReply{}, fmt.Errorf("state of %s: %w", e.Channel, err)
	}
	return centrifuge.CacheEmptyReply{Populated: true}, nil
}

func (h *Hub) call(ctx context.Context, who Viewer, e centrifuge.RPCEvent) ([]byte, error) {
	fn, ok := h.rpcs[e.Method]
	if !ok {
		return nil, centrifuge.ErrorMethodNotFound
	}
	return fn(ctx, who, e.Data)
}

// codes are what a client sees of an error of ours: the HTTP status of its kind,
// with the stable code as the message.
var codes = map[errs.Kind]uint32{
	errs.Invalid: 422, errs.Unauthorised: 401, errs.Forbidden: 403, errs.NotFound: 404,
	errs.Conflict: 409, errs.TooMany: 429, errs.TooLarge: 413, errs.Unavailable: 503,
}

func (h *Hub) tell(ctx context.Context, err error) error {
	var e *errs.Error
	var ours *centrifuge.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &ours):
		return ours
	case errors.As(err, &e) && codes[e.Kind] != 0:
		return &centrifuge.Error{Code: codes[e.Kind], Message: e.Code, Temporary: e.Kind == errs.Unavailable}
	}
	h.cfg.Log.ErrorContext(ctx, "socket command failed", "error", err)
	return centrifuge.ErrorInternal
}

func onlyOneself(_ context.Context, who Viewer, id string) error {
	if who.Person == "" || who.Person != id {
		return centrifuge.ErrorPermissionDenied
	}
	return nil
}
