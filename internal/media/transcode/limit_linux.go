package transcode

import (
	"errors"
	"runtime"

	"golang.org/x/sys/unix"
)

// restrain sets resource limits on a running child, before it has read any input
// worth attacking with. A child that is already gone is none of our business.
func restrain(pid int, l Limits) error {
	cpu := uint64(l.Time.Seconds())*uint64(runtime.NumCPU()) + 1
	for resource, limit := range map[int]uint64{
		unix.RLIMIT_AS:    l.Memory,
		unix.RLIMIT_CPU:   cpu,
		unix.RLIMIT_FSIZE: uint64(l.Output),
		unix.RLIMIT_CORE:  0,
	} {
		err := unix.Prlimit(pid, resource, &unix.Rlimit{Cur: limit, Max: limit}, nil)
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	if l.Nice > 0 {
		if err := unix.Setpriority(unix.PRIO_PROCESS, pid, l.Nice); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	return nil
}
