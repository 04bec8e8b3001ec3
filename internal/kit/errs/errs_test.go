package errs_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/openstall/openstall/internal/kit/errs"
)

var errTest = errs.New(errs.Conflict, "test.conflict", "A conflict.", "测试。")

func TestSameCodeIsSameProblem(t *testing.T) {
	err := fmt.Errorf("placing: %w", errTest.At("body.x", "too big").Because(errors.New("row 7")))
	if !errors.Is(err, errTest) {
		t.Errorf("%v is not %v", err, errTest)
	}
	if errors.Is(err, errs.ErrInvalid) {
		t.Errorf("%v is %v", err, errs.ErrInvalid)
	}
	if got := errs.KindOf(err); got != errs.Conflict {
		t.Errorf("KindOf = %v, want Conflict", got)
	}
	if got := errs.KindOf(errors.New("x")); got != errs.Internal {
		t.Errorf("KindOf(foreign) = %v, want Internal", got)
	}
}

func TestCopiesLeaveTheDeclarationAlone(t *testing.T) {
	_ = errTest.At("a", "b").At("c", "d")
	if len(errTest.Fields) != 0 {
		t.Errorf("declared problem grew fields: %v", errTest.Fields)
	}
}

func TestSecondDeclarationPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a second meaning for a code was accepted")
		}
	}()
	errs.New(errs.Invalid, "test.conflict", "Another.", "测试。")
}
