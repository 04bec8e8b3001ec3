package transcode

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/media/codec"
)

const (
	opusRate = 48000
	// maxOpus is the largest packet we pass on: 120 ms at the highest rate fits.
	maxOpus = 8 << 10
	// priming is what ffmpeg's AAC encoder puts before the first sample.
	priming = 1024
	// seam is how far a packet's time may be from the sample count before the
	// mapping gets a new piece.
	seam = 30 * time.Millisecond
)

// OpusSamples returns how long an Opus packet lasts in samples at 48 kHz (RFC
// 6716, 3.1), or 0 if it is none.
func OpusSamples(p []byte) int {
	if len(p) == 0 {
		return 0
	}
	frame := 0
	switch config := p[0] >> 3; {
	case config < 12:
		frame = []int{480, 960, 1920, 2880}[config%4]
	case config < 16:
		frame = []int{480, 960}[config%2]
	default:
		frame = []int{120, 240, 480, 960}[config%4]
	}
	n := 1
	switch p[0] & 3 {
	case 1, 2:
		n = 2
	case 3:
		if len(p) < 2 {
			return 0
		}
		n = int(p[1] & 63)
	}
	if n*frame > opusRate*120/1000 {
		return 0
	}
	return n * frame
}

// AudioConfig has useful zero values but for Out.
type AudioConfig struct {
	// Out receives AAC frames and their times, from one goroutine.
	Out func(frame []byte, at time.Duration)
	// Kbps is the AAC bit rate, 128 if zero.
	Kbps int
	// Log is slog.Default if nil.
	Log *slog.Logger
}

// Audio turns Opus into AAC through an ffmpeg child, which is started anew
// whenever it dies. Frames keep their input's clock: the encoder returns a sample
// for each sample, so counting them finds the time of every frame, and jumps in
// the input are jumps in the output.
type Audio struct {
	cfg  AudioConfig
	in   chan opusPacket
	stop context.CancelFunc
	done chan struct{}
}

type opusPacket struct {
	data []byte
	at   time.Duration
}

// NewAudio starts a bridge, or returns [ErrUnavailable]. It must be closed.
func NewAudio(cfg AudioConfig) (*Audio, error) {
	if !Available() {
		return nil, ErrUnavailable
	}
	if cfg.Kbps <= 0 {
		cfg.Kbps = 128
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	ctx, stop := context.WithCancel(context.Background())
	a := &Audio{cfg: cfg, in: make(chan opusPacket, 100), stop: stop, done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.supervise(ctx)
	}()
	return a, nil
}

// Track describes what comes out: 48 kHz stereo AAC-LC.
func (a *Audio) Track() *codec.Audio {
	t, err := codec.NewAudio(opusRate, 2)
	if err != nil {
		panic(err) // the constants above are wrong
	}
	return t
}

// Write passes an Opus packet on. It does not wait: while ffmpeg is being started
// again, packets are left out.
func (a *Audio) Write(packet []byte, at time.Duration) {
	if n := OpusSamples(packet); n == 0 || len(packet) > maxOpus {
		return
	}
	select {
	case a.in <- opusPacket{packet, at}:
	default:
	}
}

// Close stops ffmpeg and waits for the last call of Out.
func (a *Audio) Close() {
	a.stop()
	<-a.done
}

// supervise keeps a child running until ctx ends.
func (a *Audio) supervise(ctx context.Context) {
	const shortest, longest = 100 * time.Millisecond, 5 * time.Second
	pause := shortest
	for ctx.Err() == nil {
		begin := time.Now()
		err := a.run(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(begin) > time.Minute {
			pause = shortest
		}
		a.cfg.Log.Warn("audio encoder stopped, starting it again", "error", err, "pause", pause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, longest)
	}
}

// run feeds one child until it dies or ctx ends.
func (a *Audio) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// Without "-fflags nobuffer", which other recipes have: it throws away the
	// packets ffmpeg looked at first, and sound would be 20 ms early ever after.
	cmd := exec.CommandContext(ctx, "ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error",
		"-probesize", "32", "-analyzeduration", "0",
		"-protocol_whitelist", "pipe", "-f", "ogg", "-i", "pipe:0",
		"-c:a", "aac", "-b:a", strconv.Itoa(a.cfg.Kbps)+"k", "-ar", "48000", "-ac", "2",
		"-flush_packets", "1", "-f", "adts", "pipe:1")
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	m := &sampleMap{}
	var wg sync.WaitGroup
	wg.Go(func() {
		defer cancel()
		a.collect(stdout, m)
	})
	err := a.feed(ctx, stdin, m)
	cancel()
	_ = stdin.Close()
	wg.Wait()
	return errors.Join(err, cmd.Wait())
}

// feed writes packets into the child.
func (a *Audio) feed(ctx context.Context, w io.Writer, m *sampleMap) error {
	ogg := &oggWriter{w: w}
	if err := ogg.header(2); err != nil {
		return err
	}
	for {
		select {
		case p := <-a.in:
			n := OpusSamples(p.data)
			m.add(int64(n), p.at)
			if err := ogg.packet(p.data, n); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// collect reads ADTS frames from the child and passes them on with their times.
func (a *Audio) collect(r io.Reader, m *sampleMap) {
	br := bufio.NewReaderSize(r, 16<<10)
	sample := int64(-priming)
	for {
		head, err := br.Peek(codec.ADTSSize)
		if err != nil {
			return
		}
		h, err := codec.ParseADTS(head)
		if err != nil {
			a.cfg.Log.Warn("audio encoder wrote no ADTS", "error", err)
			return
		}
		frame := make([]byte, h.FrameSize)
		if _, err := io.ReadFull(br, frame); err != nil {
			return
		}
		a.cfg.Out(frame[h.HeaderSize:], m.at(sample))
		sample += codec.SamplesPerFrame
	}
}

// sampleMap tells the time of a sample by its number.
type sampleMap struct {
	mu     sync.Mutex
	pieces []piece
	count  int64 // samples so far
}

// piece says that sample first was at a time, and those after it followed.
type piece struct {
	first int64
	at    time.Duration
}

func (p piece) time(sample int64) time.Duration {
	return p.at + codec.Duration(sample-p.first, opusRate)
}

// add notes that the next n samples begin at a time.
func (m *sampleMap) add(n int64, at time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	last := len(m.pieces) - 1
	if last < 0 || (m.pieces[last].time(m.count)-at).Abs() > seam {
		m.pieces = append(m.pieces, piece{m.count, at})
	}
	m.count += n
}

// at returns the time of a sample and forgets the pieces before it: samples are
// asked for in order.
func (m *sampleMap) at(sample int64) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.pieces) > 1 && m.pieces[1].first <= sample {
		m.pieces = m.pieces[1:]
	}
	if len(m.pieces) == 0 {
		return codec.Duration(sample, opusRate)
	}
	return m.pieces[0].time(sample)
}
