package images

import (
	"encoding/binary"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/pkg/datasets/catalog"
)

// write makes an idx file of unsigned bytes.
func write(t *testing.T, path string, sizes []uint32, values []uint8) {
	t.Helper()
	b := binary.BigEndian.AppendUint32(nil, 0x800+uint32(len(sizes)))
	for _, size := range sizes {
		b = binary.BigEndian.AppendUint32(b, size)
	}
	if err := os.WriteFile(path, append(b, values...), 0o644); err != nil {
		t.Fatal(err)
	}
}

// own makes a user's own set of three 2×1 training images and one for the test.
func own(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "train-images-idx3-ubyte"), []uint32{3, 2, 1}, []uint8{1, 2, 3, 4, 5, 6})
	write(t, filepath.Join(dir, "train-labels-idx1-ubyte"), []uint32{3}, []uint8{7, 8, 9})
	write(t, filepath.Join(dir, "t10k-images-idx3-ubyte"), []uint32{1, 2, 1}, []uint8{10, 11})
	write(t, filepath.Join(dir, "t10k-labels-idx1-ubyte"), []uint32{1}, []uint8{0})
}

func TestOwnSetByNameAndByPath(t *testing.T) {
	dataDir := t.TempDir()
	own(t, filepath.Join(dataDir, "mine"))
	for _, c := range [][2]string{{dataDir, "mine"}, {"/nowhere", filepath.Join(dataDir, "mine")}} {
		got, err := Load(c[0], c[1])
		if err != nil {
			t.Errorf("Load(%q, %q): %v", c[0], c[1], err)
			continue
		}
		if got.Train.N != 3 || got.Train.H != 2 || got.Train.W != 1 || !slices.Equal(got.Train.Image(1), []uint8{3, 4}) || got.Train.Labels[2] != 9 {
			t.Errorf("training images: %+v", got.Train)
		}
		if got.Test.N != 1 || !slices.Equal(got.Test.Image(0), []uint8{10, 11}) {
			t.Errorf("test images: %+v", got.Test)
		}
		if names := slices.Sorted(maps.Keys(got.Checksums)); len(names) != 4 || names[0] != "t10k-images-idx3-ubyte" {
			t.Errorf("checksums of %q, want of the four files", names)
		}
	}
}

func TestBadSetsAreNamedAndExplained(t *testing.T) {
	for want, spoil := range map[string]func(dir string){
		"train-labels-idx1-ubyte holds 2 labels": func(dir string) {
			write(t, filepath.Join(dir, "train-labels-idx1-ubyte"), []uint32{2}, []uint8{7, 8})
		},
		"holds the label 10 for image 1, expected 0 to 9": func(dir string) {
			write(t, filepath.Join(dir, "train-labels-idx1-ubyte"), []uint32{3}, []uint8{7, 10, 9})
		},
		"training images of 2×1 pixels but test images of 1×2": func(dir string) {
			write(t, filepath.Join(dir, "t10k-images-idx3-ubyte"), []uint32{1, 1, 2}, []uint8{10, 11})
		},
		"0 images of 2×1": func(dir string) {
			write(t, filepath.Join(dir, "t10k-images-idx3-ubyte"), []uint32{0, 2, 1}, nil)
			write(t, filepath.Join(dir, "t10k-labels-idx1-ubyte"), []uint32{0}, nil)
		},
		"t10k-labels-idx1-ubyte[.gz] is missing": func(dir string) {
			os.Remove(filepath.Join(dir, "t10k-labels-idx1-ubyte"))
		},
		"magic number 0x00000801, expected 0x00000803": func(dir string) {
			write(t, filepath.Join(dir, "train-images-idx3-ubyte"), []uint32{3}, []uint8{1, 2, 3})
		},
	} {
		dir := t.TempDir()
		own(t, dir)
		spoil(dir)
		_, err := Load("", dir)
		if !fault.IsInput(err) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "run:") {
			t.Errorf("error %v, want an input error with %q and no command", err, want)
		}
	}
}

func TestKnownSetsNameTheCommandThatMends(t *testing.T) {
	dataDir := t.TempDir()
	command := "run: snnctl data get mnist --data-dir " + dataDir
	_, err := Load(dataDir, "mnist")
	if !fault.IsInput(err) || !strings.HasSuffix(err.Error(), command) {
		t.Errorf("missing directory: error %v, want it to end with %q", err, command)
	}
	own(t, filepath.Join(dataDir, "mnist")) // well-formed, but not MNIST
	_, err = Load(dataDir, "mnist")
	mnist, _ := catalog.Known("mnist")
	if !fault.IsInput(err) || !strings.HasSuffix(err.Error(), command) || !strings.Contains(err.Error(), mnist.Files[0].ContentSHA256) {
		t.Errorf("other content: error %v, want the checksum expected and %q", err, command)
	}
	os.Remove(filepath.Join(dataDir, "mnist", "train-images-idx3-ubyte"))
	if _, err = Load(dataDir, "mnist"); !fault.IsInput(err) || !strings.HasSuffix(err.Error(), command) {
		t.Errorf("missing file: error %v, want it to end with %q", err, command)
	}
	if _, err = Load(dataDir, "mnits"); !fault.IsInput(err) || !strings.Contains(err.Error(), "known sets: fashion-mnist, mnist") {
		t.Errorf("unknown name: error %v, want the known sets", err)
	}
}

func TestRealSets(t *testing.T) {
	for name, means := range map[string][2]float64{"mnist": {0.1307, 0.1325}, "fashion-mnist": {0.2860, 0.2868}} {
		t.Run(name, func(t *testing.T) {
			c, err := Load(filepath.Dir(golden.Data(t, name)), name)
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range []Set{c.Train, c.Test} {
				var sum float64
				for _, v := range s.Pixels {
					sum += float64(v)
				}
				if mean := sum / float64(len(s.Pixels)) / 255; mean < means[i]-6e-5 || mean > means[i]+6e-5 {
					t.Errorf("mean grey value %.5f, want %.4f", mean, means[i])
				}
				if n := []int{60000, 10000}[i]; s.N != n || s.H != 28 || s.W != 28 {
					t.Errorf("%d images of %d×%d, want %d of 28×28", s.N, s.H, s.W, n)
				}
			}
		})
	}
}

// TestAbsoluteNamesSurviveAChangeOfDirectory: a set of one's own is found again
// from elsewhere; one in the data directory keeps its name.
func TestAbsoluteNamesSurviveAChangeOfDirectory(t *testing.T) {
	dataDir, work := t.TempDir(), t.TempDir()
	own(t, filepath.Join(dataDir, "letters"))
	own(t, filepath.Join(work, "digits"))
	t.Chdir(work)
	for name, want := range map[string]string{"letters": "letters", "digits": filepath.Join(work, "digits"), "./digits": filepath.Join(work, "digits")} {
		got, err := Absolute(dataDir, name)
		if err != nil || got != want {
			t.Errorf("Absolute(%q) = %q, %v, want %q", name, got, err, want)
		}
	}
	t.Chdir(dataDir)
	if _, err := Load(dataDir, filepath.Join(work, "digits")); err != nil {
		t.Errorf("loading from elsewhere: %v", err)
	}
}
