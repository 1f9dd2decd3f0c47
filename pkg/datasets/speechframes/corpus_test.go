package speechframes

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/npy"
)

func array[E npy.Element](t testing.TB, values []E, shape ...int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := npy.Encode(&b, values, shape...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// files are those of a small prepared directory.
func files(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"phones.txt":            []byte("aa\nb\n"),
		"train/u1.features.npy": array(t, []float32{1, 2, 3, 4, 5, 6}, 3, 2),
		"train/u1.labels.npy":   array(t, []int16{0, 1, 1}, 3),
		"train/u2.features.npy": array(t, []float32{7, 8}, 1, 2),
		"train/u2.labels.npy":   array(t, []int16{0}, 1),
		"dev/v.features.npy":    array(t, []float32{1, 1, 2, 2}, 2, 2),
		"dev/v.labels.npy":      array(t, []int16{1, 0}, 2),
		"test/w.features.npy":   array(t, []float32{0, 9}, 1, 2),
		"test/w.labels.npy":     array(t, []int16{1}, 1),
	}
}

func write(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLoad(t *testing.T) {
	c, err := Load("nowhere", write(t, files(t)))
	if err != nil {
		t.Fatal(err)
	}
	if c.Features != 2 || len(c.Phones) != 2 || c.Phones[1] != "b" || len(c.Checksums) != 4 {
		t.Errorf("%d features, phones %v, %d checksums", c.Features, c.Phones, len(c.Checksums))
	}
	if len(c.Train) != 2 || len(c.Development) != 1 || len(c.Test) != 1 {
		t.Fatalf("%d, %d and %d utterances", len(c.Train), len(c.Development), len(c.Test))
	}
	if u := c.Train[0]; u.Name != "u1" || u.Features[3] != 4 || u.Phones[2] != 1 {
		t.Errorf("the first utterance is %+v", u)
	}
}

func TestDamagedDirectoriesAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		change func(map[string][]byte)
		want   string
	}{
		"nothing":   {func(f map[string][]byte) { clear(f) }, "snnctl data features"},
		"no phones": {func(f map[string][]byte) { f["phones.txt"] = []byte("\n") }, "names 0 phones"},
		"no folder": {func(f map[string][]byte) { delete(f, "dev/v.features.npy"); delete(f, "dev/v.labels.npy") }, "dev"},
		"empty folder": {func(f map[string][]byte) {
			delete(f, "dev/v.features.npy")
		}, "dev holds no utterance"},
		"no labels": {func(f map[string][]byte) { delete(f, "train/u2.labels.npy") }, "u2.labels.npy"},
		"cut":       {func(f map[string][]byte) { f["test/w.features.npy"] = f["test/w.features.npy"][:130] }, "w.features.npy has 2 bytes of values"},
		"kind":      {func(f map[string][]byte) { f["test/w.labels.npy"] = array(t, []float32{1}, 1) }, "type <f4, expected <i2"},
		"frames":    {func(f map[string][]byte) { f["dev/v.labels.npy"] = array(t, []int16{1}, 1) }, "v.features.npy has 2 frames, but "},
		"width":     {func(f map[string][]byte) { f["dev/v.features.npy"] = array(t, []float32{1, 1}, 2, 1) }, "has 1 features a frame, but the utterances before it have 2"},
		"phone":     {func(f map[string][]byte) { f["dev/v.labels.npy"] = array(t, []int16{1, 2}, 2) }, "holds the phone 2, but phones.txt names 2"},
		"negative":  {func(f map[string][]byte) { f["dev/v.labels.npy"] = array(t, []int16{1, -1}, 2) }, "holds the phone -1"},
		"empty": {func(f map[string][]byte) {
			f["dev/v.features.npy"], f["dev/v.labels.npy"] = array(t, []float32{}, 0, 2), array(t, []int16{}, 0)
		}, "expected at least one frame"},
		"not a number": {func(f map[string][]byte) {
			f["dev/v.features.npy"] = array(t, []float32{1, 1, float32(math.NaN()), 1}, 2, 2)
		}, "holds NaN in frame 1"},
	} {
		f := files(t)
		c.change(f)
		if _, err := Load("nowhere", write(t, f)); err == nil || !fault.IsInput(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(array(f, []float32{1, 2, 3, 4, 5, 6}, 3, 2), array(f, []int16{0, 1, 1}, 3))
	f.Fuzz(func(t *testing.T, features, labels []byte) {
		u, width, err := decode(features, labels, "features", "labels")
		if err != nil {
			if !fault.IsInput(err) {
				t.Fatal(err)
			}
			return
		}
		if len(u.Features) != width*len(u.Phones) || len(u.Phones) == 0 {
			t.Fatalf("%d numbers of %d features in %d frames", len(u.Features), width, len(u.Phones))
		}
	})
}
