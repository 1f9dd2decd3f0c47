package tasksequence

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
)

// digits is a set of 40 images of 3×3 pixels, of 4 classes.
func digits() pixels.Set {
	images := &pixels.Bytes{Of: pixels.Shape{Channels: 1, Height: 3, Width: 3}, Names: 4}
	for i := range 40 {
		images.Labels = append(images.Labels, int32(i%4))
		for p := range 9 {
			images.Pixels = append(images.Pixels, uint8(i+20*p))
		}
	}
	return pixels.Set{Train: images, Validation: images, Test: images}
}

func read(t *testing.T, s Source, task, i int) ([]float32, int) {
	t.Helper()
	x := make([]float32, s.Inputs())
	class, err := s.Read(x, task, "train", i)
	if err != nil {
		t.Fatal(err)
	}
	return x, class
}

func open(t *testing.T, o Options) Source {
	t.Helper()
	s, err := FromImages(digits(), pixels.Unit(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPermutedTasksShowAllPixels(t *testing.T) {
	s := open(t, Options{Kind: Permuted, Tasks: 3, Seed: 1, FirstUnchanged: true})
	original, class := read(t, s, 0, 5)
	if original[1] != float32(25)/255 {
		t.Errorf("the first task is not the images as they are: pixel 1 is %v", original[1])
	}
	for task := 1; task < 3; task++ {
		x, c := read(t, s, task, 5)
		if c != class || slices.Equal(x, original) {
			t.Errorf("task %d shows class %d as %v", task, c, x)
		}
		a, b := slices.Clone(x), slices.Clone(original)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(a, b) {
			t.Errorf("task %d shows other pixels: %v, not %v", task, a, b)
		}
	}
	if first := open(t, Options{Kind: Permuted, Tasks: 1, Seed: 1}); func() bool { x, _ := read(t, first, 0, 5); return slices.Equal(x, original) }() {
		t.Error("the first task is not permuted")
	}
}

func TestShuffledLabelsKeepTheImages(t *testing.T) {
	s := open(t, Options{Kind: ShuffledLabels, Tasks: 4, Seed: 2, FirstUnchanged: true})
	renamed := false
	for task := range 4 {
		var names [4]int
		for i := range 4 {
			x, class := read(t, s, task, i)
			original, label := read(t, s, 0, i)
			if !slices.Equal(x, original) {
				t.Fatalf("task %d changes an image", task)
			}
			names[class]++
			renamed = renamed || class != label
		}
		if names != [4]int{1, 1, 1, 1} {
			t.Errorf("task %d gives classes the same name: %v", task, names)
		}
	}
	if !renamed {
		t.Error("no class has another name in any task")
	}
}

func TestSplitGivesEachTaskItsClasses(t *testing.T) {
	for _, relative := range []bool{false, true} {
		s := open(t, Options{Kind: Split, Tasks: 2, Seed: 3, LabelsPerTask: 2, RelativeLabels: relative})
		total := 0
		seen := map[int]int{}
		for task := range 2 {
			total += s.Size(task, "train")
			for i := range s.Size(task, "train") {
				_, class := read(t, s, task, i)
				if relative && class >= 2 {
					t.Errorf("class %d in a head of 2", class)
				}
				if !relative {
					seen[class] |= 1 << task
				}
			}
		}
		if total != 40 {
			t.Errorf("the tasks have %d images in all, expected 40", total)
		}
		for class, tasks := range seen {
			if tasks == 3 {
				t.Errorf("class %d is in both tasks", class)
			}
		}
	}
	if _, err := FromImages(digits(), pixels.Unit(), Options{Kind: Split, Tasks: 3, LabelsPerTask: 2}); !fault.IsInput(err) {
		t.Errorf("three tasks of two of four classes: %v", err)
	}
}

func TestRotation(t *testing.T) {
	shape := pixels.Shape{Channels: 2, Height: 3, Width: 3}
	for p, from := range rotation(shape, 0) {
		if int(from) != p {
			t.Errorf("turned by 0°, pixel %d shows %d", p, from)
		}
	}
	// Counter-clockwise by 90°: the right column becomes the top row.
	want := []int32{2, 5, 8, 1, 4, 7, 0, 3, 6}
	if got := rotation(shape, 90)[:9]; !slices.Equal(got, want) {
		t.Errorf("turned by 90°, pixels show %v, expected %v", got, want)
	}
	if got := rotation(pixels.Shape{Channels: 1, Height: 9, Width: 9}, 45); got[0] != -1 || got[4*9+4] != 4*9+4 {
		t.Errorf("turned by 45°, the corner shows %d and the middle %d, expected nothing and the middle", got[0], got[4*9+4])
	}
}

func TestBatchesAreNeuronByNeuronAndWithoutRepetition(t *testing.T) {
	source := open(t, Options{Kind: Permuted, Tasks: 2, Seed: 1})
	var batches [2]Batch[float64]
	for k, threads := range []int{1, 3} {
		s := Stream[float64]{Source: source, Seed: 4, Threads: threads}
		if err := s.Train(&batches[k], 7, 1, 40); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(batches[0].Values, batches[1].Values) || !slices.Equal(batches[0].Classes, batches[1].Classes) {
		t.Error("batches depend on threads")
	}
	shown := map[string]bool{}
	for trial := range 40 {
		var x []float64
		for p := range 9 {
			x = append(x, batches[0].Values[p*40+trial])
		}
		shown[fmt.Sprint(x)] = true
	}
	if len(shown) != 40 {
		t.Errorf("%d of 40 images are shown by a batch of 40", len(shown))
	}
	s := Stream[float64]{Source: source, Seed: 4, Threads: 1}
	if err := s.Train(&batches[0], 7, 1, 41); err == nil {
		t.Error("a batch of 41 of 40 examples")
	}
}

func TestSyntheticFeaturesShareTheirMeansAndNotTheirNames(t *testing.T) {
	o := Synthetic{Tasks: 2, Classes: 3, Features: 20, Rank: 4, Offset: 0, ShuffledLabels: true, Seed: 5, Examples: map[string]int{"train": 30, "validation": 3, "test": 3}}
	s := o.Source()
	means := map[string]bool{}
	for task := range 2 {
		for i := range 30 {
			x, _ := read(t, s, task, i)
			means[fmt.Sprint(x)] = true
		}
	}
	if len(means) != 3 { // without noise and offset
		t.Errorf("%d different examples, expected the 3 means", len(means))
	}
}

// npyFile is an array of float32 in NumPy's format.
func npyFile(t *testing.T, path, kind string, shape string, values any) {
	t.Helper()
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", kind, shape)
	header += strings.Repeat(" ", 63-(len(header)+10)%64) + "\n"
	var b bytes.Buffer
	b.WriteString("\x93NUMPY\x01\x00")
	_ = binary.Write(&b, binary.LittleEndian, uint16(len(header)))
	b.WriteString(header)
	_ = binary.Write(&b, binary.LittleEndian, values)
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// safetensorsFile has train.x, train.y and so on, made by hand.
func safetensorsFile(t *testing.T, path string, x []float32, y []int64) {
	t.Helper()
	var header, data bytes.Buffer
	header.WriteByte('{')
	for i, split := range []string{"train", "val", "test"} {
		if i > 0 {
			header.WriteByte(',')
		}
		at := data.Len()
		_ = binary.Write(&data, binary.LittleEndian, y)
		middle := data.Len()
		_ = binary.Write(&data, binary.LittleEndian, x)
		fmt.Fprintf(&header, `"%s.y":{"dtype":"I64","shape":[%d],"data_offsets":[%d,%d]},"%s.x":{"dtype":"F32","shape":[%d,%d],"data_offsets":[%d,%d]}`,
			split, len(y), at, middle, split, len(y), len(x)/len(y), middle, data.Len())
	}
	header.WriteByte('}')
	var b bytes.Buffer
	_ = binary.Write(&b, binary.LittleEndian, uint64(header.Len()))
	b.Write(header.Bytes())
	b.Write(data.Bytes())
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func manifestIn(t *testing.T, dir, text string) string {
	t.Helper()
	path := filepath.Join(dir, "manifest.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

const twoTasks = `
encoder: made by hand
tasks:
  - {name: arrays, classes: 2, train: {x: x.npy, y: y.npy}, val: {x: x.npy, y: y.npy}, test: {x: x.npy, y: y.npy}}
  - {name: tensors, classes: 2, features: all.safetensors}
`

func TestFeaturesOfBothKindsOfFiles(t *testing.T) {
	dir := t.TempDir()
	x := []float32{1, 10, 3, 10, 5, 10, 7, 10}
	npyFile(t, filepath.Join(dir, "x.npy"), "<f4", "4, 2", x)
	npyFile(t, filepath.Join(dir, "y.npy"), "<i8", "4,", []int64{0, 1, 0, 1})
	safetensorsFile(t, filepath.Join(dir, "all.safetensors"), x, []int64{1, 0, 1, 0})
	s, err := OpenFeatures(manifestIn(t, dir, twoTasks))
	if err != nil {
		t.Fatal(err)
	}
	if s.Tasks() != 2 || s.Inputs() != 2 || s.Classes() != 2 || s.Size(1, "validation") != 4 || len(s.Checksums()) != 3 {
		t.Errorf("%d tasks of %d inputs and %d classes, %d validate, %d files", s.Tasks(), s.Inputs(), s.Classes(), s.Size(1, "validation"), len(s.Checksums()))
	}
	a, first := read(t, s, 0, 0)
	b, second := read(t, s, 1, 0)
	want := float32(-3 / math.Sqrt(5)) // standardised; the constant feature is only centred
	if a[0] != want || a[1] != 0 || !slices.Equal(a, b) || first != 0 || second != 1 {
		t.Errorf("examples are %v of class %d and %v of class %d, expected [%v 0] of 0 and of 1", a, first, b, second, want)
	}
}

func TestWrongFeaturesAreRefused(t *testing.T) {
	dir := t.TempDir()
	npyFile(t, filepath.Join(dir, "x.npy"), "<f4", "2, 2", []float32{1, 2, 3, 4})
	npyFile(t, filepath.Join(dir, "nan.npy"), "<f4", "2, 2", []float32{1, float32(math.NaN()), 3, 4})
	npyFile(t, filepath.Join(dir, "y.npy"), "<i8", "2,", []int64{0, 1})
	npyFile(t, filepath.Join(dir, "y3.npy"), "<i8", "3,", []int64{0, 1, 0})
	npyFile(t, filepath.Join(dir, "high.npy"), "<i8", "2,", []int64{0, 7})
	task := func(x, y string) string {
		one := fmt.Sprintf("{x: %s, y: %s}", x, y)
		return fmt.Sprintf("tasks: [{name: a, classes: 2, train: %s, val: %s, test: %s}]", one, one, one)
	}
	for text, want := range map[string]string{
		"":                               "is no manifest",
		"tasks: []":                      "lists no tasks",
		"tusks: []":                      "field tusks not found",
		"tasks: [{name: a}]":             "classes of task 0",
		"tasks: [{name: a, classes: 2}]": "needs either features",
		task("x.npy", "y3.npy"):          "shape [2 2] and labels of shape [3]",
		task("x.npy", "high.npy"):        "label 1 is 7, expected 0 to 1",
		task("nan.npy", "y.npy"):         "nan.npy",
		task("none.npy", "y.npy"):        "none.npy",
		task("x.npy", "y.npy") + "\nsha256: {x.npy: 00}": "has the SHA-256",
	} {
		_, err := OpenFeatures(manifestIn(t, dir, text))
		if !fault.IsInput(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is refused with %v, expected %q", text, err, want)
		}
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(twoTasks))
	f.Add([]byte("tasks: [{name: a, classes: 2, features: x.safetensors}]\nsha256: {x: y}"))
	f.Add([]byte("tasks: &a [*a]"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if m, err := parseManifest(content, "m"); err == nil && len(m.Tasks) == 0 {
			t.Error("a manifest without tasks is taken")
		} else if err != nil && !fault.IsInput(err) {
			t.Errorf("refused with %v", err)
		}
	})
}
