package demo

import (
	"time"

	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment/testpay"
	"github.com/openstall/openstall/internal/kit/text"
)

// morningLanding is the fish stall's show of the latest morning.
var morningLanding = script{
	slug: fishStall, title: both("Morning landing", "早市刚靠岸"), host: "nell", name: "fish", scene: "stall",
	parts: []part{{1, "hake"}, {2, "crab"}, {3, "mackerel"}, {4, "prawns"}},
	when:  func(landing time.Time) time.Time { return landing },
	cues: []cue{
		{at: 0.15, who: "nell", words: "Good morning. The boats are in, we start with the hake."},
		{at: 0.30, who: "ana", words: "is it caught today?"},
		{at: 0.40, who: "nell", words: "Yes, landed at half past four this morning."},
		{at: 0.55, who: "ana", buys: &purchase{slug: fishStall, picture: "hake", quantity: 1000, kind: order.ByPickup, pay: testpay.Succeed, promise: true}},
		{at: 0.75, who: "xiaoan", words: "鳕鱼可以切块吗？"},
		{at: 0.85, who: "nell", words: "可以，去头切块都行，下单后在评论里说一声。"},
		{at: 1.20, who: "xiaoan", words: "面包蟹现在肥不肥？"},
		{at: 1.35, who: "nell", words: "十一月的最满，拿起来沉手的才上秤。"},
		{at: 1.55, who: "xiaoan", buys: &purchase{slug: fishStall, picture: "crab", quantity: 2, kind: order.ByPickup, pay: atStall}},
		{at: 1.80, who: "ben", words: "what size is the bream today?"},
		{at: 2.20, who: "yusuf", words: "the gills look good and red"},
		{at: 2.35, who: "rosa", words: "1.2 kg for the grill, can you clean them?"},
		{at: 2.45, who: "nell", words: "Cleaned and ready at six, Rosa."},
		{at: 2.60, who: "rosa", buys: &purchase{slug: fishStall, picture: "mackerel", quantity: 1200, kind: order.ByPickup, pay: atStall, promise: true}},
		{at: 2.80, who: "piet", buys: &purchase{slug: fishStall, picture: "mackerel", quantity: 1500, kind: order.ByParcel, pay: testpay.Twice}},
		{at: 3.20, who: "lena", words: "took prawns last week, very good"},
		{at: 3.40, who: "yusuf", buys: &purchase{slug: fishStall, picture: "prawns", quantity: 500, kind: order.ByPickup, pay: testpay.Succeed}},
		{at: 3.60, who: "mei", words: "送到磨坊街吗？"},
		{at: 3.75, who: "nell", words: "磨坊街可以寄，冰袋包好，明天到。"},
	},
}

// tenMaps is the bookshop's show of the evening before.
var tenMaps = script{
	slug: bookStall, title: both("Ten maps, ten stories", "十张老地图"), host: "mira", name: "books", scene: "bookshop",
	parts: []part{{1, "atlas"}, {2, "book"}, {3, "novel"}, {4, "primer"}},
	when:  func(landing time.Time) time.Time { return hour(landing.AddDate(0, 0, -1), 18, 0) },
	cues: []cue{
		{at: 0.15, who: "mira", words: "Good evening. Ten maps, ten stories, and four books that go with them."},
		{at: 0.35, who: "mei", words: "1911 年的地图集是原版吗？"},
		{at: 0.45, who: "lin", words: "是原版，书脊修补过，修补处给大家看一下。"},
		{at: 0.60, who: "mei", buys: &purchase{slug: bookStall, picture: "atlas", quantity: 1, kind: order.ByParcel, pay: testpay.Succeed, promise: true}},
		{at: 1.25, who: "lena", words: "is The Salt Roads readable for someone who is twelve?"},
		{at: 1.40, who: "mira", words: "Yes, with a map beside it. The chapters are short."},
		{at: 1.60, who: "lena", buys: &purchase{slug: bookStall, picture: "book", quantity: 1, kind: order.ByParcel, pay: testpay.Succeed}},
		{at: 2.25, who: "ben", words: "is the signature on the title page?"},
		{at: 2.35, who: "mira", words: "On the title page, in blue ink, dated the ninth of May."},
		{at: 2.55, who: "ben", buys: &purchase{slug: bookStall, picture: "novel", quantity: 1, kind: order.ByParcel, pay: testpay.Fail}},
		{at: 3.20, who: "xiaoan", words: "《海图入门》适合零基础吗？"},
		{at: 3.35, who: "lin", words: "适合，三十课，从看懂水深数字开始。"},
		{at: 3.55, who: "xiaoan", buys: &purchase{slug: bookStall, picture: "primer", quantity: 1, kind: order.ByParcel, pay: testpay.Succeed}},
		{at: 3.80, who: "rosa", words: "thank you, that was a good hour"},
	},
}

// The show that is on air.
var eveningTitle = both("Evening landing", "晚市刚靠岸")

var eveningParts = []part{{3, "mackerel"}, {1, "hake"}, {6, "mussels"}, {5, "bream"}}

// eveningFilm is what the running show repeats.
func eveningFilm(part time.Duration) film {
	return film{cards: "fish", scene: "stall", parts: eveningParts, each: part * 5 / 3}
}

// plan is a show that is announced.
type plan struct {
	slug         string
	title        text.Local
	host         string
	day          int // 0: today
	hour, minute int
	goods        []string
}

var plans = []plan{
	{"sums-ms-okafor", both("Fractions with bread", "一块面包学分数"), "Ms Okafor", 0, 18, 30, []string{"bread"}},
	{"graces-greens", both("First plum tomatoes", "头茬番茄，教你挑熟的"), "Grace", 1, 9, 0, []string{"tomato", "honey"}},
	{"tariks-garage", both("Bring this sound", "你的车有这种声音吗"), "Tarik", 1, 12, 30, []string{"brake"}},
	{bookStall, both("Letters from the harbour", "港口来信"), "Mira", 1, 18, 0, []string{"book", "novel", "primer"}},
	{"hill-bakery", both("Dough before dawn", "天亮前揉面"), "Hanna Hill", 1, 5, 30, []string{"bread"}},
}

// talk is what people say in the running show, and what the host answers.
type talk struct{ who, words, answer string }

var talks = []talk{
	{"ana", "how long does the mackerel keep?", "Until tomorrow on ice, Ana. Today is better."},
	{"mei", "贻贝要不要先吐沙？", "绳养的不含沙，刷干净就能下锅。"},
	{"ben", "is the bream big enough for two?", "About 900 g each, so yes, with potatoes."},
	{"xiaoan", "六点前能取吗？", "可以，选 18 点的时段，到摊报取货码。"},
	{"yusuf", "what do I do with the heads?", "Soup. Twenty minutes with a leek, no longer."},
	{"ayong", "鲭鱼是手钓的还是网捕的？", "手钓的，每条都看得到钩口。"},
	{"lena", "do you cut the hake into steaks?", "Yes, tell us the thickness when you collect."},
	{"piet", "my parcel came cold, thank you", "Good to hear, Piet. Send the ice pack back with the next box."},
	{"rosa", "the gills look good and red", "They do. Look at the eyes too: clear and round."},
	{"mei", "清蒸推荐哪一种？", "真鲷，八分钟就好。"},
}
