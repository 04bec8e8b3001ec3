package config_test

import (
	"bufio"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/openstall/openstall/internal/platform/config"
)

const deploy = "../../../deploy"

// compose is what the test knows of a Compose file; a key that is not here is an
// error.
type compose struct {
	Name     string              `yaml:"name"`
	Services map[string]*service `yaml:"services"`
	Volumes  map[string]any      `yaml:"volumes"`
}

type service struct {
	Image       string                                       `yaml:"image"`
	Build       struct{ Context, Dockerfile, Target string } `yaml:"build"`
	Restart     string                                       `yaml:"restart"`
	EnvFile     string                                       `yaml:"env_file"`
	Environment map[string]string                            `yaml:"environment"`
	Command     []string                                     `yaml:"command"`
	Ports       []string                                     `yaml:"ports"`
	Volumes     []string                                     `yaml:"volumes"`
	DependsOn   map[string]map[string]string                 `yaml:"depends_on"`
	Healthcheck *struct {
		Test     []string
		Interval string
		Retries  int
	} `yaml:"healthcheck"`
}

func readCompose(t *testing.T) compose {
	t.Helper()
	f, err := os.Open(filepath.Join(deploy, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var c compose
	d := yaml.NewDecoder(f)
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

// settings are the names of everything an operator can set, with defaults.
func settings() map[string]string {
	out := map[string]string{}
	typ := reflect.TypeFor[config.Serve]()
	for i := range typ.NumField() {
		out[typ.Field(i).Tag.Get("env")] = typ.Field(i).Tag.Get("default")
	}
	return out
}

func TestTheComposeFileSetsWhatExists(t *testing.T) {
	c, known := readCompose(t), settings()
	market := c.Services["openstall"]
	for key := range market.Environment {
		if _, ok := known[key]; !ok {
			t.Errorf("%s is no setting", key)
		}
	}
	for _, key := range []string{"OPENSTALL_DATABASE", "OPENSTALL_REDIS", "OPENSTALL_S3"} {
		host := regexp.MustCompile(`[@/]([a-z0-9]+):[0-9]+/`).FindStringSubmatch(market.Environment[key])
		if host == nil || c.Services[host[1]] == nil || market.DependsOn[host[1]] == nil {
			t.Errorf("%s=%s: no service that the market waits for", key, market.Environment[key])
		}
	}
	for _, key := range []string{"OPENSTALL_HTTP", "OPENSTALL_HTTPS", "OPENSTALL_RTMP", "OPENSTALL_WEBRTC"} {
		port := strings.TrimPrefix(known[key], ":")
		if !slices.ContainsFunc(market.Ports, func(p string) bool { return strings.HasPrefix(p, port+":"+port) }) {
			t.Errorf("port %s of %s is not published", port, key)
		}
	}
	for name, s := range c.Services {
		for need, how := range s.DependsOn {
			if how["condition"] == "service_healthy" && c.Services[need].Healthcheck == nil {
				t.Errorf("%s waits for the health of %s, which has no check", name, need)
			}
		}
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if _, ok := c.Volumes[from]; !ok {
				t.Errorf("volume %s of %s is not declared", from, name)
			}
		}
		if s.Build.Dockerfile != "" {
			if _, err := os.Stat(filepath.Join(deploy, s.Build.Context, s.Build.Dockerfile)); err != nil {
				t.Error(err)
			}
		} else if s.Image == "" {
			t.Errorf("%s has neither an image nor a build", name)
		}
	}
}

func TestTheSampleEnvironmentNamesWhatTheComposeFileAsksFor(t *testing.T) {
	f, err := os.Open(filepath.Join(deploy, "sample.env"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	named, known := map[string]bool{}, settings()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		key, _, ok := strings.Cut(lines.Text(), "=")
		if ok && !strings.HasPrefix(key, "#") {
			named[key] = true
		}
	}
	file, err := os.ReadFile(filepath.Join(deploy, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\$\{(\w+)`).FindAllStringSubmatch(string(file), -1) {
		if !named[m[1]] {
			t.Errorf("deploy/sample.env does not name %s", m[1])
		}
		known[m[1]] = ""
	}
	for key := range named {
		if _, ok := known[key]; !ok {
			t.Errorf("%s is no setting", key)
		}
	}
}
