package gauge

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// Services are a throw-away PostgreSQL and Redis.
type Services struct {
	Env []string // such as TEST_POSTGRES_URL=…
	dir string
}

// StartServices starts them in a folder of their own.
func StartServices() (*Services, error) {
	// Not below the repository: PostgreSQL runs as another user, who must get there.
	dir, err := os.MkdirTemp("", "openstall-services-")
	if err != nil {
		return nil, err
	}
	out, err := exec.Command("scripts/services.sh", "start", dir).Output()
	if err != nil {
		return nil, fmt.Errorf("services: %w", err)
	}
	s := &Services{dir: dir}
	for _, m := range regexp.MustCompile(`(\w+)='([^']*)'`).FindAllStringSubmatch(string(out), -1) {
		s.Env = append(s.Env, m[1]+"="+m[2])
	}
	return s, nil
}

// Postgres is the URL of the database.
func (s *Services) Postgres() string {
	for _, e := range s.Env {
		if url, ok := strings.CutPrefix(e, "TEST_POSTGRES_URL="); ok {
			return url
		}
	}
	return ""
}

// Crash stops the database at once, as a power cut would but for the disk, and
// starts it again.
func (s *Services) Crash() error {
	if out, err := exec.Command("scripts/services.sh", "crash", s.dir).CombinedOutput(); err != nil {
		return fmt.Errorf("database: %w: %s", err, out)
	}
	return nil
}

// Stop ends them and removes what they kept.
func (s *Services) Stop() {
	_ = exec.Command("scripts/services.sh", "stop", s.dir).Run()
	_ = os.RemoveAll(s.dir)
}
