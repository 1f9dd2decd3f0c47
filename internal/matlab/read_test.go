package matlab

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
)

func TestArraysOfEveryVersion(t *testing.T) {
	content, err := os.ReadFile("testdata/arrays.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]struct {
		Shape  []int
		Values []float64
	}
	if err := json.Unmarshal(content, &want); err != nil {
		t.Fatal(err)
	}
	classes := map[string]Class{"M": Uint8, "d": Double, "s": Single, "i": Int16, "small": Uint8}
	for _, version := range []string{"v5", "v7", "v73"} {
		for name, w := range want {
			a, err := Read("testdata/"+version+".mat", name)
			if err != nil {
				t.Errorf("%s: %v", version, err)
				continue
			}
			if !slices.Equal(a.Shape, w.Shape) || !slices.Equal(a.Values, w.Values) || a.Class != classes[name] {
				t.Errorf("%s: %s is %+v, want %v", version, name, a, w)
			}
		}
	}
}

func TestWhatIsNoArrayOfNumbers(t *testing.T) {
	for _, version := range []string{"v5", "v7"} {
		for name, message := range map[string]string{"none": "has no variable none", "text": "no array of real numbers", "z": "no array of real numbers"} {
			if _, err := Read("testdata/"+version+".mat", name); !fault.IsInput(err) || !strings.Contains(err.Error(), message) {
				t.Errorf("%s, %s: %v, want %q", version, name, err, message)
			}
		}
	}
	if _, err := Read("testdata/v73.mat", "none"); !fault.IsInput(err) || !strings.Contains(err.Error(), "has no variable none") {
		t.Error(err)
	}
	if _, err := Read("testdata/make.py", "M"); !fault.IsInput(err) || !strings.Contains(err.Error(), "is no MATLAB file") {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	for _, version := range []string{"v5", "v7"} {
		b, err := os.ReadFile("testdata/" + version + ".mat")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	path := filepath.Join(f.TempDir(), "x.mat")
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path, "M"); err != nil && !fault.IsInput(err) {
			t.Error(err)
		}
	})
}
