package imagesets

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/pkg/datasets/imagearrays"
	"github.com/snnctl/snnctl/pkg/datasets/imagefolder"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
)

// options are those of an experiment that says nothing of the files.
func options() Options {
	return Options{Format: Auto, Layout: imagearrays.Auto, Folder: imagefolder.Options{Channels: 3, Memory: 1 << 30}}
}

// Each of the real sets is found by its name, with its form inferred.
func TestRealSets(t *testing.T) {
	for name, want := range map[string]struct {
		shape       pixels.Shape
		train, test int
	}{
		"mnist":                {pixels.Shape{Channels: 1, Height: 28, Width: 28}, 60000, 10000},
		"cifar-10-batches-bin": {pixels.Shape{Channels: 3, Height: 32, Width: 32}, 4000, 1000},
		"cifar-10-jpeg":        {pixels.Shape{Channels: 3, Height: 32, Width: 32}, 50000, 10000},
	} {
		t.Run(name, func(t *testing.T) {
			dataDir := filepath.Dir(golden.Data(t, name))
			set, err := Open(dataDir, name, options())
			if err != nil {
				t.Fatal(err)
			}
			if set.Train.Shape() != want.shape || set.Train.Len() != want.train || set.Test.Len() != want.test || set.Train.Classes() != 10 {
				t.Errorf("%d and %d images of %v, %d classes", set.Train.Len(), set.Test.Len(), set.Train.Shape(), set.Train.Classes())
			}
			if absolute, err := Absolute(dataDir, name); err != nil || absolute != name {
				t.Errorf("the name from anywhere is %q (%v)", absolute, err)
			}
			if absolute, err := Absolute("nowhere", filepath.Join(dataDir, name)); err != nil || !filepath.IsAbs(absolute) {
				t.Errorf("the path from anywhere is %q (%v)", absolute, err)
			}
		})
	}
}

// records makes a file of the binary version of CIFAR-10, of n images of class 0.
func records(t *testing.T, path string, n int) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, make([]byte, 3073*n), 0o644); err != nil {
		t.Fatal(err)
	}
}

// What the catalog knows must be whole; a part is fine under another name.
func TestSetsOfTheCatalogMustBeWhole(t *testing.T) {
	dataDir := t.TempDir()
	for _, name := range []string{"cifar-10", "part"} {
		records(t, filepath.Join(dataDir, name, "data_batch_1.bin"), 3)
		records(t, filepath.Join(dataDir, name, "test_batch.bin"), 2)
	}
	set, err := Open(dataDir, "part", options())
	if err != nil || set.Train.Len() != 3 || set.Missing == "" {
		t.Errorf("a part: %+v, %v", set, err)
	}
	_, err = Open(dataDir, "cifar-10", options())
	for _, want := range []string{"is a part of CIFAR-10: data_batch_1.bin has 3 of 10000 images", "; run: snnctl data get cifar-10 --data-dir " + dataDir} {
		if !fault.IsInput(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("cifar-10: %v, want %q", err, want)
		}
	}
	_, err = Open(dataDir, "cifar-100", options())
	if want := "there is no data set cifar-100 in " + dataDir + "; run: snnctl data get cifar-100"; !fault.IsInput(err) || !strings.Contains(err.Error(), want) {
		t.Errorf("cifar-100: %v, want %q", err, want)
	}
}

func TestWhatCannotBeReadIsRefused(t *testing.T) {
	dataDir := t.TempDir()
	records(t, filepath.Join(dataDir, "ten", "data_batch_1.bin"), 3)
	records(t, filepath.Join(dataDir, "ten", "test_batch.bin"), 2)
	for name, c := range map[string]struct {
		set  string
		with func(*Options)
		want string
	}{
		"nothing":     {"nothing", func(*Options) {}, "there is no image set \"nothing\""},
		"no name":     {"", func(*Options) {}, "there is no image set \"\""},
		"coarse":      {"ten", func(o *Options) { o.Coarse = true }, "expected CIFAR-100 for coarse labels"},
		"other form":  {"ten", func(o *Options) { o.Format = IDX }, "is missing"},
		"as a folder": {"ten", func(o *Options) { o.Format = Folder }, "holds neither folders of images nor an archive"},
		"unknown":     {"ten", func(o *Options) { o.Format = "tiff" }, "format is \"tiff\", expected auto, idx, cifar, stl-10, npy or folder"},
	} {
		o := options()
		c.with(&o)
		if _, err := Open(dataDir, c.set, o); !fault.IsInput(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
