package hdf5

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// wanted is what testdata/make.py says of a file.
type wanted struct {
	Data map[string]struct {
		Shape  []int
		Values json.RawMessage
	}
	Attributes map[string]json.RawMessage
	Groups     []string
}

func TestFilesOfH5py(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.h5")
	if err != nil || len(paths) < 3 {
		t.Fatalf("%v %v", paths, err)
	}
	for _, path := range paths {
		t.Run(path, func(t *testing.T) {
			f, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			b, err := os.ReadFile(strings.TrimSuffix(path, ".h5") + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want wanted
			if err := json.Unmarshal(b, &want); err != nil {
				t.Fatal(err)
			}
			for name, d := range want.Data {
				checkData(t, f, name, d.Shape, d.Values)
			}
			for name, value := range want.Attributes {
				checkAttribute(t, f, name, value)
			}
			for _, name := range want.Groups {
				o, err := f.Lookup(name)
				if err != nil || !o.IsGroup() {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

func checkData(t *testing.T, f *File, name string, shape []int, want json.RawMessage) {
	t.Helper()
	o, err := f.Lookup(name)
	if err != nil {
		t.Error(err)
		return
	}
	v, err := o.Read()
	if err != nil {
		t.Error(err)
		return
	}
	if !slices.Equal(v.Shape, shape) {
		t.Errorf("%s: shape %v, want %v", name, v.Shape, shape)
	}
	same(t, name, v, want)
}

// same compares values with those of the JSON file.
func same(t *testing.T, name string, v *Values, want json.RawMessage) {
	t.Helper()
	var all []any
	if err := json.Unmarshal(want, &all); err != nil { // a scalar
		var one any
		if err := json.Unmarshal(want, &one); err != nil {
			t.Fatal(err)
		}
		all = []any{one}
	}
	got := make([]any, v.Len())
	switch {
	case v.Type.Class == Floating:
		x, err := v.Floats()
		if err != nil {
			t.Error(err)
		}
		for i := range x {
			got[i] = x[i]
		}
		for i, w := range all {
			if s, ok := w.(string); ok {
				all[i], _ = strconv.ParseFloat(s, 64)
			}
		}
	case v.Type.Class == Enum:
		x, err := v.Strings()
		if err != nil {
			t.Error(err)
		}
		for i := range x {
			got[i] = x[i] == "TRUE"
		}
	case v.Type.Class == Integer:
		x, err := v.Ints()
		if err != nil {
			t.Error(err)
		}
		for i := range x {
			got[i] = float64(x[i])
		}
	case v.Type.Class == Sequence && !v.Type.text:
		x, err := v.Sequences()
		if err != nil {
			t.Error(err)
		}
		for i := range x {
			ints, err := x[i].Ints()
			if err != nil {
				t.Error(err)
			}
			got[i] = fmt.Sprint(ints)
		}
	default:
		x, err := v.Strings()
		if err != nil {
			t.Error(err)
		}
		for i := range x {
			got[i] = x[i]
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(all) {
		t.Errorf("%s: %.300v, want %.300v", name, got, all)
	}
}

func checkAttribute(t *testing.T, f *File, name string, want json.RawMessage) {
	t.Helper()
	path, attribute, _ := strings.Cut(name, "@")
	o, err := f.Lookup(path)
	if err != nil {
		t.Error(err)
		return
	}
	v, err := o.Attribute(attribute)
	if err != nil || v == nil {
		t.Errorf("%s: %v %v", name, v, err)
		return
	}
	same(t, name, v, want)
}

func open(t *testing.T, path string) *File {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func read(t *testing.T, f *File, path string) *Values {
	t.Helper()
	o, err := f.Lookup(path)
	if err != nil {
		t.Fatal(err)
	}
	v, err := o.Read()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestReferencesAndLinks(t *testing.T) {
	for _, path := range []string{"testdata/old.h5", "testdata/new.h5"} {
		f := open(t, path)
		refs, err := read(t, f, "/references").References()
		if err != nil {
			t.Fatal(err)
		}
		v, err := refs[0].Object.Read()
		if err != nil || v.Len() != 7 || !refs[1].Object.IsGroup() {
			t.Errorf("%s: references lead to %v and %v (%v)", path, v, refs[1], err)
		}
		regions, err := read(t, f, "/regions").References()
		if err != nil {
			t.Fatal(err)
		}
		if regions[0].Start != 1 || regions[0].End != 4 || regions[1].Start != 0 || regions[1].End != 1 {
			t.Errorf("%s: regions %+v", path, regions)
		}
		if n := read(t, f, "/soft").Len(); n != 24 {
			t.Errorf("%s: the soft link leads to %d values", path, n)
		}
		many, err := f.Lookup("/many")
		if err != nil {
			t.Fatal(err)
		}
		if names, err := many.Children(); err != nil || len(names) != 40 || names[39] != "child_039" {
			t.Errorf("%s: children %v (%v)", path, names, err)
		}
	}
}

func TestWhatIsRefusedIsNamed(t *testing.T) {
	f := open(t, "testdata/new.h5")
	for path, message := range map[string]string{
		"/compound":    "compound",
		"/references":  "reference",
		"/text/fixed":  "string",
		"/numbers":     "it is a group",
		"/numbers/no":  "testdata/new.h5 has no /numbers/no",
		"/numbers/u1/": "",
	} {
		o, err := f.Lookup(path)
		var v *Values
		if err == nil {
			v, err = o.Read()
		}
		if err == nil {
			_, err = v.Floats()
		}
		if message == "" {
			if err != nil {
				t.Errorf("%s: %v", path, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), message) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %q", path, err, message)
		}
	}
}
