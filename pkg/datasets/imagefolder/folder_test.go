package imagefolder

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
)

// plain is a PNG of one colour.
func plain(t testing.TB, width, height int, c color.Color) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		m.Set(i%width, i/width, c)
	}
	return encoded(t, m)
}

func encoded(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// shade is a 2×2 picture whose red is v.
func shade(t testing.TB, v int) []byte { return plain(t, 2, 2, color.NRGBA{uint8(v), 1, 2, 255}) }

// picture is a file of a set.
type picture struct {
	path    string
	content []byte
}

func writeFiles(t testing.TB, dir string, pictures []picture) {
	t.Helper()
	for _, p := range pictures {
		name := filepath.Join(dir, filepath.FromSlash(p.path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, p.content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func tarred(t testing.TB, pictures []picture) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	made := map[string]bool{}
	for _, p := range pictures {
		if dir := path.Dir(p.path); !made[dir] {
			made[dir] = true
			if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: p.path, Size: int64(len(p.content)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(p.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(content []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(content)
	z.Close()
	return b.Bytes()
}

// nested is a set with classes in folders of folders, written in no order.
func nested(t testing.TB) []picture {
	return []picture{
		{"set/val/b/bridge/1.png", shade(t, 90)},
		{"set/train/b/bridge/2.png", shade(t, 21)},
		{"set/train/a/abbey/2.png", shade(t, 11)},
		{"set/train/a/abbey/1.png", shade(t, 10)},
		{"set/train/a/abbey/3.PNG", shade(t, 12)},
		{"set/train/b/bridge/1.png", shade(t, 20)},
		{"set/train/a/airfield/1.png", shade(t, 30)},
		{"set/train/a/abbey/notes.txt", []byte("no picture")},
		{"set/train/a/abbey/._1.png", []byte("what some systems leave in archives")},
	}
}

// reds reads the red of every image.
func reds(t testing.TB, images pixels.Images) (reds, labels []int) {
	t.Helper()
	dst := make([]float32, images.Shape().Size())
	for i := range images.Len() {
		if err := images.Read(dst, i, pixels.Centre); err != nil {
			t.Fatal(err)
		}
		reds, labels = append(reds, int(dst[0])), append(labels, images.Label(i))
	}
	return reds, labels
}

// A directory, an archive and a compressed archive are the same set; with or
// without being kept in memory.
func TestFoldersAndArchivesReadAlike(t *testing.T) {
	root := t.TempDir()
	pictures := nested(t)
	writeFiles(t, filepath.Join(root, "dir"), pictures)
	writeFiles(t, root, []picture{
		{"a.tar", tarred(t, pictures)}, {"a.tar.gz", gzipped(tarred(t, pictures))}, {"only/a.tgz", gzipped(tarred(t, pictures))}})
	for _, name := range []string{"dir", "dir/set", "a.tar", "a.tar.gz", "only"} {
		for _, memory := range []int64{0, 1 << 20} {
			set, err := Open(filepath.Join(root, name), Options{Channels: 3, Memory: memory})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if !slices.Equal(set.ClassNames, []string{"a/abbey", "a/airfield", "b/bridge"}) || set.Train.Classes() != 3 {
				t.Errorf("%s: classes %q", name, set.ClassNames)
			}
			if _, kept := set.Train.(*kept); kept != (memory > 0) {
				t.Errorf("%s with %d bytes of memory: kept is %v", name, memory, kept)
			}
			for range 2 { // the second time from memory
				shades, labels := reds(t, set.Train)
				if !slices.Equal(shades, []int{10, 30, 20, 11, 21, 12}) || !slices.Equal(labels, []int{0, 1, 2, 0, 2, 0}) {
					t.Errorf("%s: training images %d of classes %d", name, shades, labels)
				}
			}
			shades, labels := reds(t, set.Test)
			if !slices.Equal(shades, []int{90}) || !slices.Equal(labels, []int{2}) || set.Validation != nil {
				t.Errorf("%s: test images %d of classes %d, validation %v", name, shades, labels, set.Validation)
			}
			if len(set.Checksums) == 0 {
				t.Errorf("%s: no checksum", name)
			}
		}
	}
}

func TestFoldersOfClassesAloneAreForTraining(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, []picture{{"cat/1.png", shade(t, 1)}, {"dog/1.png", shade(t, 2)}, {"cat/2.png", shade(t, 3)}, {"aside.png", shade(t, 4)}})
	if _, err := Open(dir, Options{Channels: 3}); !fault.IsInput(err) || !strings.Contains(err.Error(), "aside.png lies in no folder of a class") {
		t.Errorf("a picture beside the folders: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "aside.png")); err != nil {
		t.Fatal(err)
	}
	set, err := Open(dir, Options{Channels: 1})
	if err != nil {
		t.Fatal(err)
	}
	if shades, labels := reds(t, set.Train); set.Test != nil || len(shades) != 3 || !slices.Equal(labels, []int{0, 1, 0}) {
		t.Errorf("training images %d of classes %d, test %v", shades, labels, set.Test)
	}
}

// places writes the lists of PLACES365 and what they list.
func places(t testing.TB, dir string) {
	t.Helper()
	writeFiles(t, dir, []picture{
		{"places365_train_standard.txt", []byte("/a/abbey/1.png 1\n/a/abbey/2.png 1\n/b/bridge/1.png 0\n")},
		{"places365_val.txt", []byte("Places365_val_1.png 2\nPlaces365_val_2.png 0\n")},
		{"data_256/a/abbey/1.png", shade(t, 10)}, {"data_256/a/abbey/2.png", shade(t, 11)}, {"data_256/b/bridge/1.png", shade(t, 20)},
		{"val_256/Places365_val_1.png", shade(t, 30)}, {"val_256/Places365_val_2.png", shade(t, 21)},
	})
}

func TestListsOfPLACES365NumberTheClasses(t *testing.T) {
	dir := t.TempDir()
	places(t, dir)
	for _, categories := range []string{"", "/b/bridge 0\n/a/abbey 1\n/c/cave 2\n/d/den 3\n"} {
		names, count := []string{"0", "1", "2"}, 3
		if categories != "" {
			writeFiles(t, dir, []picture{{"categories_places365.txt", []byte(categories)}})
			names, count = []string{"b/bridge", "a/abbey", "c/cave", "d/den"}, 4
		}
		set, err := Open(dir, Options{Channels: 3})
		if err != nil {
			t.Fatal(err)
		}
		shades, labels := reds(t, set.Train)
		if !slices.Equal(shades, []int{20, 10, 11}) || !slices.Equal(labels, []int{0, 1, 1}) {
			t.Errorf("training images %d of classes %d", shades, labels)
		}
		if shades, labels = reds(t, set.Test); !slices.Equal(shades, []int{21, 30}) || !slices.Equal(labels, []int{0, 2}) {
			t.Errorf("test images %d of classes %d", shades, labels)
		}
		if !slices.Equal(set.ClassNames, names) || set.Train.Classes() != count {
			t.Errorf("classes %q", set.ClassNames)
		}
	}
}

func TestBadListsAreNamedByLine(t *testing.T) {
	for name, c := range map[string]struct{ file, content, want string }{
		"no number":     {"places365_train_standard.txt", "/a/abbey/1.png 1\n/a/abbey/2.png\n", "places365_train_standard.txt:2: found \"/a/abbey/2.png\""},
		"negative":      {"places365_val.txt", "x.png -1\n", "places365_val.txt:1: found"},
		"far too large": {"places365_val.txt", "x.png 99999999999\n", "places365_val.txt:1: found"},
		"outside":       {"places365_val.txt", "../../x.png 1\n", "places365_val.txt:1: \"../../x.png\" is no name"},
		"no picture":    {"places365_val.txt", "x.gif 1\n", "x.gif"},
		"empty":         {"places365_val.txt", "\n", "lists no images"},
		"categories":    {"categories_places365.txt", "/a 0\n/b 2\n", "categories_places365.txt:2: the class \"b\" has the number 2, expected 1"},
		"too few":       {"categories_places365.txt", "/a 0\n", "names 1 classes, but the lists beside it number 3"},
	} {
		dir := t.TempDir()
		places(t, dir)
		writeFiles(t, dir, []picture{{c.file, []byte(c.content)}})
		if _, err := Open(dir, Options{Channels: 3}); !fault.IsInput(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	dir := t.TempDir()
	places(t, dir)
	if err := os.Remove(filepath.Join(dir, "data_256/a/abbey/2.png")); err != nil {
		t.Fatal(err)
	}
	set, err := Open(dir, Options{Channels: 3})
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Train.Read(make([]float32, 12), 2, pixels.Centre); !fault.IsInput(err) || !strings.Contains(err.Error(), "2.png") {
		t.Errorf("a missing picture: %v", err)
	}
}

func TestBadSetsAreNamed(t *testing.T) {
	whole := tarred(t, nested(t))
	damaged := gzipped(whole)
	damaged[len(damaged)-6] ^= 1
	for name, c := range map[string]struct {
		pictures []picture
		want     string
	}{
		"nothing":            {nil, "holds neither folders of images nor an archive"},
		"no picture":         {[]picture{{"a/readme.txt", nil}}, "holds no JPEG or PNG images"},
		"no training":        {[]picture{{"val/a/1.png", shade(t, 1)}, {"test/a/1.png", shade(t, 1)}}, "no folder train"},
		"unknown class":      {[]picture{{"train/a/1.png", shade(t, 1)}, {"val/b/1.png", shade(t, 1)}}, "is of the class \"b\", which has no training images"},
		"no class":           {[]picture{{"train/a/1.png", shade(t, 1)}, {"val/1.png", shade(t, 1)}}, "1.png lies in no folder of a class"},
		"empty picture":      {[]picture{{"train/a/1.png", nil}, {"val/a/1.png", shade(t, 1)}}, "1.png is neither JPEG nor PNG: it is empty"},
		"two archives":       {[]picture{{"a.tar", whole}, {"b.tar", whole}}, "holds 2 archives"},
		"cut archive":        {[]picture{{"a.tar", whole[:bytes.LastIndex(whole, []byte("set/train/a/airfield/1.png"))+100]}}, "is no whole tar archive"},
		"no gzip":            {[]picture{{"a.tar.gz", whole}}, "a.tar.gz is no gzip file"},
		"cut gzip":           {[]picture{{"a.tar.gz", gzipped(whole)[:500]}}, "a.tar.gz"},
		"damaged gzip":       {[]picture{{"a.tar.gz", damaged}}, "a.tar.gz is damaged at its end"},
		"archive of nothing": {[]picture{{"a.tar", tarred(t, []picture{{"x.txt", nil}})}}, "holds no JPEG or PNG images"},
	} {
		dir := t.TempDir()
		writeFiles(t, dir, c.pictures)
		if _, err := Open(dir, Options{Channels: 3}); !fault.IsInput(err) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none"), Options{Channels: 3}); !fault.IsInput(err) {
		t.Errorf("no directory: %v", err)
	}
}

// Damaged pictures are named when they are read.
func TestDamagedPicturesAreNamed(t *testing.T) {
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 2, 2)), nil); err != nil {
		t.Fatal(err)
	}
	giant := shade(t, 1)
	copy(giant[16:], []byte{0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff}) // width and height; the checksum is wrong, too
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"cut JPEG":   {photo.Bytes()[:photo.Len()-8], "2.jpg is damaged"},
		"cut PNG":    {shade(t, 1)[:50], "2.jpg is damaged"},
		"other size": {plain(t, 3, 2, color.White), "2.jpg has 3×2 pixels, expected 2×2"},
		"text":       {[]byte("<html>"), "2.jpg is neither JPEG nor PNG: it starts with 3c 68 74 6d"},
		"giant":      {giant, "2.jpg"},
	} {
		dir := t.TempDir()
		writeFiles(t, dir, []picture{{"train/a/1.png", shade(t, 1)}, {"train/a/2.jpg", c.content}, {"test/a/1.png", shade(t, 1)}})
		set, err := Open(dir, Options{Channels: 3, Memory: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		if err := set.Train.Read(make([]float32, 12), 1, pixels.Centre); !fault.IsInput(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// CIFAR-10 as JPEG: what is known of the set, and the same bytes from several
// goroutines at once.
func TestRealCIFAR10(t *testing.T) {
	dir := golden.Data(t, "cifar-10-jpeg")
	set, err := Open(dir, Options{Channels: 3, Memory: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	if set.Train.Len() != 50000 || set.Test.Len() != 10000 || set.Train.Shape() != (pixels.Shape{Channels: 3, Height: 32, Width: 32}) {
		t.Fatalf("%d and %d images of %v", set.Train.Len(), set.Test.Len(), set.Train.Shape())
	}
	if got := strings.Join(set.ClassNames, " "); got != "airplane automobile bird cat deer dog frog horse ship truck" {
		t.Errorf("classes %s", got)
	}
	const n = 200
	var sums [3][n]string
	for threads := range sums {
		parallel.For(threads+1, 2*n, func(_, i int) {
			image := make([]float32, 3*32*32)
			if err := set.Train.Read(image, i%n, pixels.Centre); err != nil {
				t.Error(err)
			}
			if i < n {
				sums[threads][i] = fmt.Sprint(image)
			}
		})
		if sums[threads] != sums[0] {
			t.Errorf("%d threads read other images than one", threads+1)
		}
	}
	for i := range n {
		if set.Train.Label(i) != i%10 {
			t.Fatalf("image %d is of class %d, want the classes in turn", i, set.Train.Label(i))
		}
	}
}
