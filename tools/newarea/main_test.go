package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAnAreaIsAFolderAndAWordInThePlan(t *testing.T) {
	root := t.TempDir()
	plan := filepath.Join(root, "internal", "plan", "plan.txt")
	if err := os.MkdirAll(filepath.Dir(plan), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(plan, []byte("kit > errs\ndomain > account shop\nroof app\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	if err := create(root, "raffle", day); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"raffle.go", "service.go", "store.go", "rafflehttp/rafflehttp.go"} {
		if _, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "internal/domain/raffle", f), nil, parser.AllErrors); err != nil {
			t.Error(err)
		}
	}
	if raw, _ := os.ReadFile(plan); !strings.Contains(string(raw), "domain > account shop raffle\n") {
		t.Errorf("plan = %s", raw)
	}
	if _, err := os.Stat(filepath.Join(root, "internal/domain/raffle/migrations/2026112301_raffle.sql")); err != nil {
		t.Error(err)
	}
	if err := create(root, "raffle", day); err == nil {
		t.Error("an existing area was overwritten")
	}
	if err := create(root, "Not-A-Noun", day); err == nil {
		t.Error("a bad name was accepted")
	}
}
