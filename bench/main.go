// Command bench runs every load program and keeps the figures as JSON in
// bench/results: placement beside pgbench (bench/place), pages of products and
// shops (bench/browse), publish to first part and the cost of a viewer
// (bench/media), what a room delivers for a CPU second (bench/room), pages of
// Discover out of a million videos (bench/feed), and the memory of an idle server
// with the demo market. What each measures stands in its own folder.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/openstall/openstall/bench/gauge"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	services, err := gauge.StartServices()
	if err != nil {
		return err
	}
	defer services.Stop()
	commit, _ := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	report := map[string]any{
		"at": time.Now().UTC().Format(time.RFC3339), "commit": strings.TrimSpace(string(commit)),
		"cores": runtime.NumCPU(), "go": runtime.Version(),
	}
	if rss, err := idle(); err != nil {
		return err
	} else {
		fmt.Printf("idle server with the demo market: %.1f MB resident (goal: at most 60)\n\n", rss)
		report["idle_rss_mb"] = rss
	}
	for _, name := range []string{"place", "browse", "media", "room", "feed"} {
		fmt.Println("==", name)
		cmd := exec.Command("go", "run", "./bench/"+name, "-json")
		cmd.Env = append(os.Environ(), services.Env...)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		var v any
		if err := json.Unmarshal(out, &v); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		pretty, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return err
		}
		fmt.Println(string(pretty))
		report[name] = v
	}
	body, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	dir := filepath.Join("bench", "results", "local")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	path := filepath.Join(dir, time.Now().UTC().Format("20060102-150405")+".json")
	fmt.Println("written to", path)
	return os.WriteFile(path, append(body, '\n'), 0o644)
}

// idle seeds a demo market, serves it without its running show and reads the
// resident memory half a minute later, in MB.
func idle() (float64, error) {
	dir, err := os.MkdirTemp("", "openstall-idle")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if out, err := exec.Command("bin/openstall", "demo", "--data", dir).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("demo: %w: %s", err, out)
	}
	server := exec.Command("bin/openstall", "serve", "--data", dir, "--http", "127.0.0.1:18911", "--rtmp", "127.0.0.1:18912", "--webrtc", "127.0.0.1:18913", "--metrics", "off", "--log-level", "warn")
	server.Stderr = os.Stderr
	if err := server.Start(); err != nil {
		return 0, err
	}
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	for range 100 {
		if res, err := http.Get("http://127.0.0.1:18911/v1/market"); err == nil {
			_ = res.Body.Close()
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	time.Sleep(30 * time.Second)
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", server.Process.Pid))
	if err != nil {
		return 0, err
	}
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(raw)
	if m == nil {
		return 0, fmt.Errorf("no VmRSS")
	}
	kb, err := strconv.ParseFloat(string(m[1]), 64)
	return kb / 1000, err
}
