// Package gauge is what the measuring programs share: servers as children, whose
// processor time is not their client's, and repeated measurements.
package gauge

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Spread sums up repeated measurements.
type Spread struct {
	Runs   []float64 `json:"runs"`
	Min    float64   `json:"min"`
	Median float64   `json:"median"`
	Max    float64   `json:"max"`
}

// Sum returns the spread of one run or more.
func Sum(runs []float64) Spread {
	s := slices.Sorted(slices.Values(runs))
	return Spread{Runs: runs, Min: s[0], Median: s[len(s)/2], Max: s[len(s)-1]}
}

// Profile keeps a profile of the CPU of the server whose metrics are at an
// address.
func Profile(metrics string, seconds int, path string) error {
	res, err := http.Get(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", metrics, seconds))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, res.Body)
	return errors.Join(err, f.Close())
}

// Child is this program, run once more as a server.
type Child struct {
	cmd   *exec.Cmd
	stdin io.Closer
}

// Launch runs this program with args and reads the first line that it prints,
// JSON that says where it serves, into address. It ends when its standard input
// does.
func Launch(ctx context.Context, address any, args ...string) (*Child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stderr = os.Stderr
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &Child{cmd: cmd, stdin: stdin}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, address)
	}
	if err != nil {
		c.Stop()
		return nil, fmt.Errorf("child %v: %w", args, err)
	}
	return c, nil
}

// Stop ends the child and waits for it.
func (c *Child) Stop() {
	_ = c.stdin.Close()
	_ = c.cmd.Wait()
}

// CPU returns the processor time of the child so far.
func (c *Child) CPU() (time.Duration, error) { return CPU(c.cmd.Process.Pid) }

// CPU returns the processor time of a process so far.
func CPU(pid int) (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, own, _, err := processor(raw)
	return own, err
}

// CPUOf returns the processor time of every process of a name so far; those that
// have ended are counted by the parents that waited for them.
func CPUOf(name string) time.Duration {
	var sum time.Duration
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range stats {
		raw, err := os.ReadFile(f)
		if err != nil {
			continue // ended meanwhile
		}
		if n, own, waited, err := processor(raw); err == nil && n == name {
			sum += own + waited
		}
	}
	return sum
}

// processor reads a process's name, its processor time and that of its children
// that were waited for: proc_pid_stat(5), fields 14 to 17 in clock ticks, of
// which Linux has 100 a second.
func processor(stat []byte) (name string, own, waited time.Duration, err error) {
	open, shut := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || shut < open {
		return "", 0, 0, fmt.Errorf("stat %q", stat)
	}
	fields := strings.Fields(string(stat[shut+1:]))
	if len(fields) < 15 {
		return "", 0, 0, fmt.Errorf("stat %q", stat)
	}
	var ticks [4]int64
	for i := range ticks {
		n, e := strconv.ParseInt(fields[11+i], 10, 64)
		ticks[i], err = n, errors.Join(err, e)
	}
	const tick = 10 * time.Millisecond
	return string(stat[open+1 : shut]), time.Duration(ticks[0]+ticks[1]) * tick, time.Duration(ticks[2]+ticks[3]) * tick, err
}

// Idle returns how long the processors of this machine had nothing to do since
// it started, summed over them (proc(5), /proc/stat).
func Idle() time.Duration {
	raw, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	f := strings.Fields(first) // cpu user nice system idle iowait …
	if len(f) < 6 {
		return 0
	}
	idle, _ := strconv.ParseInt(f[4], 10, 64)
	wait, _ := strconv.ParseInt(f[5], 10, 64)
	return time.Duration(idle+wait) * 10 * time.Millisecond // USER_HZ is 100
}
