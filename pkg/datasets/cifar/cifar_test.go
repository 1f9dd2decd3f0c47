package cifar

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
)

// value is what pixel j of image i of the file numbered m is made of.
func value(m, i, j int) byte { return byte(31*m + 7*i + j + j/256) }

// fine and coarse are the labels of an image.
func fine(v version, m, i int) int { return (3*m + i) % v.classes }
func coarse(m, i int) int          { return (m + 2*i) % 20 }

// content makes file m of a version with n images.
func (v version) content(m, n int) []byte {
	if v.pickled {
		return v.pickle(m, n, false)
	}
	var b []byte
	for i := range n {
		if v.coarse > 0 {
			b = append(b, byte(coarse(m, i)))
		}
		b = append(b, byte(fine(v, m, i)))
		for j := range values {
			b = append(b, value(m, i, j))
		}
	}
	return b
}

// pickle writes what Python 2 and NumPy wrote for the published files, operation by
// operation; with fortran, the array by columns.
func (v version) pickle(m, n int, fortran bool) []byte {
	data := make([]byte, n*values)
	for i := range n {
		for j := range values {
			at := i*values + j
			if fortran {
				at = j*n + i
			}
			data[at] = value(m, i, j)
		}
	}
	key, memo := "labels", 20
	if v.coarse > 0 {
		key = "fine_labels"
	}
	b := []byte("\x80\x02}q\x01(")
	b = append(b, text("data")...)
	b = append(b, "q\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85U\x01b\x87Rq\x05(K\x01M"...)
	b = binary.LittleEndian.AppendUint16(b, uint16(n))
	b = append(b, "M\x00\x0c\x86cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"...)
	b = append(b, map[bool]byte{false: 0x89, true: 0x88}[fortran], 'T')
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	b = append(append(b, data...), "tb"...)
	lists := map[string]func(i int) int{key: func(i int) int { return fine(v, m, i) }}
	if v.coarse > 0 {
		lists["coarse_labels"] = func(i int) int { return coarse(m, i) }
	}
	for key, label := range lists {
		b = append(append(b, text(key)...), "]("...)
		for i := range n {
			b = append(b, 'K', byte(label(i)))
		}
		b = append(b, 'e')
	}
	b = append(append(b, text("filenames")...), "]("...)
	for i := range n {
		b = append(append(b, text(fmt.Sprintf("picture_s_%06d.png", i))...), 'r', byte(memo), byte(memo>>8), 0, 0)
		memo++
	}
	b = append(b, 'e')
	b = append(append(b, text("batch_label")...), text("training batch 1 of 5")...)
	return append(b, "u."...)
}

// text is a short string.
func text(s string) []byte { return append([]byte{'U', byte(len(s))}, s...) }

// meta is the file of class names.
func (v version) meta(list nameList) []byte {
	count := v.classes
	if strings.Contains(list.file+list.key, "coarse") {
		count = v.coarse
	}
	var names []string
	for i := range count {
		names = append(names, fmt.Sprintf("class%d", i))
	}
	if list.key == "" {
		return []byte(strings.Join(names, "\n") + "\n\n")
	}
	b := []byte("\x80\x02}q\x01(")
	for _, key := range []string{"fine_label_names", "coarse_label_names", "label_names"} {
		b = append(append(b, text(key)...), "](\x55\x05other"...)
		if key == list.key {
			b = b[:len(b)-7]
			for _, name := range names {
				b = append(b, text(name)...)
			}
		}
		b = append(b, 'e')
	}
	return append(b, "u."...)
}

// copy makes a small copy of a version: image file m has m+2 images.
func (v version) copy() map[string][]byte {
	all := map[string][]byte{v.names[0].file: v.meta(v.names[0])}
	for m, f := range v.images() {
		all[f.name] = v.content(m, m+2)
	}
	return all
}

func writeFiles(t testing.TB, dir string, files map[string][]byte) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func gzipped(content []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(content)
	z.Close()
	return b.Bytes()
}

// archived is the files in a folder in a compressed archive, in the order of a map.
func archived(t testing.TB, folder string, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: folder + "/", Mode: 0o755}); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: folder + "/" + name, Size: int64(len(content)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return gzipped(b.Bytes())
}

// check compares a set with what content made.
func (v version) check(t *testing.T, s *pixels.Set) {
	t.Helper()
	at := 0
	image := make([]float32, values)
	for m := range v.images() {
		images := s.Train
		if m == len(v.train) {
			images, at = s.Test, 0
		}
		for i := range m + 2 {
			if err := images.Read(image, at, pixels.Centre); err != nil {
				t.Fatal(err)
			}
			for j, got := range image {
				if got != float32(value(m, i, j)) {
					t.Fatalf("%s: value %d of image %d of file %d is %g, want %d", v.folder, j, i, m, got, value(m, i, j))
				}
			}
			if images.Label(at) != fine(v, m, i) {
				t.Fatalf("%s: image %d of file %d has the label %d, want %d", v.folder, i, m, images.Label(at), fine(v, m, i))
			}
			at++
		}
	}
	if at != s.Test.Len() {
		t.Errorf("%s: %d test images, want %d", v.folder, s.Test.Len(), at)
	}
	if len(s.ClassNames) != v.classes || s.ClassNames[3] != "class3" || s.Train.Classes() != v.classes {
		t.Errorf("%s: classes %q", v.folder, s.ClassNames)
	}
	if !strings.Contains(s.Missing, "is a part of "+v.set) {
		t.Errorf("%s: missing is %q", v.folder, s.Missing)
	}
}

// Every version reads alike: as its archive, beside it or unpacked, by directory or
// by path, and with files compressed one by one.
func TestVersionsReadAlike(t *testing.T) {
	for _, v := range versions {
		files := v.copy()
		dir := t.TempDir()
		writeFiles(t, filepath.Join(dir, "unpacked", v.folder), files)
		writeFiles(t, filepath.Join(dir, "packed"), map[string][]byte{v.archive: archived(t, v.folder, files)})
		zipped := map[string][]byte{}
		for name, content := range files {
			zipped[name+".gz"] = gzipped(content)
		}
		writeFiles(t, filepath.Join(dir, "zipped"), zipped)
		for _, name := range []string{"unpacked", "unpacked/" + v.folder, "packed", "packed/" + v.archive, "zipped"} {
			s, err := Open(filepath.Join(dir, name), false)
			if err != nil {
				t.Errorf("%s in %s: %v", v.folder, name, err)
				continue
			}
			v.check(t, s)
			if len(s.Checksums) == 0 {
				t.Errorf("%s in %s: no checksum", v.folder, name)
			}
		}
	}
}

func TestCoarseLabels(t *testing.T) {
	for _, v := range versions[2:] {
		files := v.copy()
		files[v.names[1].file] = v.meta(v.names[1])
		dir := t.TempDir()
		writeFiles(t, dir, files)
		s, err := Open(dir, true)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if got := s.Test.Label(i); got != coarse(1, i) {
				t.Errorf("%s: test image %d has the coarse label %d, want %d", v.folder, i, got, coarse(1, i))
			}
		}
		if len(s.ClassNames) != 20 || s.Train.Classes() != 20 {
			t.Errorf("%s: %d coarse classes, named %q", v.folder, s.Train.Classes(), s.ClassNames)
		}
	}
	dir := t.TempDir()
	writeFiles(t, dir, versions[0].copy())
	if _, err := Open(dir, true); !fault.IsInput(err) || !strings.Contains(err.Error(), "expected CIFAR-100 for coarse labels") {
		t.Errorf("coarse labels of CIFAR-10: %v", err)
	}
}

func TestArraysByColumns(t *testing.T) {
	v := versions[1]
	files := v.copy()
	for m, f := range v.images() {
		files[f.name] = v.pickle(m, m+2, true)
	}
	dir := t.TempDir()
	writeFiles(t, dir, files)
	s, err := Open(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	v.check(t, s)
}

func TestBadFilesAreNamed(t *testing.T) {
	v, python, hundred := versions[0], versions[1], versions[2]
	for name, c := range map[string]struct {
		v       version
		file    string
		content []byte
		want    string
	}{
		"truncated":       {v, "data_batch_1.bin", v.content(0, 3)[:2*3073+100], "data_batch_1.bin is truncated: record 2 has 100 of 3073 bytes"},
		"empty":           {v, "test_batch.bin", nil, "test_batch.bin is empty"},
		"label":           {v, "data_batch_1.bin", slices.Concat(v.content(0, 1), []byte{10}, make([]byte, values)), "the label 10 in record 1, expected 0 to 9"},
		"too much":        {v, "test_batch.bin", bytes.Repeat(v.content(0, 1), 10001), "goes on after the 10000 records"},
		"fine label":      {hundred, "train.bin", slices.Concat([]byte{3, 100}, make([]byte, values)), "train.bin holds the label 100 in record 0, expected 0 to 99"},
		"damaged gzip":    {v, "data_batch_1.bin", gzipped(v.content(0, 3))[:200], "data_batch_1.bin is "},
		"no pickle":       {python, "data_batch_1", []byte("hello"), "data_batch_1 is no pickle of CIFAR: at byte 2: it does not start like"},
		"truncated list":  {python, "data_batch_1", python.content(0, 3)[:3*values+250], "it is truncated"},
		"no data":         {python, "data_batch_1", []byte("\x80\x02}."), "has nothing under data"},
		"labels missing":  {python, "data_batch_1", bytes.Replace(python.content(0, 3), text("labels"), text("labelz"), 1), "has nothing under labels"},
		"other labels":    {python, "data_batch_1", bytes.Replace(python.content(0, 2), []byte("](K\x00K\x01e"), []byte("](K\x00e"), 1), "holds 2 images but 1 labels"},
		"python label":    {python, "test_batch", bytes.Replace(python.content(0, 2), []byte("](K\x00K\x01e"), []byte("](K\x00K\x63e"), 1), "test_batch holds the label 99 in record 1"},
		"floats":          {python, "data_batch_1", bytes.Replace(python.content(0, 2), []byte("U\x02u1"), []byte("U\x02f4"), 1), "an array is of type \"f4\""},
		"shape":           {python, "data_batch_1", bytes.Replace(python.content(0, 2), []byte("(K\x01M\x02\x00"), []byte("(K\x01M\x03\x00"), 1), "an array of the shape [3 3072] has 6144 values"},
		"code":            {python, "data_batch_1", []byte("\x80\x02cos\nsystem\nU\x02ls\x85R."), "it refers to \"os system\""},
		"other operation": {python, "data_batch_1", []byte("\x80\x02\x8a\x01\x01."), "the operation 0x8a occurs in no file of CIFAR"},
		"names":           {python, "batches.meta", []byte("\x80\x02}."), "batches.meta has nothing under label_names"},
	} {
		files := c.v.copy()
		files[c.file] = c.content
		dir := t.TempDir()
		writeFiles(t, dir, files)
		if _, err := Open(dir, false); !fault.IsInput(err) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.file) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v\nwant %q", name, err, c.want)
		}
	}
}

func TestBadPlacesAreNamed(t *testing.T) {
	v := versions[0]
	dir := t.TempDir()
	whole := archived(t, v.folder, v.copy())
	writeFiles(t, filepath.Join(dir, "half"), map[string][]byte{v.archive: whole[:len(whole)/2]})
	writeFiles(t, filepath.Join(dir, "nothing"), nil)
	writeFiles(t, filepath.Join(dir, "test only"), map[string][]byte{"test_batch.bin": v.content(0, 1)})
	writeFiles(t, filepath.Join(dir, "other"), map[string][]byte{v.archive: []byte("<html>")})
	for name, want := range map[string]string{
		"half": "cifar-10-binary.tar.gz", "nothing": "holds neither cifar-10-binary.tar.gz, ", "nowhere": "nowhere",
		"test only": "holds 0 training and 1 test images", "other": "cifar-10-binary.tar.gz is no whole tar archive",
	} {
		if _, err := Open(filepath.Join(dir, name), false); !fault.IsInput(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

func TestRealCIFAR10(t *testing.T) {
	dir := golden.Data(t, "cifar-10-batches-bin")
	s, err := Open(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if s.Train.Len() != 4000 || s.Test.Len() != 1000 || strings.Join(s.ClassNames, " ") != "airplane automobile bird cat deer dog frog horse ship truck" {
		t.Errorf("%d and %d images of the classes %q", s.Train.Len(), s.Test.Len(), s.ClassNames)
	}
	for _, want := range []string{"data_batch_1.bin has 4000 of 10000 images", "test_batch.bin has 1000 of 10000 images", "there is no data_batch_2.bin, data_batch_3.bin"} {
		if !strings.Contains(s.Missing, want) {
			t.Errorf("missing: %q, want %q", s.Missing, want)
		}
	}
	// All labels of the published set are in a file beside it.
	labels, err := os.ReadFile(filepath.Join(dir, "train_labels_50000.txt"))
	if err != nil {
		t.Fatal(err)
	}
	digits := bytes.ReplaceAll(labels, []byte("\n"), nil)
	for i := range s.Train.Len() {
		if s.Train.Label(i) != int(digits[i]-'0') {
			t.Fatalf("training image %d has the label %d, want %c", i, s.Train.Label(i), digits[i])
		}
	}
	for i, want := range []int{3, 8, 8, 0, 6, 6, 1, 6, 3, 1} {
		if got := s.Test.Label(i); got != want {
			t.Errorf("test image %d has the label %d, want %d", i, got, want)
		}
	}
}

// Whatever a pickle holds, it is a dictionary or refused, in bounded memory.
func FuzzUnpickle(f *testing.F) {
	f.Add(versions[1].content(0, 1))
	f.Add(versions[3].content(0, 2))
	f.Add(versions[1].meta(versions[1].names[0]))
	f.Add([]byte("\x80\x02}(U\x01ac_codecs\nencode\nX\x02\x00\x00\x00\xc3\xa9U\x06latin1\x86Ru."))
	f.Fuzz(func(t *testing.T, content []byte) {
		d, err := unpickle(string(content))
		if err == nil && d == nil {
			t.Error("neither a dictionary nor an error")
		}
		for _, v := range []version{versions[1], versions[3]} {
			b := &batch{}
			if err := b.readPickle(bytes.NewReader(content), "x", 3, v, false); err == nil && len(b.pixels) != values*len(b.labels) {
				t.Errorf("%d values for %d labels", len(b.pixels), len(b.labels))
			} else if err != nil && !fault.IsInput(err) {
				t.Error(err)
			}
		}
	})
}

func FuzzRecords(f *testing.F) {
	f.Add(versions[0].content(0, 1), true)
	f.Add(versions[2].content(0, 2)[:4000], false)
	f.Fuzz(func(t *testing.T, content []byte, ten bool) {
		v := versions[2]
		if ten {
			v = versions[0]
		}
		b := &batch{}
		err := b.readRecords(bytes.NewReader(content), "x", 3, v, false)
		if err != nil && !fault.IsInput(err) || err == nil && (len(b.labels) == 0 || len(b.pixels) != values*len(b.labels)) {
			t.Errorf("%d values for %d labels: %v", len(b.pixels), len(b.labels), err)
		}
	})
}
