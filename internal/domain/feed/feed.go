// Package feed is Discover: the one restrained entrance to what others make. It
// decides which video is shown next, to whom and for which reason.
//
// The idea needed to read it: whose turn it is decides, not what the viewer
// liked. Owners stand on wheels (see wheel.go), every new video is owed a number
// of shows (the floor), quality is what everybody else watched long, and a
// viewer's own signals can only take away. An opt-in mode lets a viewer give a
// capped part of the list to taste (bounded.go).
package feed

import (
	"embed"
	"time"

	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "feed", Files: files}

// VideoID, OwnerID, CreatorID and ViewerID are dense numbers of one process,
// given out by the engine's caller from 0.
type (
	VideoID   int32
	CreatorID int32
	// OwnerID is an identity that has one turn: an account, or several accounts
	// known to be one (a device, a payment account, an upload fingerprint).
	OwnerID  int32
	ViewerID int32
)

// Video is what the engine knows of a video.
type Video struct {
	Creator CreatorID
	Owner   OwnerID
	Line    uint16 // line of business
	Topic   uint16
	Share   uint8 // of the floor, below [Shares]; the same for all of an owner's videos
}

// Kind says which rule put an item on a page.
type Kind uint8

const (
	// Floor is a show the video is owed: it is new.
	Floor Kind = iota + 1
	// Turn is the video's turn, or its owner's; what others watched long has its
	// turn more often.
	Turn
	// Quality is a video that others watched long; Key is its place in the order
	// the viewer's group is shown.
	Quality
	// Affinity is chosen by the viewer's taste; only where the viewer asked for it.
	Affinity
)

// Reason is why an item is on a page, true when it was put there.
type Reason struct {
	Kind Kind
	// Fits says that among several videos with the same claim the one that fits
	// the viewer's taste came first. Always false in flat mode.
	Fits bool
	// Key is the credit left before a Floor show, the rank of a Quality show and
	// 0 otherwise.
	Key uint32
}

// Item is one place on a page.
type Item struct {
	Video  VideoID
	Reason Reason
}

// Page is an answer. Items may be fewer than asked: rules are not broken to fill
// a page.
type Page struct {
	Items []Item
	Shown int    // items of this session with this page
	Of    int    // items of a whole session
	End   bool   // this session is over; a new one takes a deliberate act or a rest
	More  bool   // that act would be granted now
	Again int    // sessions in a row that were begun by it
	Paid  uint32 // a bit for each item, of those that were shows its video is owed
	// Shares has a bit for each share of the floor that these are of.
	Shares uint32
	Turn   uint64 // among the pages of an engine, in the order in which they were made
}

// Config sets an engine. The zero value of a field takes the default in brackets.
type Config struct {
	Floor       int           // shows a new video is owed [100]
	FloorPerDay int           // publications of one owner that get a floor in a day [1]
	Pattern     string        // kinds by position, repeated: f floor, q quality ["qqqfqfffff"]
	Bounded     string        // the same for viewers who asked for taste; a affinity ["aaaaqffqtf"]
	Session     int           // items before the end [30]
	Rest        time.Duration // after which a session starts anew by itself [30 min]
	Best        float64       // share of live videos among which quality rotates [0.025]
	BestLeast   int           // the same in a small market: videos, a fifth of the live at most [50]
	Prior       float64       // shows the prior of a rate counts for [300]
	OwnerShare  float64       // most of a day's shows of one owner once 50 owners are live [0.05]
	OwnerTimes  float64       // most shows of one owner in a day, in times the mean, for quality and taste [12]
	LineOf20    int           // most items of one line of business in 20 while five lines have supply [5]
	TopicOf10   int           // most items of one topic in 10 [3]
	Look        int           // owners a wheel looks past before it gives up [256]
	Window      int           // videos asked of taste for a page [512]
	Claims      int           // owners in floor order compared for one item that fits, an eighth of it in turn order [40]
	Price       float64       // of an owner with the mean of shows beside taste [0.001]
	Pool        float64       // share of videos good enough to be quality that fits [0.3]
	FreezeAfter int           // shows after which reports may freeze a video [30]
}

func (c Config) filled() Config {
	setInt := func(p *int, d int) {
		if *p == 0 {
			*p = d
		}
	}
	setFloat := func(p *float64, d float64) {
		if *p == 0 {
			*p = d
		}
	}
	setInt(&c.Floor, 100)
	setInt(&c.FloorPerDay, 1)
	setInt(&c.Session, 30)
	setInt(&c.LineOf20, 5)
	setInt(&c.TopicOf10, 3)
	setInt(&c.Look, 256)
	setInt(&c.Window, 512)
	setInt(&c.Claims, 40)
	setInt(&c.FreezeAfter, 30)
	setInt(&c.BestLeast, 50)
	setFloat(&c.Best, 0.025)
	setFloat(&c.Prior, 300)
	setFloat(&c.OwnerShare, 0.05)
	setFloat(&c.OwnerTimes, 12)
	setFloat(&c.Price, 0.001)
	setFloat(&c.Pool, 0.3)
	if c.Pattern == "" {
		c.Pattern = "qqqfqfffff"
	}
	if c.Bounded == "" {
		c.Bounded = "aaaaqffqtf"
	}
	if c.Rest == 0 {
		c.Rest = 30 * time.Minute
	}
	return c
}
