package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/openstall/openstall/internal/domain/show"
	"github.com/openstall/openstall/internal/domain/show/showhttp"
	"github.com/openstall/openstall/internal/media/hls"
	"github.com/openstall/openstall/internal/media/record"
	"github.com/openstall/openstall/internal/media/stream"
	"github.com/openstall/openstall/internal/media/whip"
)

// studio introduces the media wing to shows: who may publish, which stream is
// practice and which is on air, what is recorded, and what happens to a show
// when its publisher comes, goes or stays away.
type studio struct {
	shows    *show.Service
	log      *slog.Logger
	posters  string // folder of still pictures
	rtmpPort string

	reg      *stream.Registry
	live     *hls.Server
	recorder *record.Store

	mu     sync.Mutex
	relays map[string]context.CancelFunc // practice stream -> show stream
	// unrecorded are the shows whose recording has stopped, unfinished those that
	// are over and whose replay could not be made ready.
	unrecorded, unfinished map[string]bool
	done                   sync.WaitGroup
	stop                   chan struct{}
}

// practiceShow returns the show that a stream practises.
func practiceShow(streamID string) (string, bool) {
	return strings.CutPrefix(streamID, showhttp.PracticeStream(""))
}

// authorize lets a publisher in who holds the stream key of a shop (RTMP, WHIP)
// or a ticket for one show (WHIP from our host screen).
func (s *studio) authorize(ctx context.Context, c stream.Claim) (stream.Ticket, error) {
	var sh show.Show
	var err error
	if strings.HasPrefix(c.Key, "osk_") {
		sh, err = s.shows.ByKey(ctx, c.Key)
	} else {
		sh, err = s.shows.ByTicket(ctx, c.Key)
	}
	if err != nil {
		return stream.Ticket{}, err
	}
	o := stream.Options{PartTarget: time.Duration(sh.PartMS) * time.Millisecond}
	if sh.State == show.Practice {
		o.Private = true
		return stream.Ticket{Stream: showhttp.PracticeStream(sh.ID), Holder: sh.Shop, Options: o}, nil
	}
	o.Recording = sh.ID
	return stream.Ticket{Stream: sh.ID, Holder: sh.Shop, Options: o}, nil
}

// Start lets viewers see a show: what is practised now is relayed, from its next
// keyframe on, into the stream that viewers watch and that is recorded.
func (s *studio) Start(showID string) {
	from, ok := s.reg.Get(showhttp.PracticeStream(showID))
	if !ok || from.State() != stream.Live {
		return // the publisher will come to the show's own stream
	}
	ctx, stop := context.WithCancel(context.Background())
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, running := s.relays[showID]; running {
		stop()
		return
	}
	s.relays[showID] = stop
	s.done.Go(func() {
		s.relay(ctx, from, showID)
		s.mu.Lock()
		delete(s.relays, showID)
		s.mu.Unlock()
	})
}

// relay copies frames until the practice stream ends, its publisher is lost or
// the show's own stream gets a publisher of its own.
func (s *studio) relay(ctx context.Context, from *stream.Stream, showID string) {
	r := from.Read()
	defer r.Close()
	var out *stream.Publisher
	var tracks *stream.Tracks
	options := from.Options()
	options.Private, options.Recording = false, showID
	for {
		f, _, err := r.Next(ctx)
		if err != nil || f.Kind == stream.Pause {
			if out != nil {
				out.Close(errors.New("the publisher was lost"))
			}
			// Whoever sends to the practice dials again, and is let into the show.
			from.End()
			return
		}
		if out == nil {
			out, err = s.reg.Publish(stream.Ticket{Stream: showID, Holder: "relay", Options: options}, stream.Source{Protocol: "relay"})
			if err != nil {
				return // the publisher has come by itself
			}
			out.Expect(f.Tracks.Video != nil, f.Tracks.Audio != nil)
		}
		if f.Tracks != tracks {
			tracks = f.Tracks
			if tracks.Video != nil {
				out.Video(tracks.Video)
			}
			if tracks.Audio != nil {
				out.Audio(tracks.Audio)
			}
		}
		if err := out.Write(stream.Packet{Kind: f.Kind, DTS: f.DTS, Offset: f.PTS - f.DTS, Data: f.Data}); err != nil {
			return
		}
	}
}

// End ends the streams of a show; the recording is finished by its last frame.
func (s *studio) End(showID string) {
	if st, ok := s.reg.Get(showhttp.PracticeStream(showID)); ok {
		st.End()
	}
	if st, ok := s.reg.Get(showID); ok {
		st.End() // its last frame finishes the recording
		return
	}
	s.settle(showID) // a show whose publisher did not return after a restart has no stream
}

// settle makes the replay of a show ready whose recording nobody writes to. What
// does not work, on a full disk for example, is tried again by [App.tendRecordings].
func (s *studio) settle(showID string) {
	err := s.recorder.Finish(showID)
	if errors.Is(err, record.ErrNotFound) {
		err = nil
	}
	if err == nil {
		err = s.finished(showID)
	}
	if err != nil {
		s.log.Error("replay is not ready yet", "show", showID, "error", err)
	}
	s.mark(s.unfinished, showID, err != nil)
}

// finished tells the show that its replay is ready.
func (s *studio) finished(showID string) error {
	x, err := s.recorder.Open(showID)
	if errors.Is(err, record.ErrNotFound) || err == nil && x.Duration() <= 0 {
		return nil
	}
	if err == nil {
		err = s.shows.Recorded(context.Background(), showID, x.Duration())
	}
	if err == nil {
		s.poster(showID)
	}
	return err
}

func (s *studio) mark(set map[string]bool, showID string, is bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if is {
		set[showID] = true
	} else {
		delete(set, showID)
	}
}

// Live, Away, Back, CodecChanged and Ended are told by the streams.

func (s *studio) Live(st *stream.Stream, _ *stream.Tracks) {
	if _, practice := practiceShow(st.ID()); practice {
		return
	}
	s.note("back", st.ID(), s.shows.Back(context.Background(), st.ID()))
	s.done.Go(func() { s.firstPoster(st) })
}

func (s *studio) Away(st *stream.Stream, cause error) {
	s.log.Warn("publisher lost", "show", st.ID(), "cause", cause)
	if _, practice := practiceShow(st.ID()); !practice {
		s.note("lost", st.ID(), s.shows.Lost(context.Background(), st.ID()))
	}
}

func (s *studio) Back(st *stream.Stream) {
	if _, practice := practiceShow(st.ID()); !practice {
		s.note("back", st.ID(), s.shows.Back(context.Background(), st.ID()))
	}
}

func (s *studio) CodecChanged(*stream.Stream, *stream.Tracks) {}

// Ended comes when the host ended the show, or when the grace has run out.
func (s *studio) Ended(st *stream.Stream) {
	if _, practice := practiceShow(st.ID()); practice {
		return
	}
	if _, err := s.shows.End(context.Background(), "", st.ID()); err != nil && !errors.Is(err, show.ErrState) {
		s.note("end", st.ID(), err)
	}
}

func (s *studio) note(what, showID string, err error) {
	if err != nil {
		s.log.Error("show was not told", "what", what, "show", showID, "error", err)
	}
}

// Stopped, Resumed and Finished are told by the recorder.

func (s *studio) Stopped(recording string, _ error) { s.mark(s.unrecorded, recording, true) }

func (s *studio) Resumed(recording string) { s.mark(s.unrecorded, recording, false) }

func (s *studio) Finished(recording string) {
	s.mark(s.unrecorded, recording, false)
	s.settle(recording)
}

// notRecorded is the warning that a show is on air without a recording.
const notRecorded = "not_recorded"

// Stats tells about the incoming stream of a show.
func (s *studio) Stats(showID string) showhttp.Stats {
	out := showhttp.Stats{State: "idle", Warnings: []string{}}
	st, ok := s.reg.Get(showID)
	if !ok || st.State() == stream.Ended {
		if st, ok = s.reg.Get(showhttp.PracticeStream(showID)); !ok || st.State() == stream.Ended {
			return out
		}
	}
	f := st.Stats()
	out.State = st.State().String()
	out.BitrateKbps, out.FPS, out.Width, out.Height, out.Dropped = int(f.Bitrate/1000), f.FPS, f.Width, f.Height, f.Dropped
	for _, w := range f.Warnings {
		out.Warnings = append(out.Warnings, string(w))
	}
	s.mu.Lock()
	if s.unrecorded[showID] {
		out.Warnings = append(out.Warnings, notRecorded)
	}
	s.mu.Unlock()
	out.BehindSeconds = 4 * st.Options().PartTarget.Seconds() // hold-back of three parts and the one in the making
	return out
}

// Offset returns the second of the replay at which an instant was shown.
func (s *studio) Offset(showID string, at time.Time) (time.Duration, bool) {
	x, err := s.recorder.Open(showID)
	if err != nil {
		return 0, false
	}
	return x.OffsetAt(at)
}

// Ingest returns the addresses that publishers send to.
func (s *studio) Ingest(host string) (string, string) {
	bare, _, err := net.SplitHostPort(host)
	if err != nil {
		bare = host
	}
	rtmp := ""
	if s.rtmpPort != "" {
		rtmp = "rtmp://" + bare
		if s.rtmpPort != "1935" {
			rtmp += ":" + s.rtmpPort
		}
		rtmp += "/live"
	}
	return rtmp, s.WHIP()
}

// WHIP is the path that browsers publish to.
func (s *studio) WHIP() string { return whip.Path }

// HasPicture reports whether there is a still picture of a show.
func (s *studio) HasPicture(showID string) bool {
	_, err := os.Stat(s.posterPath(showID))
	return err == nil
}

func (s *studio) posterPath(showID string) string {
	return filepath.Join(s.posters, filepath.Base(showID)+".jpg")
}

// firstPoster makes a still picture as soon as the recording has one, and again
// after a minute, when the host has settled.
func (s *studio) firstPoster(st *stream.Stream) {
	for _, wait := range []time.Duration{3 * time.Second, time.Minute} {
		select {
		case <-time.After(wait):
		case <-s.stop:
			return
		}
		if st.State() == stream.Ended {
			return
		}
		s.poster(st.ID())
	}
}

// poster takes a still picture from the recording.
func (s *studio) poster(showID string) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	x, err := s.recorder.Open(showID)
	if err != nil || x.Duration() <= 0 {
		return
	}
	jpeg, err := s.recorder.Poster(ctx, showID, min(x.Duration()/2, 20*time.Second))
	if err != nil {
		s.log.Warn("no still picture", "show", showID, "error", err)
		return
	}
	tmp := s.posterPath(showID) + ".tmp"
	if err := os.WriteFile(tmp, jpeg, 0o640); err == nil {
		err = os.Rename(tmp, s.posterPath(showID))
	}
	if err != nil {
		s.log.Warn("still picture was not kept", "show", showID, "error", err)
	}
}

// close stops relays and waits for them and the pictures.
func (s *studio) close() {
	close(s.stop)
	s.mu.Lock()
	for _, stop := range s.relays {
		stop()
	}
	s.mu.Unlock()
	s.reg.Close()
	s.done.Wait()
	s.live.Close()
	s.recorder.Close()
}

// expect ends a show whose publisher does not return within its grace after a
// restart; once it has returned, the stream itself keeps watch.
func (s *studio) expect(showID string, grace time.Duration) {
	select {
	case <-time.After(grace):
	case <-s.stop:
		return
	}
	if _, ok := s.reg.Get(showID); ok {
		return
	}
	s.log.Warn("publisher did not return after the restart", "show", showID)
	if _, err := s.shows.End(context.Background(), "", showID); err != nil {
		if !errors.Is(err, show.ErrState) {
			s.note("end", showID, err)
		}
		return
	}
	s.End(showID)
}
