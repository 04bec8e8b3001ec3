package id_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openstall/openstall/internal/kit/id"
)

func TestIdsSortByBirthAndSayWhatTheyAre(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	var ids []string
	for i := range 100 {
		ids = append(ids, id.New("ord", at.Add(time.Duration(i)*time.Millisecond)))
	}
	if !slices.IsSorted(ids) {
		t.Error("ids do not sort by birth")
	}
	if got := ids[0]; !strings.HasPrefix(got, "ord_") || len(got) != 4+26 {
		t.Errorf("id = %q, want ord_ and 26 letters", got)
	}
}
