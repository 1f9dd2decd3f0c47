package hdf5

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzRead reads everything of damaged files: an error is fine, anything else is not.
func FuzzRead(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.h5")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<18 {
			return
		}
		file, err := newFile("fuzz", bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		file.most = 1 << 16
		root, err := file.Root()
		if err != nil {
			return
		}
		left := 200
		visit(file, root, &left)
	})
}

func visit(f *File, o *Object, left *int) {
	if *left--; *left < 0 || strings.Count(o.path, "/") > 8 {
		return
	}
	if all, err := o.attributes(); err == nil && len(all) > 0 {
		for _, name := range []string{"neurodata_type", "colnames"} {
			if v, err := o.Attribute(name); err == nil && v != nil {
				readAll(v)
			}
		}
	}
	if !o.IsGroup() {
		if v, err := o.Read(); err == nil {
			readAll(v)
		}
		return
	}
	names, err := o.Children()
	if err != nil {
		return
	}
	for _, name := range names[:min(len(names), 20)] {
		if child, err := o.Child(name); err == nil {
			visit(f, child, left)
		}
	}
}

func readAll(v *Values) {
	_, _ = v.Floats()
	_, _ = v.Ints()
	_, _ = v.Strings()
	_, _ = v.References()
	_, _ = v.Sequences()
}
