package feed

import (
	"slices"
	"testing"
)

func TestALineOfTheLogSaysWhatWasShown(t *testing.T) {
	items := []logged{
		{Video: "vid_1", Kind: Floor, Key: 100, Paid: true, First: true},
		{Video: "vid_2", Kind: Quality, Key: 4294967295, Fits: true},
		{Video: "vid_3", Kind: Turn},
		{Video: "vid_4", Kind: Affinity, Fits: true, Paid: true, First: true},
	}
	var text []byte
	for _, it := range items {
		text = appendLogged(text, it)
	}
	if want := "vid_1:f100-!,vid_2:q4294967295+,vid_3:t,vid_4:a+-!"; string(text) != want {
		t.Errorf("%s, want %s", text, want)
	}
	var back []logged
	if err := eachLogged(string(text), func(it logged) { back = append(back, it) }); err != nil || !slices.Equal(back, items) {
		t.Errorf("%v, %v", back, err)
	}
}

func FuzzLoggedItems(f *testing.F) {
	for _, text := range []string{"", "vid_1:f100-!,vid_2:q3+", "vid_1:t", "vid_1:f0", "vid_1:f01", "vid_1:t!-", "vid_1:t--", "vid_1:x", ":t", "vid_1:t,", "vid_1:f99999999999", "a:b:t"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var again []byte
		if err := eachLogged(text, func(it logged) { again = appendLogged(again, it) }); err == nil && string(again) != text {
			t.Errorf("%q comes back as %q", text, again)
		}
	})
}

func FuzzSignals(f *testing.F) {
	for _, text := range []string{"", "vid_1:l0,vid_2:l1,vid_3:r", "vid_1:l2", "vid_1:c40", "vid_1:c0", "vid_1:", "vid_1", ":r", "vid_1:r,"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var again []byte
		if err := eachSignal(text, func(s signal) { again = appendSignal(again, s) }); err == nil && string(again) != text {
			t.Errorf("%q comes back as %q", text, again)
		}
	})
}
