package main

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func record(t *testing.T, lines string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"metrics.jsonl": lines, "config.yaml": "", "run.json": "{}"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The curve of two runs is their mean, as far as both go.
func TestCurriculum(t *testing.T) {
	a := record(t, `{"step":10,"split":"train","solved_length":4}
{"step":10,"split":"validation","solved_length":100}
{"step":20,"split":"train","solved_length":6}
{"step":30,"split":"train","solved_length":8}
`)
	b := record(t, `{"step":10,"split":"train","solved_length":0}
{"step":20,"split":"train","solved_length":8}
`)
	s, err := curriculum([]string{a, b})
	if err != nil {
		t.Fatal(err)
	}
	if want := []float64{2, 7}; !reflect.DeepEqual(s.Y, want) || !reflect.DeepEqual(s.X, []float64{10, 20}) {
		t.Errorf("curve %v over %v, want %v over [10 20]", s.Y, s.X, want)
	}
	if err := draw(filepath.Join(t.TempDir(), "x.svg"), "", []string{"no label"}); err == nil {
		t.Error("an argument without a label is taken")
	}
}
