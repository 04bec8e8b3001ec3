// Package video holds the short videos of shops: how one is made of a file, who
// may see it, and what people say to it. A note of photos is a video without a
// film: what is said of it, for whom it is and where it is found are the same.
//
// A video begins as processing, while a job turns the file into a film, and is
// then a draft, scheduled or published; a file that cannot be used is failed,
// with the reason in words. What of a film is seen lies in the blob store below
// a folder that was written whole, so a crash leaves nothing half.
package video

import (
	"embed"
	"time"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "video", Files: files}

// State is where a video stands.
type State string

// States of a video.
const (
	Processing State = "processing"
	Failed     State = "failed"
	Draft      State = "draft"
	Scheduled  State = "scheduled"
	Published  State = "published"
)

// Visibility says for whom a published video is.
type Visibility string

// Visibilities.
const (
	Public    Visibility = "public"
	Followers Visibility = "followers" // of the shop
	Friends   Visibility = "friends"   // of who owns the shop
	Link      Visibility = "link"      // who has the address; in no list
	Lesson    Visibility = "lesson"    // of a course, which alone shows it; never published (see lesson.go)
)

// Rights says whose pictures they are.
type Rights struct {
	Kind   string `json:"kind" enum:"own,licensed"`
	Source string `json:"source,omitempty" maxLength:"200" doc:"Where licensed pictures come from; needed for them"`
}

// Kinds of rights.
const (
	Own      = "own"
	Licensed = "licensed"
)

// Text is what a shop says of a video.
type Text struct {
	Caption    string
	Topics     []string
	Language   string // BCP 47, such as "en" or "zh"; "" when there are no words
	Place      string
	Rights     Rights
	AI         bool // made by a machine
	Ad         bool // somebody paid for it
	Visibility Visibility
	Products   []string // of the shop, in order
	Photos     []string // image ids of a note, in order, the cover first; a video with a film has none
	Show       string   // to be reminded of, or to enter while it is on air
}

// Video is one short video.
type Video struct {
	ID     string
	Shop   string
	Author string // person
	State  State
	Text
	TrimFrom    time.Duration // of the file
	TrimTo      time.Duration // zero: its end
	Progress    int64         // percent, while processing
	Problem     string        // code of why it failed
	Film        Film
	Hashes      []uint64 // of pictures spread over the film, or of the photos
	DuplicateOf string   // published video that shows the same
	Cover       string   // image id
	Likes       int64
	Comments    int64
	PublishAt   time.Time // wish, while it is processing or scheduled
	PublishedAt time.Time
	CreatedAt   time.Time

	attempts int64
}

// Film is what can be played.
type Film struct {
	Folder   string        `json:"folder"` // below which its files lie
	Duration time.Duration `json:"duration"`
	Width    int           `json:"width"`
	Height   int           `json:"height"`
	Master   string        `json:"master"` // the playlist, whose addresses begin with the folder
	Files    []string      `json:"files"`
	Top      string        `json:"top"` // the best rung
	Sprite   Sprite        `json:"sprite"`
}

// Sprite is one picture with many small ones, for the bar of a player.
type Sprite struct {
	Columns int           `json:"columns"`
	Rows    int           `json:"rows"`
	Count   int           `json:"count"`
	Width   int           `json:"width"`
	Height  int           `json:"height"`
	Every   time.Duration `json:"every"`
}

// Limits.
const (
	MaxCaption  = 500
	MaxTopics   = 8
	MaxTopic    = 30
	MaxProducts = 20
	MaxComment  = 300
	MaxClip     = 10 * time.Minute
	// maxAttempts is how often making a film is tried: a file that brings the
	// process down must not do so for ever.
	maxAttempts = 3
	// pause is the least time between two comments of one person.
	pause = 3 * time.Second
)

// Topics of events. The key is the video, the payload a [Told].
const (
	// TopicPublished is told when a video is published, and again when what is
	// said of a published one changes, its visibility too: a listener that cares
	// looks at it.
	TopicPublished = "video.published"
	// TopicRemoved is told when a published video is withdrawn or deleted.
	TopicRemoved = "video.removed"
)

// Told is what listeners learn.
type Told struct {
	Video      string     `json:"video"`
	Shop       string     `json:"shop"`
	Visibility Visibility `json:"visibility"`
}

// Errors that people meet.
var (
	ErrNotFound   = errs.New(errs.NotFound, "video.not_found", "There is no such video.", "没有这个视频。")
	ErrState      = errs.New(errs.Conflict, "video.state", "The video has moved on; this is no longer possible.", "视频状态已变，不能再这样操作。")
	ErrCaption    = errs.New(errs.Invalid, "video.caption", "A caption has at most 500 characters.", "文字最多 500 字。")
	ErrTopics     = errs.New(errs.Invalid, "video.topics", "A video has at most 8 topics of at most 30 characters.", "最多 8 个话题，每个最多 30 字。")
	ErrRights     = errs.New(errs.Invalid, "video.rights", "Say where licensed pictures come from.", "请写明授权画面的来源。")
	ErrLanguage   = errs.New(errs.Invalid, "video.language", "A language is a tag such as en or zh.", "语言是 en、zh 这样的标签。")
	ErrVisibility = errs.New(errs.Invalid, "video.visibility", "A video is for everybody, for followers, for friends, or for who has the link.", "视频可对所有人、关注者、朋友或有链接的人开放。")
	ErrProducts   = errs.New(errs.Invalid, "video.products", "A video shows up to 20 products of its shop.", "一个视频最多展示本店 20 件商品。")
	ErrPhotos     = errs.New(errs.Invalid, "video.photos", "A note has 1 to 9 photos of its shop, each once.", "图文需要 1 至 9 张本店照片，不能重复。")
	ErrTrim       = errs.New(errs.Invalid, "video.trim", "The part to keep must begin before it ends, and last a second at least.", "保留的部分要先开始后结束，至少一秒。")
	ErrSchedule   = errs.New(errs.Invalid, "video.publish_at", "A video can be planned for the coming year.", "可以预定未来一年内的时间。")
	ErrClip       = errs.New(errs.Invalid, "video.clip", "A clip is a part of one to 600 seconds of a show, in which its host was not away.", "片段须为直播中 1 至 600 秒、主播在场的部分。")
	ErrSecond     = errs.New(errs.Invalid, "video.second", "The film is not that long.", "视频没有那么长。")

	ErrComment   = errs.New(errs.Invalid, "video.comment", "A comment has 1 to 300 characters.", "评论需要 1 到 300 个字。")
	ErrNoComment = errs.New(errs.NotFound, "video.no_comment", "There is no such comment.", "没有这条评论。")
	ErrSlow      = errs.New(errs.TooMany, "video.slow", "Slowly, please. Wait a moment before the next comment.", "请稍等片刻再评论。")
)

// What a file can be to blame for; a failed video has one of these as its
// problem.
var (
	ErrFormat    = errs.New(errs.Invalid, "video.format", "This is not a film we can read. Use MP4, MOV or WebM.", "无法读取这个视频。请用 MP4、MOV 或 WebM。")
	ErrBroken    = errs.New(errs.Invalid, "video.broken", "This film is damaged or incomplete.", "这个视频已损坏或不完整。")
	ErrNoPicture = errs.New(errs.Invalid, "video.no_picture", "There is no moving picture in this file.", "这个文件里没有画面。")
	ErrTooLong   = errs.New(errs.Invalid, "video.too_long", "A video may last an hour at most.", "视频最长一小时。")
	ErrTooLarge  = errs.New(errs.Invalid, "video.too_large", "The picture is larger than 4K.", "画面大于 4K。")
	ErrNoRoom    = errs.New(errs.Unavailable, "video.no_room", "The market has no room for this film now. Try again later.", "集市暂时没有空间存放这个视频，请稍后再试。")
	ErrNoCoder   = errs.New(errs.Unavailable, "video.no_coder", "This market cannot make films now: its operator has to install ffmpeg.", "本集市暂时无法制作视频：管理员需要安装 ffmpeg。")
)

// ProblemInWords says what the problem of a failed video is, in a language; ""
// for an unknown code.
func ProblemInWords(code, language string) string {
	for _, e := range append(blames, ErrNoCoder) {
		if e.Code == code {
			return e.In(language)
		}
	}
	return ""
}

// blames are the problems that trying again cannot mend.
var blames = []*errs.Error{ErrFormat, ErrBroken, ErrNoPicture, ErrTooLong, ErrTooLarge}
