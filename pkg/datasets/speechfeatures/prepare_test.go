package speechfeatures

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/datasets/speechframes"
)

// writeUtterance writes noise of two loudnesses, phones "lo" and "hi".
func writeUtterance(t *testing.T, stem string, samples, seed int) {
	t.Helper()
	r := rng.Stream(uint64(seed), "sound", 0, 0)
	x := make([]int16, samples)
	for i := range x {
		scale := 300.0
		if i >= samples/2 {
			scale = 4000
		}
		x[i] = int16(max(-32768, min(32767, scale*r.NormFloat64())))
	}
	if err := os.MkdirAll(filepath.Dir(stem), 0o777); err != nil {
		t.Fatal(err)
	}
	write := func(path string, content []byte) {
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write(stem+".WAV", sphere(16000, x, "01"))
	write(stem+".PHN", fmt.Appendf(nil, "0 %d lo\n%d %d hi\n", samples/2, samples/2, samples))
}

func corpus(t *testing.T) string {
	root := t.TempDir()
	for i, stem := range []string{"TRAIN/DR1/FAAA0/SI1", "TRAIN/DR1/FAAA0/SX2", "TRAIN/DR1/FAAA0/SA1", "TEST/DR1/FAKS0/SI3", "TEST/DR1/FELC0/SX4", "TEST/DR1/MOTH0/SX5"} {
		writeUtterance(t, filepath.Join(root, stem), 8000+400*i, i)
	}
	return root
}

func TestPrepare(t *testing.T) {
	for _, kind := range []Kind{MFCC, FilterBank} {
		to := filepath.Join(t.TempDir(), "new", "features")
		report, err := Prepare(Options{Kind: kind, From: corpus(t), To: to, Threads: 2})
		if err != nil {
			t.Fatal(err)
		}
		width := map[Kind]int{MFCC: 39, FilterBank: 123}[kind]
		c, err := speechframes.Load("", to)
		if err != nil {
			t.Fatal(err)
		}
		if c.Features != width || report.Features != width || strings.Join(c.Phones, " ") != "hi lo" {
			t.Errorf("%s: %d features, phones %v", kind, c.Features, c.Phones)
		}
		// TIMIT's own folders: SA left out, speakers by their sets, others not used.
		if len(c.Train) != 2 || len(c.Development) != 1 || len(c.Test) != 1 ||
			c.Train[1].Name != "dr1-faaa0-sx2" || c.Development[0].Name != "dr1-faks0-si3" || c.Test[0].Name != "dr1-felc0-sx4" {
			t.Errorf("%s: %d, %d and %d utterances", kind, len(c.Train), len(c.Development), len(c.Test))
		}
		frames := 0.0
		mean, square := make([]float64, width/3), make([]float64, width/3)
		for _, u := range c.Train {
			if want := 1 + (8000+400*int(u.Name[len(u.Name)-1]-'1')-400)/160; len(u.Phones) != want {
				t.Errorf("%d frames, want %d", len(u.Phones), want)
			}
			for i, p := range u.Phones {
				if loud := i*160+200 >= (8000+400*int(u.Name[len(u.Name)-1]-'1'))/2; (p == 0) != loud {
					t.Errorf("%s: frame %d is phone %d", u.Name, i, p)
				}
				frames++
				for f := range width / 3 {
					x := float64(u.Features[i*width+f])
					mean[f] += x
					square[f] += x * x
					slope := 0.0
					if i > 0 && i < len(u.Phones)-1 {
						slope = float64(u.Features[(i+1)*width+f] - u.Features[(i-1)*width+f])
					}
					near(t, "Δ", float64(u.Features[i*width+width/3+f]), slope, 1e-5)
				}
			}
		}
		for f := range mean {
			near(t, "mean of the training set", mean[f]/frames, 0, 1e-5)
			near(t, "variance of the training set", square[f]/frames, 1, 1e-4)
		}
	}
}

// The bytes do not depend on threads, and a directory that is there is left alone.
func TestPrepareIsTheSameAgain(t *testing.T) {
	from, dir := corpus(t), t.TempDir()
	for i, threads := range []int{1, 3} {
		if _, err := Prepare(Options{Kind: MFCC, From: from, To: filepath.Join(dir, string(rune('a'+i))), Threads: threads}); err != nil {
			t.Fatal(err)
		}
	}
	const file = "train/dr1-faaa0-si1.features.npy"
	a, errA := os.ReadFile(filepath.Join(dir, "a", file))
	b, errB := os.ReadFile(filepath.Join(dir, "b", file))
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("%d and %d bytes, %v, %v", len(a), len(b), errA, errB)
	}
	if _, err := Prepare(Options{Kind: MFCC, From: from, To: filepath.Join(dir, "a")}); err == nil || !fault.IsInput(err) {
		t.Errorf("over a directory that is there: %v", err)
	}
}

func TestPrepareNamesWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(root string) error
		want  string
	}{
		"no labels":  {func(root string) error { return os.Remove(filepath.Join(root, "TRAIN/DR1/FAAA0/SI1.PHN")) }, "SI1.WAV has no file of labels beside it"},
		"no test":    {func(root string) error { return os.RemoveAll(filepath.Join(root, "TEST")) }, "has no folder test"},
		"no speaker": {func(root string) error { return os.RemoveAll(filepath.Join(root, "TEST/DR1/FAKS0")) }, "no utterance for the split dev"},
		"short": {func(root string) error {
			return os.WriteFile(filepath.Join(root, "TRAIN/DR1/FAAA0/SI1.WAV"), riff(16000, make([]int16, 399)), 0o666)
		}, "has 399 samples, expected at least 400"},
		"rates": {func(root string) error {
			return os.WriteFile(filepath.Join(root, "TRAIN/DR1/FAAA0/SX2.WAV"), riff(8000, make([]int16, 999)), 0o666)
		}, "has a sampling rate of 8000 Hz"},
	} {
		root, dir := corpus(t), t.TempDir()
		if err := c.spoil(root); err != nil {
			t.Fatal(err)
		}
		_, err := Prepare(Options{Kind: MFCC, From: root, To: filepath.Join(dir, "out"), Threads: 2})
		if err == nil || !fault.IsInput(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%s: left %v behind", name, left)
		}
	}
}
