package lab_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/openstall/openstall/internal/domain/feed/lab"
	"github.com/openstall/openstall/internal/testsupport/race"
)

// synthetic writes and loads a small made-up set.
func synthetic(t testing.TB) *lab.Set {
	t.Helper()
	dir := t.TempDir()
	if err := (lab.Synth{Seed: 1}).Write(dir); err != nil {
		t.Fatal(err)
	}
	s, err := lab.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var first map[string]lab.Result

// results is every policy on the synthetic set with the first seed, evaluated once.
func results(t testing.TB) map[string]lab.Result {
	t.Helper()
	if first == nil {
		first = evaluate(t, synthetic(t))
	}
	return first
}

func evaluate(t testing.TB, s *lab.Set) map[string]lab.Result {
	t.Helper()
	r, err := lab.Evaluate(t.Context(), s, lab.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]lab.Result{}
	for _, p := range r.Policies {
		p.Seconds = 0
		by[p.Name] = p
	}
	return by
}

func TestOneSeedWritesOneSet(t *testing.T) {
	a, b, c := t.TempDir(), t.TempDir(), t.TempDir()
	for dir, seed := range map[string]uint64{a: 7, b: 7, c: 8} {
		if err := (lab.Synth{Users: 50, Creators: 40, Seed: seed}).Write(dir); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"items.tsv.gz", "train.tsv.gz", "eval.tsv.gz"} {
		read := func(dir string) string {
			body, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			return string(body)
		}
		if read(a) != read(b) {
			t.Errorf("%s differs for one seed", name)
		}
		if name != "items.tsv.gz" && read(a) == read(c) {
			t.Errorf("%s is the same for two seeds", name)
		}
	}
}

func TestModelsBeatPopularityAndPopularityBeatsChance(t *testing.T) {
	by := results(t)
	if !(by["ease"].NDCG > by["popularity"].NDCG && by["popularity"].NDCG > 1.5*by["random"].NDCG) {
		t.Errorf("nDCG: ease %.4f, popularity %.4f, random %.4f", by["ease"].NDCG, by["popularity"].NDCG, by["random"].NDCG)
	}
	if by["popularity"].CreatorGini < by["random"].CreatorGini {
		t.Error("popularity is flatter than chance")
	}
}

func TestBaselinesDoWhatTheyAreKnownFor(t *testing.T) {
	by := results(t)
	for _, name := range []string{"mmr", "dpp"} {
		if by[name].Entropy <= by["ease"].Entropy {
			t.Errorf("%s has %.2f bits of topics, EASE %.2f", name, by[name].Entropy, by["ease"].Entropy)
		}
	}
	for _, name := range []string{"itemknn", "ials", "mmr", "dpp", "calibrated"} {
		if by[name].NDCG < 2*by["random"].NDCG {
			t.Errorf("%s: nDCG %.4f, chance %.4f", name, by[name].NDCG, by["random"].NDCG)
		}
	}
	if f := by["fairrec"]; f.Coverage != 1 || f.CreatorGini >= by["ease"].CreatorGini {
		t.Errorf("fairrec guarantees nothing: %+v", f)
	}
}

func TestFlatReachesEveryCreatorAndBeatsChance(t *testing.T) {
	by := results(t)
	flat := by["flat"]
	if flat.CreatorCoverage != 1 || flat.CreatorGini > 0.5 || flat.FS50 < 0.8 || flat.NewShare < 0.05 {
		t.Errorf("flat is not flat: %+v", flat)
	}
	if flat.NDCG < 1.2*by["random"].NDCG {
		t.Errorf("nDCG %.4f, chance %.4f", flat.NDCG, by["random"].NDCG)
	}
}

func TestBoundedKeepsMostOfTheFitAndReachesEverybody(t *testing.T) {
	by := results(t)
	b := by["bounded"]
	if b.CreatorCoverage != 1 || b.CreatorGini > 0.7 || b.NewShare < 0.01 || b.FloorFirst7 < 0.5 {
		t.Errorf("bounded is not bounded: %+v", b)
	}
	if b.NDCG < by["flat"].NDCG || b.NDCG < 0.5*by["ease"].NDCG {
		t.Errorf("nDCG: bounded %.4f, flat %.4f, ease %.4f", b.NDCG, by["flat"].NDCG, by["ease"].NDCG)
	}
}

func TestOneSeedGivesOneReport(t *testing.T) {
	if race.Enabled {
		t.Skip("the same goroutines as in the other evaluation; without the detector this runs in full")
	}
	a, b := results(t), evaluate(t, synthetic(t))
	for name := range a {
		if a[name] != b[name] {
			t.Errorf("%s: %+v, then %+v", name, a[name], b[name])
		}
	}
}

func TestNewCreatorsHaveNoTrainingRows(t *testing.T) {
	s := synthetic(t)
	fresh := 0
	for _, list := range s.Train {
		for _, r := range list {
			if s.Items[r.Item].New {
				t.Fatalf("video %d of a new creator is in training", r.Item)
			}
		}
	}
	for _, it := range s.Items {
		if it.New {
			fresh++
		}
	}
	if fresh == 0 {
		t.Error("no new creators")
	}
}

func set(items, train, eval string) fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range map[string]string{"items.tsv.gz": items, "train.tsv.gz": train, "eval.tsv.gz": eval} {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(text))
		_ = z.Close()
		files[name] = &fstest.MapFile{Data: b.Bytes()}
	}
	return files
}

func TestDamagedSetsAreNamedByFileAndLine(t *testing.T) {
	const items, train, eval = "0\t0\t1\t0\t9\n1\t1\t-1\t1\t9\n", "0\t0\t0\t1\n", "0\t1\ttest\t1\t1\t0\t0\t5\n"
	for _, tt := range []struct{ name, items, train, eval, want string }{
		{"a column too few", "0\t0\t1\t0\n", train, eval, "items.tsv.gz line 1: want 5 columns"},
		{"a column too many", items, "0\t0\t0\t1\t1\n", eval, "train.tsv.gz line 1: want 4 columns"},
		{"a word for a number", items, "0\tx\t0\t1\n", eval, "train.tsv.gz line 1: column 2"},
		{"a negative user", items, "-1\t0\t0\t1\n", eval, "is no identifier"},
		{"an unknown video", items, "0\t2\t0\t1\n", eval, "item 2 is not in items.tsv.gz"},
		{"an unknown phase", items, train, "0\t1\tlate\t1\t1\t0\t0\t5\n", `phase "late"`},
		{"a video twice", items + "0\t0\t1\t0\t9\n", train, eval, "item 0 stands twice"},
		{"a gap in the identifiers", "1\t0\t1\t0\t9\n", train, eval, "1 rows for identifiers up to 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := lab.LoadFS(set(tt.items, tt.train, tt.eval), "x")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	s, err := lab.LoadFS(set(items, train, eval), "x")
	if err != nil {
		t.Fatal(err)
	}
	if s.Creators != 2 || s.Topics != 2 || s.Items[1].Topic != 1 || !s.Items[1].New || len(s.Test[0]) != 1 {
		t.Errorf("read as %+v", s)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("0\t0\t1\t0\t9\n1\t1\t-1\t1\t9\n", "0\t0\t0\t1\n", "0\t1\ttest\t1\t1\t0\t0\t5\n")
	f.Add("0\t0\t1\t0\t9\n", "", "")
	f.Add("0\t0\t1\t0\n", "9\t9\t9\t9\n", "\n")
	f.Fuzz(func(t *testing.T, items, train, eval string) {
		for _, text := range []string{items, train, eval} {
			for line := range strings.Lines(text) {
				if user, _, _ := strings.Cut(line, "\t"); len(user) > 4 {
					t.Skip("a large identifier only asks for memory")
				}
			}
		}
		s, err := lab.LoadFS(set(items, train, eval), "x")
		if err != nil {
			return
		}
		for i, it := range s.Items {
			if it.Creator < 0 || int(it.Creator) >= s.Creators || it.Topic < 0 || int(it.Topic) >= s.Topics {
				t.Errorf("video %d read as %+v of %d creators, %d topics", i, it, s.Creators, s.Topics)
			}
		}
	})
}
