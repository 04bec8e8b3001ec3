package dbtest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Cluster is a PostgreSQL server of one test's own, to be stopped in the middle
// of its work.
type Cluster struct {
	t    testing.TB
	bin  string
	dir  string
	port int
	opts string
}

// NewCluster starts a server with settings as for `postgres -c`, or skips the
// test where [Each] has no PostgreSQL either.
func NewCluster(t testing.TB, settings ...string) *Cluster {
	t.Helper()
	if os.Getenv("TEST_POSTGRES_URL") == "" {
		t.Skip("TEST_POSTGRES_URL is not set")
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(found) == 0 {
		t.Fatal("PostgreSQL's own programs are not installed")
	}
	// The server's user must reach the folder, and a test's own is closed to it.
	dir, err := os.MkdirTemp("", "cluster")
	if err != nil {
		t.Fatal(err)
	}
	c := &Cluster{t: t, bin: found[len(found)-1], dir: dir, port: freePort(t)}
	t.Cleanup(func() {
		c.run("pg_ctl", "-D", dir+"/pg", "-m", "immediate", "stop")
		_ = os.RemoveAll(dir)
	})
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	c.opts = fmt.Sprintf("-c listen_addresses=127.0.0.1 -p %d -c unix_socket_directories=%s", c.port, dir)
	for _, s := range settings {
		c.opts += " -c " + s
	}
	c.must("initdb", "-D", dir+"/pg", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
	c.Start()
	return c
}

// URL is where the server listens.
func (c *Cluster) URL() string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", c.port)
}

// Start starts a stopped server and waits until it answers.
func (c *Cluster) Start() {
	c.t.Helper()
	c.must("pg_ctl", "-D", c.dir+"/pg", "-w", "-t", "60", "-l", c.dir+"/pg/log", "-o", c.opts, "start")
}

// Crash ends the server at once: what it had not written to disk is gone.
func (c *Cluster) Crash() {
	c.t.Helper()
	c.must("pg_ctl", "-D", c.dir+"/pg", "-m", "immediate", "stop")
}

func (c *Cluster) must(name string, args ...string) {
	c.t.Helper()
	if out, err := c.run(name, args...); err != nil {
		c.t.Fatalf("%s: %v: %s", name, err, out)
	}
}

func (c *Cluster) run(name string, args ...string) ([]byte, error) {
	name = filepath.Join(c.bin, name)
	if os.Getuid() == 0 { // PostgreSQL refuses to run as root
		args = append([]string{"-u", "postgres", "--", name}, args...)
		name = "runuser"
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = c.dir
	return cmd.CombinedOutput()
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
