// Package review keeps what buyers say of goods that they have received.
//
// Only who got the goods can speak, once for each line of an order, and may
// change it for a month. The shop answers once. Nobody but the operator takes
// words down, and then the reason stands in their place and the stars stay.
package review

import (
	"embed"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/openstall/openstall/internal/kit/errs"
	"github.com/openstall/openstall/internal/kit/text"
	"github.com/openstall/openstall/internal/platform/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations make the tables of this area.
var Migrations = db.Migrations{Area: "review", Files: files}

// Limits of a review.
const (
	EditFor   = 30 * 24 * time.Hour // after it was written
	maxPhotos = 6
	maxWords  = 1000
)

// Review is what a buyer says of one line of an order.
type Review struct {
	ID         string
	Order      string
	Position   int
	Shop       string
	Product    string
	Title      text.Local // as it was sold
	Variant    text.Local
	Buyer      string
	BuyerName  string
	Stars      int64 // 1 to 5
	Words      string
	Photos     []string
	Refunded   bool // money of the line went back
	Answer     string
	AnsweredAt time.Time
	Hidden     string // why the operator took words and photos down
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// EditableUntil is when the buyer can change it last.
func (r Review) EditableUntil() time.Time { return r.CreatedAt.Add(EditFor) }

// Name is how others see the buyer: the first letter.
func (r Review) Name() string {
	first, n := utf8.DecodeRuneInString(r.BuyerName)
	if n == 0 {
		return ""
	}
	return string(first) + "…"
}

// Summary counts the reviews of a product or a shop.
type Summary struct {
	Count int64   `json:"count"`
	Sum   int64   `json:"sum" doc:"Of all stars"`
	Stars []int64 `json:"stars" nullable:"false" doc:"How many gave one star, two, up to five"`
}

// Topics; the key is the review, the payload a [Told].
const (
	TopicWritten  = "review.written" // for the first time
	TopicAnswered = "review.answered"
)

// Told is what listeners learn of a review.
type Told struct {
	Review  string `json:"review"`
	Order   string `json:"order"`
	Shop    string `json:"shop"`
	Product string `json:"product"`
	Buyer   string `json:"buyer"`
	Stars   int64  `json:"stars"`
}

func (r Review) told() []byte {
	b, err := json.Marshal(Told{Review: r.ID, Order: r.Order, Shop: r.Shop, Product: r.Product, Buyer: r.Buyer, Stars: r.Stars})
	if err != nil {
		panic(err)
	}
	return b
}

// Errors that people meet.
var (
	ErrNotFound = errs.New(errs.NotFound, "review.not_found", "There is no such review.", "没有这条评价。")
	ErrNotYours = errs.New(errs.Conflict, "review.not_received", "Only who has received the goods can review them.", "收到商品后才能评价。")
	ErrOwnShop  = errs.New(errs.Conflict, "review.own_shop", "Whoever works in a shop cannot review its goods.", "店铺人员不能评价本店商品。")
	ErrTooLate  = errs.New(errs.Conflict, "review.too_late", "A review can be changed for 30 days.", "评价只能在 30 天内修改。")
	ErrStars    = errs.New(errs.Invalid, "review.stars", "Give one to five stars.", "请给一到五颗星。")
	ErrWords    = errs.New(errs.Invalid, "review.words", "Write up to 1000 characters.", "最多 1000 个字。")
	ErrPhotos   = errs.New(errs.Invalid, "review.photos", "Up to six photos of your own can be added.", "最多可以添加六张自己的照片。")
	ErrAnswered = errs.New(errs.Conflict, "review.answered", "This review has been answered.", "这条评价已经回复过。")
	ErrAnswer   = errs.New(errs.Invalid, "review.answer", "Write an answer of up to 1000 characters.", "回复最多 1000 个字。")
)
