package app

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// forgetStart gives back the pages of the program that have been read so far.
// A start runs through most of the program once, and the kernel maps what lies
// around each page too; a market at rest needs less than half of that. What is
// wanted again comes from the page cache without a read.
func forgetStart() error {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(maps)) {
		start, end, ok := programPages(strings.TrimSuffix(line, "\n"), exe)
		if !ok {
			continue
		}
		if _, _, e := unix.Syscall(unix.SYS_MADVISE, start, end-start, unix.MADV_DONTNEED); e != 0 {
			err = errors.Join(err, fmt.Errorf("madvise: %w", e))
		}
	}
	return err
}

// programPages reads a line of /proc/self/maps. It is about pages to give back
// when they are the program's own and can not be written: a page that has been
// written to would be lost.
func programPages(line, exe string) (start, end uintptr, ok bool) {
	var mode, offset, device, inode string
	n, err := fmt.Sscanf(line, "%x-%x %s %s %s %s", &start, &end, &mode, &offset, &device, &inode)
	if err != nil || n != 6 || end <= start {
		return 0, 0, false
	}
	return start, end, strings.HasSuffix(line, " "+exe) && (mode == "r-xp" || mode == "r--p")
}
