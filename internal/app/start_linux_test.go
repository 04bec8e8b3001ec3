package app

import "testing"

func TestOnlyPagesThatCannotBeWrittenAreGivenBack(t *testing.T) {
	for _, tt := range []struct {
		line string
		want bool
	}{
		{"00400000-02200000 r-xp 00000000 fe:00 123 /srv/openstall", true},
		{"02200000-04700000 r--p 01e00000 fe:00 123 /srv/openstall", true},
		{"04700000-04900000 rw-p 04300000 fe:00 123 /srv/openstall", false}, // written to
		{"00400000-02200000 r-xp 00000000 fe:00 124 /lib/libc.so.6", false},
		{"00400000-02200000 r-xp 00000000 fe:00 124 /opt/srv/openstall", false},
		{"c000000000-c004000000 rw-p 00000000 00:00 0 ", false},
		{"02200000-00400000 r-xp 00000000 fe:00 123 /srv/openstall", false},
		{"", false},
		{"vdso", false},
	} {
		start, end, ok := programPages(tt.line, "/srv/openstall")
		if ok != tt.want || ok && (start == 0 || end <= start) {
			t.Errorf("%q: %x to %x, %v", tt.line, start, end, ok)
		}
	}
}

func TestTheProgramGoesOnAfterItsStartIsForgotten(t *testing.T) {
	for range 3 {
		if err := forgetStart(); err != nil {
			t.Fatal(err)
		}
	}
}
