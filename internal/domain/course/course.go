// Package course keeps what is learnt here: the lessons of a product, who bought
// them, and how far each learner has come.
//
// A line of a paid order is an enrolment. It opens the lessons until its time is
// over or its money has gone back, and counts which spans of their films were
// seen; what counts as seen never becomes less. The films have no public address:
// a ticket (see ticket.go) opens one lesson for minutes.
package course

import (
	"embed"
	"time"

	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "course", Files: files}

// Lesson is one part of a course.
type Lesson struct {
	ID       string
	Shop     string
	Product  string
	Position int64
	Title    text.Local
	Notes    text.Local
	Preview  bool // for everybody
	Video    string
	Captions string // WebVTT
	Film     Film
	gone     bool
}

// Film is where the film of a lesson stands.
type Film struct {
	State    video.State // empty: there is none
	Progress int64       // percent, while it is made
	Problem  string      // code of why it failed
	Length   time.Duration
	Cover    string // image id
}

// Ready reports whether the lesson can be taken.
func (l Lesson) Ready() bool { return l.Film.Length > 0 || l.Video == "" && !l.Notes.IsEmpty() }

// Length is how long the lesson is: its film, or [Reading].
func (l Lesson) Length() time.Duration {
	switch {
	case l.Film.Length > 0:
		return l.Film.Length
	case l.Ready():
		return Reading
	}
	return 0
}

// Enrolment is a bought course.
type Enrolment struct {
	ID       string
	Order    string
	Position int64 // of the line in the order
	Shop     string
	Product  string
	Person   string
	Name     string // of the person, when it was bought
	Until    time.Time
	OpenedAt time.Time // the first paid lesson
	Paused   bool      // while the buyer asks to give it back
	EndedAt  time.Time // the money went back
	BoughtAt time.Time
	length   int64 // of the paid lessons when it was bought, in milliseconds
}

// Open reports whether the lessons can be watched at an instant.
func (e Enrolment) Open(now time.Time) bool {
	return e.EndedAt.IsZero() && !e.Paused && (e.Until.IsZero() || now.Before(e.Until))
}

// Progress is how far a learner has come with a lesson.
type Progress struct {
	Lesson string
	Seen   []Span
	Time   time.Duration // that was seen
	At     time.Duration // where to go on
}

// Limits and clocks.
const (
	// Reading is what a lesson without a film counts for.
	Reading = 5 * time.Minute
	// TicketFor is how long an address of a film is good.
	TicketFor   = 10 * time.Minute
	MaxLessons  = 200
	MaxCaptions = 256 << 10 // bytes
	maxTitle    = 80
	maxNotes    = 8000
	// seats are put up for a course that does not say how many there are: more than
	// a market has people, and a number that stock can count down.
	seats = 1_000_000
)

// Errors that people meet.
var (
	ErrNotFound  = errs.New(errs.NotFound, "course.not_found", "There is no such lesson.", "没有这节课。")
	ErrNoCourse  = errs.New(errs.NotFound, "course.no_course", "There is no such course.", "没有这门课程。")
	ErrNoLessons = errs.New(errs.Conflict, "course.no_lessons", "This course has no lessons to buy yet.", "这门课程还没有可购买的内容。")
	ErrTicket    = errs.New(errs.Forbidden, "course.ticket", "This address is over. Open the lesson again.", "播放地址已过期，请重新打开。")
	ErrLocked    = errs.New(errs.Forbidden, "course.locked", "This lesson opens when the course is bought.", "购买课程后可观看。")
	ErrOver      = errs.New(errs.Forbidden, "course.over", "Your time with this course is over.", "课程已到期。")
	ErrPaused    = errs.New(errs.Forbidden, "course.paused", "You are giving this course back. Withdraw that to go on.", "正在退课，撤回后可继续学习。")
	ErrTitle     = errs.New(errs.Invalid, "course.title", "A lesson needs a title of 1 to 80 characters.", "标题为 1 到 80 个字。")
	ErrNotes     = errs.New(errs.Invalid, "course.notes", "Notes have at most 8000 characters.", "讲义最多 8000 字。")
	ErrMany      = errs.New(errs.Conflict, "course.many", "A course has at most 200 lessons.", "一门课程最多 200 节。")
	ErrOrder     = errs.New(errs.Invalid, "course.order", "Name every lesson of the course once.", "请把每节课列出一次。")
	ErrCaptions  = errs.New(errs.Invalid, "course.captions", "This is not a WebVTT file of at most 256 kB.", "请选择不超过 256 kB 的 WebVTT 字幕文件。")
	ErrNotReady  = errs.New(errs.Conflict, "course.not_ready", "This lesson is not ready yet.", "这节课还没有准备好。")
)
