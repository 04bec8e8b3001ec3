package app_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/domain/feed"
	"github.com/openstall/openstall/internal/domain/video"
)

// audited reads the log as `openstall admin fairness` does.
func (f *fair) audited() feed.Verdict {
	f.t.Helper()
	if err := f.app.Feed.Flush(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	zone, _ := time.LoadLocation("Europe/Berlin")
	v, err := feed.Audit(f.t.Context(), f.app.DB, feed.Config{}, zone)
	if err != nil {
		f.t.Fatal(err)
	}
	return v
}

// honest fails when the log breaks a promise.
func (f *fair) honest() feed.Verdict {
	f.t.Helper()
	v := f.audited()
	for _, x := range v.Findings {
		f.t.Errorf("%s: %s", x.Check, x.Detail)
	}
	return v
}

// line is the line of business of an item, by name.
func line(item object) string {
	return item["reason"].(object)["line"].(object)["en"].(string)
}

// walk goes through n items of somebody, session after session, and calls at for
// each half a minute after the one before.
func (f *fair) walk(ask func(again bool) object, n int, at func(item object)) []object {
	f.t.Helper()
	var out []object
	again := false
	for len(out) < n {
		s := ask(again)
		for _, it := range itemsOf(s) {
			f.set(f.now().Add(30 * time.Second))
			if out = append(out, it); at != nil {
				at(it)
			}
		}
		if again = s["end"] == true; again && s["more"] != true && len(out) < n {
			f.t.Fatalf("the list ends after %d items", len(out))
		}
		f.app.Feed.Refresh()
	}
	return out[:n]
}

// R1: two markets alike. In one Rosa likes, follows and watches every fish to the
// end, in the other she only looks; her next hundred items are the same.
func TestLikesFollowsAndWatchingChangeNothing(t *testing.T) {
	eachFair(t, 135, 1, func(keen *fair) {
		still := &fair{stall: newStall(keen.t, "")}
		for i := range keen.shops {
			owner := still.person(fmt.Sprintf("owner%d", i))
			sh, err := still.app.Shops.Open(keen.t.Context(), owner, draftOf(i))
			if err != nil {
				keen.t.Fatal(err)
			}
			still.shops = append(still.shops, sh)
			still.film(sh, fmt.Sprintf("topic%d", i%16))
		}
		still.tell(video.TopicPublished, still.videos...)
		list := func(f *fair, at func(object)) []int {
			items := f.walk(func(again bool) object {
				return f.call(http.StatusOK, "rosa", "POST", "/v1/discover/pages", object{"again": again})
			}, 120, at)
			var out []int
			for _, id := range ids(items) {
				out = append(out, slices.Index(f.videos, id))
			}
			return out
		}
		fish := 0
		a := list(keen, func(it object) {
			if !strings.Contains(line(it), "Fish") {
				return
			}
			fish++
			id := idOf(it)
			keen.call(http.StatusOK, "rosa", "PUT", "/v1/videos/"+id+"/like", nil)
			keen.call(http.StatusOK, "rosa", "PUT", "/v1/shops/"+it["video"].(object)["shop"].(object)["id"].(string)+"/follow", nil)
			keen.call(http.StatusNoContent, "rosa", "POST", "/v1/videos/"+id+"/watch", object{"seconds": 30})
		})
		b := list(still, nil)
		if fish < 8 || !slices.Equal(a, b) {
			keen.t.Errorf("after %d fish watched the lists differ:\n%v\n%v", fish, a, b)
		}
		keen.honest()
	})
}

// R3, R4 and R5 from the answers, and from the log.
func TestEverybodyIsShownAndNobodyTooMuch(t *testing.T) {
	eachFair(t, 60, 1, func(f *fair) {
		t := f.t
		met := map[string]map[string]bool{}
		for v := range 130 {
			f.set(f.now().Add(20 * time.Second))
			b := browserNo(v)
			list := f.session(b)
			for from := 0; from+20 <= len(list); from++ {
				shops, lines := map[any]bool{}, map[string]int{}
				for _, it := range list[from : from+20] {
					shop := it["video"].(object)["shop"].(object)["id"]
					if shops[shop] {
						t.Fatalf("viewer %d: %v twice in twenty", v, shop)
					}
					shops[shop] = true
					if lines[line(it)]++; lines[line(it)] > 5 {
						t.Fatalf("viewer %d: %d of %s in twenty", v, lines[line(it)], line(it))
					}
				}
			}
			for _, id := range ids(list) {
				if met[id] == nil {
					met[id] = map[string]bool{}
				}
				met[id][b] = true
			}
		}
		shows := 0
		for _, v := range met {
			shows += len(v)
		}
		for _, id := range f.videos {
			if n := len(met[id]); n < shows/len(f.videos)/2 || float64(n) > 0.05*float64(shows) {
				t.Errorf("%s was shown to %d of %d", id, n, shows)
			}
		}
		v := f.honest()
		if v.Shows != shows || v.Viewers != 130 || v.Floors != 60 {
			t.Errorf("the log has %d of %d shows, %d viewers, %d floors", v.Shows, shows, v.Viewers, v.Floors)
		}
		day := f.as(http.StatusOK, browserNo(1), "GET", "/v1/discover/fairness", "")["items"].([]any)[0].(object)
		if day["shows"] != float64(shows) || day["reached"] != 60.0 || day["gini"].(float64) > 0.1 || day["fs50"] != 1.0 || day["most"].(float64) > 0.05 {
			t.Errorf("fairness: %v", day)
		}
	})
}

// R4 to its end: each of eight new videos goes to a hundred different people.
func TestANewVideoGetsItsHundredPeople(t *testing.T) {
	eachFair(t, 8, 1, func(f *fair) {
		t := f.t
		for v := range 99 {
			f.set(f.now().Add(time.Second))
			f.session(browserNo(v))
		}
		if v := f.honest(); v.Floors != 8 || v.Done != 0 {
			t.Errorf("after 99 people %d of %d have all", v.Done, v.Floors)
		}
		if r := f.session(browserNo(200))[0]["reason"].(object); r["kind"] != "floor" || r["left"] != 1.0 {
			t.Errorf("the hundredth: %v", r)
		}
		if v := f.honest(); v.Done != 8 {
			t.Errorf("after 100 people %d of %d have all", v.Done, v.Floors)
		}
		if r := f.session(browserNo(201))[0]["reason"].(object); r["kind"] == "floor" {
			t.Errorf("the hundred and first: %v", r)
		}
	})
}

func TestTheLogGivesATamperedFigureAway(t *testing.T) {
	eachFair(t, 8, 1, func(f *fair) {
		t := f.t
		for v := range 5 {
			f.session(browserNo(v))
		}
		f.honest() // from the log
		if err := f.app.Feed.Fold(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.honest() // and from the figures
		for check, text := range map[string]string{
			"floor":   `UPDATE feed_video SET credit = 0, shows = shows`,
			"sums":    `UPDATE feed_shows SET n = n - 1`,
			"once":    `UPDATE feed_page SET viewer = 'x'`,
			"owed":    `UPDATE feed_page SET items = REPLACE(items, ':f98', ':f100')`,
			"line":    `UPDATE feed_page SET items = REPLACE(items, '!', '')`,
			"end":     `UPDATE feed_page SET shown = 31`,
			"watched": `UPDATE feed_page SET items = REPLACE(items, ':f', ':q')`,
			"taste":   `UPDATE feed_page SET items = REPLACE(items, ':f', ':a')`,
		} {
			found := map[string]bool{}
			for _, x := range f.damaged(text).Findings {
				found[x.Check] = true
			}
			if !found[check] {
				t.Errorf("%s: found %v after %s", check, found, text)
			}
		}
	})
}

// damaged audits the market as if a statement had been run on it.
func (f *fair) damaged(text string) feed.Verdict {
	f.t.Helper()
	ctx := f.t.Context()
	tables := []string{"feed_video", "feed_shows", "feed_page"}
	exec := func(q string) {
		f.t.Helper()
		if _, err := f.app.DB.ExecContext(ctx, q); err != nil {
			f.t.Fatal(err)
		}
	}
	for _, name := range tables {
		exec("CREATE TABLE was_" + name + " AS SELECT * FROM " + name)
	}
	exec(text)
	v := f.audited()
	for _, name := range tables {
		exec("DELETE FROM " + name)
		exec("INSERT INTO " + name + " SELECT * FROM was_" + name)
		exec("DROP TABLE was_" + name)
	}
	return v
}

// R8: what is said is what runs.
func TestHowItWorksSaysWhatRuns(t *testing.T) {
	eachFair(t, 3, 1, func(f *fair) {
		how := f.as(http.StatusOK, browserNo(1), "GET", "/v1/discover/how", "")
		sheet := f.sheet(browserNo(1), false)
		if how["session"] != sheet["of"] || how["floor"] != itemsOf(sheet)[0]["reason"].(object)["left"] {
			f.t.Errorf("it says %v of %v, and hands out %v", how["floor"], how["session"], sheet)
		}
		for _, s := range how["sentences"].([]any) {
			if words := s.(object)["text"].(object); words["en"] == "" || words["zh"] == "" {
				f.t.Errorf("%v is not said in both languages", s)
			}
		}
	})
}

// R10: what a viewer takes away goes, whatever the process, and comes back when
// asked for.
func TestWhatIsTakenAwayStaysAway(t *testing.T) {
	eachFair(t, 30, 1, func(f *fair) {
		t := f.t
		me := browserNo(1)
		base := "/v1/mutes/"
		f.as(http.StatusNoContent, me, "PUT", base+"shop/"+f.shops[2].ID, "")
		f.as(http.StatusNoContent, me, "PUT", base+"topic/TOPIC5", "")
		f.as(http.StatusNoContent, me, "PUT", "/v1/videos/"+f.videos[9]+"/not-interested", "")
		f.again()
		m := f.as(http.StatusOK, me, "GET", "/v1/mutes", "")
		if fmt.Sprint(m["topics"]) != "[topic5]" || m["shops"].([]any)[0].(object)["name"].(object)["en"] != "Stall 2" {
			t.Errorf("muted: %v", m)
		}
		for _, id := range ids(f.session(me)) {
			if i := slices.Index(f.videos, id); i == 2 || i == 9 || i%16 == 5 {
				t.Errorf("video %d is shown", i)
			}
		}
		if n := len(f.session(browserNo(2))); n != 30 {
			t.Errorf("somebody else sees %d of 30", n)
		}
		for _, path := range []string{base + "shop/" + f.shops[2].ID, base + "topic/topic5", "/v1/videos/" + f.videos[9] + "/not-interested"} {
			f.as(http.StatusNoContent, me, "DELETE", path, "")
		}
		if got := ids(f.session(me)); len(got) != 4 {
			t.Errorf("taken back, %d of the four come", len(got))
		}
		f.as(http.StatusNotFound, me, "PUT", base+"shop/shp_none", "")
		f.as(http.StatusNotFound, me, "PUT", "/v1/videos/vid_none/not-interested", "")
	})
}

func TestReportsOfThoseWhoWereShownItFreezeAVideo(t *testing.T) {
	eachFair(t, 6, 1, func(f *fair) {
		t := f.t
		bad := f.videos[0]
		report := func(b string) {
			t.Helper()
			f.as(http.StatusNoContent, b, "POST", "/v1/videos/"+bad+"/reports", `{"reason":"copied","words":"mine"}`)
		}
		for v := range 20 { // a crowd that was never shown it
			report(browserNo(1000 + v))
		}
		for v := range 40 {
			f.session(browserNo(v))
		}
		if list := f.session(browserNo(500)); len(list) != 6 {
			t.Fatalf("frozen by strangers: %d of 6", len(list))
		}
		for v := range 5 {
			for range 3 { // one voice a viewer
				report(browserNo(v))
			}
		}
		if list := ids(f.session(browserNo(501))); slices.Contains(list, bad) {
			t.Errorf("five reports of 41 shows do not freeze it")
		}
		f.operator("boss")
		page := f.call(http.StatusOK, "boss", "GET", "/v1/operator/discover", nil)
		stopped := page["stopped"].([]any)
		if len(stopped) != 0 {
			t.Errorf("told before it was written")
		}
		if err := f.app.Feed.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.again()
		stopped = f.call(http.StatusOK, "boss", "GET", "/v1/operator/discover", nil)["stopped"].([]any)
		if len(stopped) != 1 || stopped[0].(object)["video"] != bad || len(stopped[0].(object)["reports"].([]any)) != 20 {
			t.Fatalf("the operator sees %v", stopped)
		}
		if list := ids(f.session(browserNo(502))); slices.Contains(list, bad) {
			t.Error("a restart thaws it")
		}
		f.call(http.StatusNotFound, "rosa", "POST", "/v1/operator/discover/videos/"+bad+"/thaw", nil)
		f.call(http.StatusNoContent, "boss", "POST", "/v1/operator/discover/videos/"+bad+"/thaw", nil)
		if list := ids(f.session(browserNo(503))); !slices.Contains(list, bad) {
			t.Error("does not come back once the operator has looked")
		}
		f.call(http.StatusNoContent, "boss", "POST", "/v1/operator/discover/videos/"+bad+"/hide", nil)
		f.tell(video.TopicPublished, bad) // its shop changes a word
		if list := ids(f.session(browserNo(504))); slices.Contains(list, bad) {
			t.Error("a hidden video comes back by being changed")
		}
		f.call(http.StatusNotFound, "boss", "POST", "/v1/operator/discover/videos/vid_none/thaw", nil)
	})
}

func (f *fair) operator(name string) {
	f.t.Helper()
	if err := f.app.Accounts.SetRoles(f.t.Context(), f.person(name), true, false); err != nil {
		f.t.Fatal(err)
	}
}

func TestTimeIsCountedByTheClockOnTheWall(t *testing.T) {
	eachFair(t, 6, 1, func(f *fair) {
		t := f.t
		me := browserNo(1)
		first := itemsOf(f.sheet(me, false))
		watch := func(i int, seconds int) {
			t.Helper()
			f.as(http.StatusNoContent, me, "POST", "/v1/videos/"+idOf(first[i])+"/watch", fmt.Sprintf(`{"seconds":%d}`, seconds))
		}
		spent := func() float64 {
			t.Helper()
			days := f.as(http.StatusOK, me, "GET", "/v1/discover/time", "")["items"].([]any)
			return days[len(days)-1].(object)["seconds"].(float64)
		}
		watch(0, 30) // no time has passed
		if s := spent(); s != 0 {
			t.Errorf("%v seconds out of nothing", s)
		}
		f.set(f.now().Add(20 * time.Second))
		watch(0, 3000) // longer than the film and the wait
		watch(1, 30)   // the same seconds again
		if s := spent(); s != 20 {
			t.Errorf("%v seconds, twenty have passed", s)
		}
		f.set(f.now().Add(10 * time.Minute))
		watch(2, 3000)
		if s := spent(); s != 50 {
			t.Errorf("%v seconds, of a film of thirty", s)
		}
		f.as(http.StatusNoContent, me, "POST", "/v1/videos/vid_none/watch", `{"seconds":5}`)
	})
}

func TestSettingsOfAViewer(t *testing.T) {
	eachFair(t, 12, 1, func(f *fair) {
		t := f.t
		me := browserNo(1)
		const path = "/v1/discover/settings"
		if s := f.as(http.StatusOK, me, "GET", path, ""); s["autoplay"] != false || s["taste_percent"] != 0.0 || s["young"] != false || s["night_quiet"] != nil {
			t.Errorf("as they come: %v", s)
		}
		f.as(http.StatusUnprocessableEntity, me, "PUT", path, `{"autoplay":false,"taste_percent":50,"young":false}`)
		f.as(http.StatusUnprocessableEntity, me, "PUT", path, `{"autoplay":false,"taste_percent":0,"young":false,"night_quiet":{"from":"25:00","to":"06:00"}}`)
		if p := f.as(http.StatusConflict, me, "PUT", path, `{"autoplay":true,"taste_percent":0,"young":true}`); p["code"] != "discover.young" {
			t.Errorf("%v", p)
		}
		young := f.as(http.StatusOK, me, "PUT", path, `{"autoplay":false,"taste_percent":0,"young":true}`)
		if q, _ := young["night_quiet"].(object); q["from"] != "22:00" || q["to"] != "06:00" {
			t.Errorf("the night of the young: %v", young)
		}
		// It is 10:00 in Berlin.
		f.as(http.StatusOK, me, "PUT", path, `{"autoplay":true,"taste_percent":20,"young":false,"night_quiet":{"from":"09:30","to":"10:30"}}`)
		f.again()
		s := f.sheet(me, false)
		if len(itemsOf(s)) != 0 || s["quiet_until"] != "2026-11-23T09:30:00Z" {
			t.Errorf("in the quiet hours: %v", s)
		}
		f.set(f.now().Add(time.Hour))
		if s := f.sheet(me, false); len(itemsOf(s)) != 5 {
			t.Errorf("after them: %v", s)
		}
		f.as(http.StatusOK, me, "PUT", path, `{"autoplay":false,"taste_percent":0,"young":false,"night_quiet":{"from":"22:00","to":"07:00"}}`)
		berlin, _ := time.LoadLocation("Europe/Berlin")
		for _, tt := range []struct {
			name  string
			at    time.Time
			until any
		}{
			{"a minute before the night", time.Date(2026, 11, 24, 21, 59, 0, 0, berlin), nil},
			{"the night has begun", time.Date(2026, 11, 24, 22, 0, 0, 0, berlin), "2026-11-25T06:00:00Z"},
			{"after midnight it is the same night", time.Date(2026, 11, 25, 3, 0, 0, 0, berlin), "2026-11-25T06:00:00Z"},
			{"the night is over", time.Date(2026, 11, 25, 7, 0, 0, 0, berlin), nil},
		} {
			f.set(tt.at)
			if s := f.sheet(me, false); s["quiet_until"] != tt.until {
				t.Errorf("%s: quiet until %v, want %v", tt.name, s["quiet_until"], tt.until)
			}
		}
	})
}

// A viewer who asks for taste gets a capped part of it, told item by item; one
// who stops is forgotten.
func TestTasteIsAskedForCappedAndSaid(t *testing.T) {
	eachFair(t, 96, 2, func(f *fair) {
		t := f.t
		me := browserNo(1)
		set := func(percent int) {
			t.Helper()
			f.as(http.StatusOK, me, "PUT", "/v1/discover/settings", fmt.Sprintf(`{"autoplay":false,"taste_percent":%d,"young":false}`, percent))
		}
		set(20)
		watched := 0
		list := f.walk(func(again bool) object { return f.sheet(me, again) }, 60, func(it object) {
			if it["video"].(object)["topics"].([]any)[0] == "topic3" || watched == 0 {
				watched++
				f.as(http.StatusNoContent, me, "POST", "/v1/videos/"+idOf(it)+"/watch", `{"seconds":30}`)
			}
		})
		kinds := map[any]int{}
		for i, it := range list {
			kinds[it["reason"].(object)["kind"]]++
			if ten := list[max(0, i-9) : i+1]; count(ten, "affinity") > 2 {
				t.Errorf("item %d: %d of ten by taste, 20 %% given", i, count(ten, "affinity"))
			}
		}
		if kinds["affinity"] == 0 {
			t.Errorf("nothing by taste: %v", kinds)
		}
		f.honest()
		set(0)
		if n := count(f.walk(func(again bool) object { return f.sheet(me, again) }, 20, nil), "affinity"); n != 0 {
			t.Errorf("%d by taste after it was switched off", n)
		}
	})
}

func count(items []object, kind string) int {
	n := 0
	for _, it := range items {
		if it["reason"].(object)["kind"] == kind {
			n++
		}
	}
	return n
}

// Shops of one person have one turn.
func TestShopsOfOnePersonAreOneOwner(t *testing.T) {
	eachFair(t, 3, 1, func(f *fair) {
		one := f.person("owner0")
		for i := range 4 {
			sh, err := f.app.Shops.Open(f.t.Context(), one, draftOf(i+20))
			if err != nil {
				f.t.Fatal(err)
			}
			f.film(sh, "more")
		}
		f.tell(video.TopicPublished, f.videos[3:]...)
		if list := f.session(browserNo(1)); len(list) != 3 {
			f.t.Errorf("seven shops of three people fill %d places", len(list))
		}
		given := 0
		for _, id := range f.videos[3:] {
			var n int
			if err := f.app.DB.QueryRowContext(f.t.Context(), `SELECT given FROM feed_video WHERE video = $1`, id).Scan(&n); err != nil {
				f.t.Fatal(err)
			}
			given += n
		}
		if given != 0 {
			f.t.Errorf("a second floor on one day: %d shows", given)
		}
	})
}

// Two processes on one PostgreSQL learn from each other, and one alone pays a
// video.
func TestTwoProcessesShareTheFloor(t *testing.T) {
	eachFair(t, 6, 1, func(f *fair) {
		t := f.t
		if f.database == "" {
			return // one process has a file of its own
		}
		first, at := f.app, f.url
		f.again()
		second := f.app
		for v := range 60 {
			f.session(browserNo(v))
		}
		learn := func(s *feed.Service) {
			t.Helper()
			if err := s.Learn(context.WithoutCancel(t.Context())); err != nil {
				t.Fatal(err)
			}
		}
		learn(second.Feed)
		there := f.url
		f.app, f.url = first, at
		f.session(browserNo(99)) // who shows pages has a part in paying
		learn(first.Feed)
		learn(second.Feed)
		learn(first.Feed)
		owed := map[string]bool{}
		for i, url := range []string{at, there} {
			f.url = url
			for _, it := range f.session(browserNo(100 + i)) {
				r := it["reason"].(object)
				if r["kind"] != "floor" {
					continue
				}
				if r["left"] != 40.0 || owed[idOf(it)] {
					t.Errorf("process %d owes %s: %v", i, idOf(it), r)
				}
				owed[idOf(it)] = true
			}
		}
		if len(owed) != 6 {
			t.Errorf("%d of 6 videos have who pays them", len(owed))
		}
		f.app = second
		f.honest()
	})
}

func TestWhatIsKeptForATimeIsForgottenAfterIt(t *testing.T) {
	eachFair(t, 12, 1, func(f *fair) {
		first := f.sheet(browserNo(1), false)
		if len(itemsOf(first)) == 0 {
			f.t.Fatal("nothing was shown")
		}
		pages := func() (n int) {
			f.t.Helper()
			if err := errors.Join(f.app.Feed.Flush(f.t.Context()), f.app.Feed.Fold(f.t.Context()), f.app.Forget(f.t.Context())); err != nil {
				f.t.Fatal(err)
			}
			if err := f.app.DB.QueryRowContext(f.t.Context(), `SELECT COUNT(*) FROM feed_page`).Scan(&n); err != nil {
				f.t.Fatal(err)
			}
			return n
		}
		if n := pages(); n == 0 {
			f.t.Error("today's pages are gone")
		}
		f.set(f.now().Add(200 * 24 * time.Hour))
		if n := pages(); n != 0 {
			f.t.Errorf("after 200 days %d pages are kept", n)
		}
	})
}
