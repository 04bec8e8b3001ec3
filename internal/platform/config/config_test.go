package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/openstall/openstall/internal/platform/config"
)

func parse(t *testing.T, args ...string) config.Serve {
	t.Helper()
	var c struct {
		config.Serve `embed:""`
	}
	k, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Parse(args); err != nil {
		t.Fatal(err)
	}
	return c.Serve
}

func sample(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	config.Sample(&b)
	return b.String()
}

func TestSampleNamesEverySettingWithItsDefault(t *testing.T) {
	text := sample(t)
	typ := reflect.TypeFor[config.Serve]()
	for i := range typ.NumField() {
		f := typ.Field(i)
		for _, tag := range []string{"name", "env", "help"} {
			if f.Tag.Get(tag) == "" {
				t.Errorf("%s has no %s", f.Name, tag)
			}
		}
		if line := "\n#" + f.Tag.Get("env") + "=" + f.Tag.Get("default") + "\n"; !strings.Contains(text, line) {
			t.Errorf("the sample lacks %q", line)
		}
	}
}

func TestSampleWithAllLinesOnIsTheDefault(t *testing.T) {
	on := regexp.MustCompile(`(?m)^#(OPENSTALL_)`).ReplaceAllString(sample(t), "$1")
	path := filepath.Join(t.TempDir(), "openstall.conf")
	if err := os.WriteFile(path, []byte(on), 0o600); err != nil {
		t.Fatal(err)
	}
	want := parse(t)
	typ := reflect.TypeFor[config.Serve]()
	for i := range typ.NumField() { // t.Setenv puts the environment back afterwards
		name := typ.Field(i).Tag.Get("env")
		t.Setenv(name, "")
		_ = os.Unsetenv(name)
	}
	if err := config.Load(path); err != nil {
		t.Fatal(err)
	}
	got := parse(t)
	got.PublicIPs, got.Proxies, want.PublicIPs, want.Proxies = nil, nil, nil, nil // an empty list and a list of nothing
	if !reflect.DeepEqual(got, want) {
		t.Errorf("file gives %+v, want %+v", got, want)
	}
}

func TestATypoInTheFileIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "openstall.conf")
	if err := os.WriteFile(path, []byte("OPENSTALL_DATTA=x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := config.Load(path); err == nil || !strings.Contains(err.Error(), ":1:") {
		t.Errorf("Load = %v, want the line", err)
	}
}

func TestFlagWinsOverEnvironment(t *testing.T) {
	t.Setenv("OPENSTALL_NAME", "from the environment")
	if got := parse(t).Name; got != "from the environment" {
		t.Errorf("name = %q", got)
	}
	if got := parse(t, "--name", "from the flag").Name; got != "from the flag" {
		t.Errorf("name = %q", got)
	}
}

func TestSettingsThatCannotWorkAreRefused(t *testing.T) {
	for _, args := range [][]string{
		{"--public-url", "market.example"},
		{"--public-url", "https://market.example/path"},
		{"--public-url", "https://market.example", "--outbox"},
		{"--tls", "auto"},
		{"--time-zone", "Nowhere/Town"},
		{"--trusted-proxy", "10.0.0.0"},
	} {
		if err := parse(t, args...).Check(); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
	if err := parse(t, "--public-url", "https://market.example", "--tls", "auto").Check(); err != nil {
		t.Error(err)
	}
}
