package npy

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
)

// archive is a zip of entries.
func archive(t testing.TB, method uint16, entries ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, err := z.CreateHeader(&zip.FileHeader{Name: e[0], Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encoded(t testing.TB, values []float32, shape ...int) string {
	t.Helper()
	var b bytes.Buffer
	if err := Encode(&b, values, shape...); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func openArchive(t testing.TB, content []byte) (*Archive, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.npz")
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	a, err := OpenArchive(path)
	if err == nil {
		t.Cleanup(func() { a.Close() })
	} else if !fault.IsInput(err) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error of the input that names the file", err)
	}
	return a, err
}

func TestArchive(t *testing.T) {
	large := make([]float32, 40000)
	large[39999] = 5
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		a, err := openArchive(t, archive(t, method, [2]string{"0.weight.npy", encoded(t, []float32{1, 2, 3, 4, 5, 6}, 2, 3)}, [2]string{"large.npy", encoded(t, large, 40000)}))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(a.Names(), []string{"0.weight", "large"}) {
			t.Errorf("names %v", a.Names())
		}
		if shape, ok := a.Shape("0.weight"); !ok || !slices.Equal(shape, []int{2, 3}) {
			t.Errorf("shape %v, %v", shape, ok)
		}
		if got, err := a.Reals("0.weight"); err != nil || !slices.Equal(got, []float64{1, 2, 3, 4, 5, 6}) {
			t.Errorf("%v, %v", got, err)
		}
		if got, err := a.Reals("large"); err != nil || len(got) != 40000 || got[39999] != 5 {
			t.Errorf("%d values, %v", len(got), err)
		}
		if _, err := a.Reals("none"); !fault.IsInput(err) {
			t.Errorf("got %v", err)
		}
	}
}

func TestDamagedArchives(t *testing.T) {
	one := [2]string{"a.npy", encoded(t, []float32{1, 2}, 2)}
	whole := archive(t, zip.Store, one)
	for n := range whole {
		if _, err := openArchive(t, whole[:n]); err == nil {
			t.Errorf("the first %d bytes of %d are taken for an archive", n, len(whole))
		}
	}
	for name, content := range map[string][]byte{
		"array twice": archive(t, zip.Store, one, one),
		"no array":    archive(t, zip.Store, [2]string{"a.txt", "text"}),
		"objects":     archive(t, zip.Store, [2]string{"a.npy", strings.Replace(one[1], "<f4", "|O8", 1)}),
	} {
		if _, err := openArchive(t, content); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	flipped := bytes.Clone(whole)
	flipped[bytes.LastIndex(flipped, []byte("PK\x01\x02"))-20] ^= 1 // among the values
	a, err := openArchive(t, flipped)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Reals("a"); !fault.IsInput(err) {
		t.Errorf("a changed value: %v", err)
	}
}

func FuzzArchive(f *testing.F) {
	f.Add(archive(f, zip.Store, [2]string{"a.npy", encoded(f, []float32{1, 2}, 2)}))
	f.Add(archive(f, zip.Deflate, [2]string{"a.npy", encoded(f, []float32{1, 2}, 1, 2)}, [2]string{"b.npy", encoded(f, nil, 0)}))
	f.Fuzz(func(t *testing.T, content []byte) {
		a, err := openArchive(t, content)
		if err != nil {
			return
		}
		for _, name := range a.Names() {
			shape, _ := a.Shape(name)
			total := 1
			for _, n := range shape {
				total *= n
			}
			if values, err := a.Reals(name); err == nil && len(values) != total {
				t.Errorf("%d values of shape %v", len(values), shape)
			}
		}
	})
}
