// Package hub is the socket floor: browsers subscribe to channels and are sent
// what the areas publish there.
//
// A channel is "<kind>:<id>", and the roof gives a [Rule] for each kind. There
// are three ways to publish. A plain publication reaches whoever listens now and
// is forgotten; news is kept for a while for listeners who were away; a state is
// whole and versioned, the last one is kept and sent to every new listener, and a
// lower version never replaces a higher one. There are
// no lists of who is present and no messages about who comes and goes: they cost
// the square of the audience.
package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"github.com/openstall/openstall/internal/kit/clock"
)

// Viewer is who sits at the other end of a connection.
type Viewer struct {
	Person string // id of a signed-in person, or ""
	ID     string // id of the browser, also for the anonymous
	IP     string
}

// Rule says who may listen to a kind of channel and what they hear first.
type Rule struct {
	// May says whether who may listen to the channel of id. It must not use the
	// database: ten thousand viewers come at once. Nil allows everyone.
	May func(ctx context.Context, who Viewer, id string) error
	// Greet returns what rides in the reply to a subscription (JSON). Nil: nothing.
	// A plain publication between the greeting and the reply may be missed.
	Greet func(ctx context.Context, who Viewer, id string) ([]byte, error)
	// State, when set, makes the channel one of states: it returns the current
	// one for the case that none is kept, as after a restart.
	State func(ctx context.Context, id string) (version uint64, data []byte, err error)
	// News makes the channel one of news, published with [Hub.PublishNews].
	News bool
}

// PersonKind is the kind of the channel that every signed-in person hears
// without asking: order states, notices. Publish to it with [Hub.PublishTo].
const PersonKind = "person"

// RPC answers a call over the socket. Its errors should be of package errs.
type RPC func(ctx context.Context, who Viewer, data []byte) ([]byte, error)

// Config of a hub. Identify is required; the zero value of the rest works.
type Config struct {
	// Identify says who opens a socket, from the cookies of the request. An error
	// refuses the connection.
	Identify func(r *http.Request) (Viewer, error)
	// RedisURL joins several processes (redis://…). Default: this process alone.
	RedisURL string
	// Market names the installation among those that share a Redis; its processes
	// give the same name.
	Market string
	// Log takes what the hub has to say. Default: nowhere.
	Log *slog.Logger
	// Metrics takes the counters. Default: nowhere.
	Metrics *prometheus.Registry
	// Now tells the time. Default: [time.Now].
	Now clock.Now
	// Origins are allowed besides the host of the request, as "https://a.example".
	Origins []string
	// CommandsPerSecond is what a connection may send for long; twice of it at
	// once. Default 10.
	CommandsPerSecond int
	// ConnectionsPerIP bounds the open sockets of one address. It is generous,
	// because a mobile carrier shows thousands of phones under one. Default 500.
	ConnectionsPerIP int
	// QueueSize is how many bytes may wait for one viewer before it is cut off.
	// Default 256 KiB.
	QueueSize int
	// WriteDelay is how long messages to one viewer are gathered before they leave
	// in one write; replies never wait. Default 25 ms; below zero nothing waits.
	WriteDelay time.Duration
}

// Hub keeps the sockets of this process. It is safe for concurrent use.
type Hub struct {
	cfg    Config
	node   *centrifuge.Node
	socket http.Handler
	rules  map[string]Rule
	rpcs   map[string]RPC
	fills  singleflight.Group
	ips    perIP
	refuse *prometheus.CounterVec

	start   sync.Once
	started error
}

const (
	frameSize  = 4 << 10 // the longest message from a viewer, in bytes
	stateKept  = 24 * time.Hour
	newsKept   = 10 * time.Minute
	newsLength = 50
)

// New returns a hub. Set rules and calls before Run.
func New(cfg Config) (*Hub, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.CommandsPerSecond == 0 {
		cfg.CommandsPerSecond = 10
	}
	if cfg.ConnectionsPerIP == 0 {
		cfg.ConnectionsPerIP = 500
	}
	if cfg.QueueSize == 0 {
		cfg.QueueSize = 256 << 10
	}
	if cfg.WriteDelay == 0 {
		cfg.WriteDelay = 25 * time.Millisecond
	}
	h := &Hub{
		cfg: cfg, rules: map[string]Rule{PersonKind: {May: onlyOneself, News: true}}, rpcs: map[string]RPC{},
		refuse: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "openstall_hub_refused_total", Help: "Refused connections and commands by reason.",
		}, []string{"reason"}),
	}
	metrics := cfg.Metrics
	if metrics == nil {
		metrics = prometheus.NewRegistry()
	}
	node, err := centrifuge.New(centrifuge.Config{
		LogLevel:           centrifuge.LogLevelWarn,
		LogHandler:         h.log,
		ClientQueueMaxSize: cfg.QueueSize,
		ClientChannelLimit: 32,
		ChannelMaxLength:   120,
		UseSingleFlight:    true,
		HistoryMetaTTL:     stateKept,
		Metrics:            centrifuge.MetricsConfig{MetricsNamespace: "openstall_hub", RegistererGatherer: metrics},
	})
	if err != nil {
		return nil, fmt.Errorf("hub: %w", err)
	}
	h.node = node
	if err := errors.Join(metrics.Register(h.refuse), h.useRedis()); err != nil {
		return nil, fmt.Errorf("hub: %w", err)
	}
	h.hook()
	h.socket = centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{
		CheckOrigin:                h.sameOrigin,
		ReadBufferSize:             1024,
		UseWriteBufferPool:         true,
		MessageSizeLimit:           frameSize,
		WriteTimeout:               time.Second,
		ProcessCommandsOffReadLoop: true,
		PingPongConfig:             centrifuge.PingPongConfig{PingInterval: 45 * time.Second, PongTimeout: 10 * time.Second},
	})
	return h, nil
}

func (h *Hub) useRedis() error {
	if h.cfg.RedisURL == "" {
		return nil
	}
	shard, err := centrifuge.NewRedisShard(h.node, centrifuge.RedisShardConfig{Address: h.cfg.RedisURL})
	if err != nil {
		return err
	}
	shards := []*centrifuge.RedisShard{shard}
	broker, err := centrifuge.NewRedisBroker(h.node, centrifuge.RedisBrokerConfig{Shards: shards, Prefix: "openstall." + h.cfg.Market})
	if err != nil {
		return err
	}
	h.node.SetBroker(broker)
	h.node.SetController(broker)
	return nil
}

// Rule sets the rule of a kind of channel. Kinds without a rule do not exist.
func (h *Hub) Rule(kind string, r Rule) { h.rules[kind] = r }

// Handle answers calls of method with fn.
func (h *Hub) Handle(method string, fn RPC) { h.rpcs[method] = fn }

// Run starts the hub, serves until ctx ends, then sends every viewer away, to
// come back after a while of their own choosing, and returns nil.
func (h *Hub) Run(ctx context.Context) error {
	if err := h.Start(); err != nil {
		return err
	}
	<-ctx.Done()
	return h.Stop(context.WithoutCancel(ctx))
}

// Start makes the hub ready; Run does it too. A second call does nothing.
func (h *Hub) Start() error {
	h.start.Do(func() { h.started = h.node.Run() })
	if h.started != nil {
		return fmt.Errorf("start hub: %w", h.started)
	}
	return nil
}

// Stop closes every socket. One that does not answer for five seconds is left to
// the end of the process.
func (h *Hub) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := h.node.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stop hub: %w", err)
	}
	return nil
}

// Channel names the channel of id.
func Channel(kind, id string) string { return kind + ":" + id }

// Publish sends data (JSON) to whoever listens to a channel now.
func (h *Hub) Publish(channel string, data []byte) error {
	// The history is never read, but gives the publication an offset. One without is
	// dropped for a client whose subscription is in progress, until a moment after
	// the reply is written: replies do not wait in the queue, so the client may be
	// told, and have told others, that it listens before it does.
	_, err := h.node.Publish(channel, data, centrifuge.WithHistory(1, time.Minute))
	if err != nil {
		return fmt.Errorf("publish to %s: %w", channel, err)
	}
	return nil
}

// PublishState sends and keeps a whole state (JSON). A version that is not above
// the kept one is dropped without an error.
func (h *Hub) PublishState(channel string, version uint64, data []byte) error {
	_, err := h.node.Publish(channel, data,
		centrifuge.WithHistory(1, stateKept), centrifuge.WithVersion(version, ""))
	if err != nil {
		return fmt.Errorf("publish state of %s: %w", channel, err)
	}
	return nil
}

// PublishNews sends data (JSON) to the listeners of a channel of news. One that
// was away for less than ten minutes hears it when it comes back, if it is among
// the last 50.
func (h *Hub) PublishNews(channel string, data []byte) error {
	_, err := h.node.Publish(channel, data, centrifuge.WithHistory(newsLength, newsKept))
	if err != nil {
		return fmt.Errorf("publish to %s: %w", channel, err)
	}
	return nil
}

// PublishTo sends data (JSON) as news to every device of a person.
func (h *Hub) PublishTo(person string, data []byte) error {
	return h.PublishNews(Channel(PersonKind, person), data)
}

// Here counts the listeners of a channel in this process.
func (h *Hub) Here(channel string) int { return h.node.Hub().NumSubscribers(channel) }

// Connections counts the open sockets of this process.
func (h *Hub) Connections() int { return h.node.Hub().NumClients() }

// Remove ends the listening of a person to a channel, on every device: when a
// seller takes a right back.
func (h *Hub) Remove(person, channel string) error {
	if person == "" {
		return nil // would be every anonymous viewer
	}
	return h.node.Unsubscribe(person, channel)
}

// Disconnect closes the sockets of a person, who comes back with new cookies:
// after signing out.
func (h *Hub) Disconnect(person string) error {
	if person == "" {
		return nil
	}
	return h.node.Disconnect(person, centrifuge.WithCustomDisconnect(centrifuge.DisconnectForceReconnect))
}

func (h *Hub) sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true // not a browser: it has no cookies of ours to be tricked out of
	}
	_, host, ok := strings.Cut(origin, "://")
	if ok && strings.EqualFold(host, r.Host) {
		return true
	}
	for _, o := range h.cfg.Origins {
		if strings.EqualFold(o, origin) {
			return true
		}
	}
	h.refuse.WithLabelValues("origin").Inc()
	return false
}

func (h *Hub) log(e centrifuge.LogEntry) {
	args := make([]any, 0, 2*len(e.Fields))
	for k, v := range e.Fields {
		args = append(args, k, v)
	}
	level := slog.LevelWarn
	if e.Level >= centrifuge.LogLevelError {
		level = slog.LevelError
	}
	h.cfg.Log.Log(context.Background(), level, "hub: "+e.Message, args...)
}
