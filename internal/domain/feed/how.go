package feed

import (
	"fmt"
	"strings"

	"github.com/openstall/openstall/internal/domain/video"
	"github.com/openstall/openstall/internal/kit/text"
)

// How is what "How Discover works" says, made from the running configuration.
type How struct {
	Floor          int        `json:"floor" doc:"Shows a new video is owed"`
	FloorInForce   int        `json:"floor_in_force" doc:"What a video published now is owed: less when there are more videos than shows"`
	FloorPerDay    int        `json:"floor_per_day" doc:"Publications of one owner in a day that are owed shows"`
	Session        int        `json:"session" doc:"Items, then it ends"`
	RestMinutes    int        `json:"rest_minutes" doc:"After which it begins anew"`
	TurnsOfTen     int        `json:"turns_of_ten" doc:"Items of ten that are owed shows or turns"`
	QualityOfTen   int        `json:"quality_of_ten" doc:"Items of ten that others watched long"`
	TasteMax       int        `json:"taste_max_percent" doc:"The most of the list a viewer can give to taste"`
	LineOf20       int        `json:"line_of_20" doc:"Items of one line of business in any twenty, at most"`
	AuthorOf20     int        `json:"author_of_20"`
	OwnerPercent   float64    `json:"owner_max_percent" doc:"Of a day's shows, for one owner, once fifty are there"`
	LongSeconds    int        `json:"long_seconds" doc:"After which a view is long; shorter films: nine tenths"`
	FreezeShows    int        `json:"freeze_shows" doc:"After which reports of a tenth of its viewers stop a video"`
	Sentences      []Sentence `json:"sentences" nullable:"false"`
	TasteSentences []Sentence `json:"taste_sentences" nullable:"false" doc:"What changes where a viewer asked for taste"`
}

// Sentence is one rule in words.
type Sentence struct {
	Rule string     `json:"rule" enum:"floor,turn,quality,unmoved,breadth,cap,end,autoplay,quiet,away,reports,paid,taste,claim,young"`
	Text text.Local `json:"text"`
}

func ofTen(pattern, kinds string) int {
	n := 0
	for _, k := range pattern {
		if strings.ContainsRune(kinds, k) {
			n++
		}
	}
	return (10*n + len(pattern)/2) / len(pattern)
}

// How explains the rules in force.
func (s *Service) How() How {
	c, now := s.Config, s.engine.Capacity()
	h := How{Floor: c.Floor, FloorInForce: now.InForce, FloorPerDay: c.FloorPerDay, Session: c.Session, RestMinutes: int(c.Rest.Minutes()), TurnsOfTen: ofTen(c.Pattern, "ft"),
		QualityOfTen: ofTen(c.Pattern, "q"), TasteMax: 10 * ofTen(c.Bounded, "a"), LineOf20: c.LineOf20, AuthorOf20: 1, OwnerPercent: 100 * c.OwnerShare,
		LongSeconds: int(longView.Seconds()), FreezeShows: c.FreezeAfter}
	say := func(list *[]Sentence, rule, en, zh string) { *list = append(*list, Sentence{rule, text.Both(en, zh)}) }
	to := &h.Sentences
	en, zh := fmt.Sprintf("Every new video is owed %d shows to different people, whoever made it.", c.Floor), fmt.Sprintf("每个新视频都会先展示给 %d 位不同的人，不论是谁发的。", c.Floor)
	if now.InForce < c.Floor {
		en += fmt.Sprintf(" Today there are more videos than shows, so each gets %d.", now.InForce)
		zh += fmt.Sprintf("今天的视频多于展示次数，所以每个先得到 %d 次。", now.InForce)
	}
	en += fmt.Sprintf(" That counts for %s of an owner a day, another waits for a day with less; a copy has what its original has left.", times(c.FloorPerDay))
	zh += fmt.Sprintf("每位店主每天有 %d 个视频享有，多发的等少发的那天再补；重复上传的只能用原视频剩下的次数。", c.FloorPerDay)
	say(to, "floor", en, zh)
	say(to, "turn", fmt.Sprintf("%d of 10 items go by turns: owners who are owed shows wait in a circle, and who was shown goes to the end. "+
		"When nobody is owed any, all videos take turns, in %d classes by how long others watched them, the best about %.0f times as often as the last. Several accounts of one person have one turn.", h.TurnsOfTen, tierCount, weights[tierCount-1]),
		fmt.Sprintf("每 10 个里有 %d 个是轮流来的：还欠展示的店主排成一圈，展示过的排到最后。都不欠时，所有视频轮流：按别人看得久不久分 %d 级，最好的次数约为最末的 %.0f 倍。同一个人的多个账号只有一个位置。", h.TurnsOfTen, tierCount, weights[tierCount-1]))
	say(to, "quality", fmt.Sprintf("%d of 10 are what other people watched long: %d seconds, or nine tenths of a shorter film; a photo counts as %d seconds.", h.QualityOfTen, h.LongSeconds, int(video.PerPhoto.Seconds())),
		fmt.Sprintf("每 10 个里有 %d 个是别人看得久的：看满 %d 秒，短片则看满九成；一张照片算 %d 秒。", h.QualityOfTen, h.LongSeconds, int(video.PerPhoto.Seconds())))
	say(to, "unmoved", "What you like, watch, follow, share or buy never changes your own list. Viewers fall into eight groups, and each is shown what the others watched.",
		"你点赞、观看、关注、分享或购买什么，都不会改变你自己的列表。观众分成八组，每一组看到的是其他组看得久的。")
	say(to, "breadth", fmt.Sprintf("Any 20 in a row have each owner once and at most %d of one line of business. Where it can be done, a topic comes no oftener in them than it is among all videos.", c.LineOf20), fmt.Sprintf("任意连续 20 个里，每位店主最多一次，同一行当最多 %d 个；只要排得开，一个话题占的比例也不会比它在全部视频里的更大。", c.LineOf20))
	say(to, "cap", fmt.Sprintf("Nobody has more than %g %% of a day once fifty owners are here.", h.OwnerPercent), fmt.Sprintf("有五十位店主以后，任何一位都不会超过一天展示的 %g%%。", h.OwnerPercent))
	say(to, "end", fmt.Sprintf("After %d items it ends. It begins anew after %d minutes, or when you ask for more.", c.Session, h.RestMinutes), fmt.Sprintf("看完 %d 个就结束。%d 分钟后重新开始，或由你要求再看。", c.Session, h.RestMinutes))
	say(to, "autoplay", "Nothing plays by itself unless you switch it on.", "除非你打开，否则什么都不会自动播放。")
	say(to, "quiet", "In the quiet hours you choose it shows nothing.", "在你选定的安静时段，这里什么都不展示。")
	say(to, "away", "“Not for me” and muting only take away: a video, a shop or a topic.", "“不感兴趣”和屏蔽只会减少：一个视频、一家店或一个话题。")
	say(to, "reports", fmt.Sprintf("A video that a tenth of its viewers report after %d shows rests until the operator has looked.", c.FreezeAfter), fmt.Sprintf("展示 %d 次后若有十分之一的观众举报，视频先停下，等管理方看过再说。", c.FreezeAfter))
	say(to, "paid", "Nobody can pay for a place here.", "这里的位置花钱也买不到。")
	to = &h.TasteSentences
	say(to, "taste", fmt.Sprintf("If you ask for it, up to %d %% of the list is chosen by topics you watched long. You set the share; setting it to 0 forgets what was learned.", h.TasteMax),
		fmt.Sprintf("如果你愿意，列表中最多 %d%% 按你看得久的话题来选。比例由你定；调到 0 就忘掉学到的一切。", h.TasteMax))
	say(to, "claim", "All other items still need a claim of their own; among several with the same claim the one that fits comes first, and the item says so.", "其余的仍要凭自己的理由上来；理由相同时，合你口味的排在前面，并会注明。")
	say(to, "young", "For young viewers this is off, and so is playing by itself.", "对未成年观众，这一项和自动播放都是关着的。")
	return h
}

func times(n int) string {
	if n == 1 {
		return "one publication"
	}
	return fmt.Sprintf("%d publications", n)
}
