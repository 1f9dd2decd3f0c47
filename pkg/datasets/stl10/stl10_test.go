package stl10

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
)

// write makes a set of two training, one test and three unlabelled images, of which pixel (row 5,
// column 7) of the green of the second training image is 200.
func write(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), folder)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	train := make([]byte, 2*imageBytes)
	train[imageBytes+9216+7*96+5] = 200
	for name, content := range map[string][]byte{
		"train_X.bin": train, "train_y.bin": {1, 10}, "test_X.bin": make([]byte, imageBytes), "test_y.bin": {3},
		"unlabeled_X.bin": bytes.Repeat([]byte{9}, 3*imageBytes),
		"class_names.txt": []byte("airplane\nbird\ncar\ncat\ndeer\ndog\nhorse\nmonkey\nship\ntruck\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Oracle 12 of 2010.08262's method: images lie column by column.
func TestImagesLieColumnByColumn(t *testing.T) {
	dir := write(t)
	for _, place := range []string{dir, filepath.Dir(dir)} {
		s, err := Open(place)
		if err != nil {
			t.Fatal(err)
		}
		if s.Train.Len() != 2 || s.Test.Len() != 1 || s.Unlabelled.Len() != 3 || len(s.ClassNames) != 10 {
			t.Fatalf("%d, %d, %d images, classes %v", s.Train.Len(), s.Test.Len(), s.Unlabelled.Len(), s.ClassNames)
		}
		if s.Train.Label(0) != 0 || s.Train.Label(1) != 9 || s.Unlabelled.Label(2) != pixels.Unlabelled {
			t.Errorf("labels %d, %d and %d", s.Train.Label(0), s.Train.Label(1), s.Unlabelled.Label(2))
		}
		image := make([]float32, imageBytes)
		if err := s.Train.Read(image, 1, pixels.Centre); err != nil {
			t.Fatal(err)
		}
		for i, v := range image {
			want := float32(0)
			if i == (96+5)*96+7 { // channel 1, row 5, column 7
				want = 200
			}
			if v != want {
				t.Fatalf("value %d is %g, want %g", i, v, want)
			}
		}
		if !strings.Contains(s.Missing, "train_X.bin has 2 of 5000 images") {
			t.Errorf("missing: %q", s.Missing)
		}
	}
}

func TestWithoutUnlabelledImages(t *testing.T) {
	dir := write(t)
	if err := os.Rename(filepath.Join(dir, "unlabeled_X.bin"), filepath.Join(dir, "unlabeled.bin")); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(dir); err != nil || s.Unlabelled == nil || s.Unlabelled.Len() != 3 {
		t.Errorf("by the other name: %+v, %v", s, err)
	}
	if err := os.Remove(filepath.Join(dir, "unlabeled.bin")); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(dir); err != nil || s.Unlabelled != nil || !strings.Contains(s.Missing, "unlabeled_X.bin is missing") {
		t.Errorf("without: %+v, %v", s, err)
	}
}

func TestDamagedFilesAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		file    string
		content []byte // nil: it is removed
		want    string
	}{
		"truncated":       {"train_X.bin", make([]byte, imageBytes+1), "expected a multiple of 27648"},
		"empty":           {"unlabeled_X.bin", []byte{}, "has 0 bytes"},
		"too many labels": {"train_y.bin", []byte{1, 2, 3}, "has 3 labels, expected 2"},
		"label 0":         {"train_y.bin", []byte{1, 0}, "label 1 of"},
		"label 11":        {"test_y.bin", []byte{11}, "is 11, expected 1 to 10"},
		"no labels":       {"test_y.bin", nil, "no such file"},
		"no training":     {"train_X.bin", nil, "no such file"},
		"no test":         {"test_X.bin", nil, "holds no test_X.bin"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t)
			path := filepath.Join(dir, c.file)
			err := os.Remove(path)
			if c.content != nil {
				err = os.WriteFile(path, c.content, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Open(dir); !fault.IsInput(err) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
