package amf0_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/openstall/openstall/internal/media/flv/amf0"
)

// cases hold values and bytes; both directions use them.
var cases = []struct {
	name   string
	values []any
	bytes  []byte
}{
	{"number", []any{1.0}, []byte{0, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0}},
	{"booleans", []any{true, false}, []byte{1, 1, 1, 0}},
	{"string", []any{"live"}, []byte{2, 0, 4, 'l', 'i', 'v', 'e'}},
	{"null and undefined", []any{nil, amf0.Undefined{}}, []byte{5, 6}},
	{"object", []any{amf0.Object{{Key: "a", Value: true}}}, []byte{3, 0, 1, 'a', 1, 1, 0, 0, 9}},
	{"strict array", []any{[]any{nil}}, []byte{10, 0, 0, 0, 1, 5}},
	{"date", []any{amf0.Date(0)}, []byte{11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
}

func TestValuesAndBytesAreTheSame(t *testing.T) {
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			if got := amf0.Append(nil, tt.values...); !bytes.Equal(got, tt.bytes) {
				t.Errorf("Append = %x, want %x", got, tt.bytes)
			}
			got, err := amf0.Parse(tt.bytes)
			if err != nil || !reflect.DeepEqual(got, tt.values) {
				t.Errorf("Parse = %#v, %v, want %#v", got, err, tt.values)
			}
		})
	}
}

func TestECMAArraysAreObjects(t *testing.T) {
	got, err := amf0.Parse([]byte{8, 0, 0, 0, 0, 0, 1, 'a', 5, 0, 0, 9})
	if err != nil || !reflect.DeepEqual(got, []any{amf0.Object{{Key: "a"}}}) {
		t.Errorf("Parse = %#v, %v", got, err)
	}
}

func TestNestingIsBounded(t *testing.T) {
	deep := bytes.Repeat([]byte{3, 0, 1, 'a'}, 1000)
	if _, err := amf0.Parse(deep); err == nil {
		t.Error("a thousand objects deep passes")
	}
	wide := append([]byte{10, 0xff, 0xff, 0xff, 0xff}, bytes.Repeat([]byte{5}, 1<<15)...)
	if _, err := amf0.Parse(wide); err == nil {
		t.Error("an array of 32768 values passes")
	}
}

func FuzzParse(f *testing.F) {
	for _, tt := range cases {
		f.Add(tt.bytes)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := amf0.Parse(b)
		if err != nil {
			return
		}
		once := amf0.Append(nil, v...)
		v2, err := amf0.Parse(once)
		if err != nil {
			t.Fatalf("own bytes: %v", err)
		}
		if twice := amf0.Append(nil, v2...); !bytes.Equal(once, twice) {
			t.Errorf("%x becomes %x", once, twice)
		}
	})
}
