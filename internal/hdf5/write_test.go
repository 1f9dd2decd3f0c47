package hdf5

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func decode(t interface{ Fatal(...any) }, root *Group) *File {
	b, err := Encode(root)
	if err != nil {
		t.Fatal(err)
	}
	f, err := newFile("written", bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// What is written is read back: every type, scalars and arrays, attributes, references.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		floats := rapid.SliceOfN(rapid.Float64(), 0, 20).Draw(t, "floats")
		ints := rapid.SliceOfN(rapid.Int64(), 6, 6).Draw(t, "ints")
		bytes := rapid.SliceOfN(rapid.Byte(), 1, 9).Draw(t, "bytes")
		texts := rapid.SliceOfN(rapid.StringMatching(`[a-zäß \t]{0,12}`), 0, 20).Draw(t, "texts")
		target := &Dataset{Shape: []int{len(floats)}, Values: floats}
		f := decode(t, &Group{
			Attributes: []Attribute{{"words", texts}, {"word", "x"}, {"rate", 2.5}, {"rate32", float32(0.5)}, {"number", int64(-7)}},
			Members: []Member{
				{Name: "floats", Dataset: target},
				{Name: "inner", Group: &Group{Members: []Member{
					{Name: "ints", Dataset: &Dataset{Shape: []int{2, 3}, Values: ints, Attributes: []Attribute{{"target", target}}}},
					{Name: "scalar", Dataset: &Dataset{Values: []string{"one"}}},
				}}},
				{Name: "bytes", Dataset: &Dataset{Shape: []int{len(bytes)}, Values: bytes}},
				{Name: "texts", Dataset: &Dataset{Shape: []int{len(texts)}, Values: texts}},
			}})
		read := func(path string) *Values {
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
		if got, err := read("/floats").Floats(); err != nil || !slices.EqualFunc(got, floats, func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }) {
			t.Fatal(got, err)
		}
		v := read("/inner/ints")
		if got, err := v.Ints(); err != nil || !slices.Equal(got, ints) || !slices.Equal(v.Shape, []int{2, 3}) {
			t.Fatal(got, v.Shape, err)
		}
		if got, err := read("/inner/scalar").Strings(); err != nil || !slices.Equal(got, []string{"one"}) {
			t.Fatal(got, err)
		}
		if got, err := read("/texts").Strings(); err != nil || !slices.Equal(got, texts) {
			t.Fatal(got, err)
		}
		if got, err := read("/bytes").Ints(); err != nil || len(got) != len(bytes) || got[0] != int64(bytes[0]) {
			t.Fatal(got, err)
		}
		root, err := f.Root()
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"words": fmt.Sprint(texts), "word": "[x]", "rate": "[2.5]", "rate32": "[0.5]", "number": "[-7]"} {
			v, err := root.Attribute(name)
			if err != nil || v == nil {
				t.Fatal(name, v, err)
			}
			got := ""
			if s, err := v.Strings(); err == nil {
				got = fmt.Sprint(s)
			} else if x, err := v.Floats(); err == nil {
				got = fmt.Sprint(x)
			}
			if got != want {
				t.Fatal(name, got, want)
			}
		}
		o, err := f.Lookup("/inner/ints")
		if err != nil {
			t.Fatal(err)
		}
		reference, err := o.Attribute("target")
		if err != nil {
			t.Fatal(err)
		}
		regions, err := reference.References()
		if err != nil {
			t.Fatal(err)
		}
		values, err := regions[0].Object.Read()
		if err != nil || values.Len() != len(floats) {
			t.Fatal(values, err)
		}
	})
}

func TestManyStringsTakeSeveralHeaps(t *testing.T) {
	many := make([]string, 2*mostInHeap+5)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	f := decode(t, &Group{Members: []Member{{Name: "many", Dataset: &Dataset{Shape: []int{len(many)}, Values: many}}}})
	o, err := f.Lookup("/many")
	if err != nil {
		t.Fatal(err)
	}
	v, err := o.Read()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := v.Strings(); err != nil || !slices.Equal(got, many) {
		t.Errorf("%d strings, error %v", len(got), err)
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	loose := &Dataset{Values: []int64{1}}
	for message, g := range map[string]*Group{
		"is no name":            {Members: []Member{{Name: "", Group: &Group{}}}},
		"but the shape":         {Members: []Member{{Name: "a", Dataset: &Dataset{Shape: []int{2}, Values: []int64{1}}}}},
		"values of type":        {Members: []Member{{Name: "a", Dataset: &Dataset{Shape: []int{1}, Values: []int{1}}}}},
		"is not written before": {Attributes: []Attribute{{"to", loose}}},
		"takes 8":               {Attributes: []Attribute{{"long", make([]string, 5000)}}},
	} {
		if _, err := Encode(g); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%v, want %q", err, message)
		}
	}
	twice := Member{Name: "a", Group: &Group{}}
	if _, err := Encode(&Group{Members: []Member{twice, twice}}); err == nil {
		t.Error("two members of one name")
	}
}

// The values that the author of the hash gives.
func TestChecksum(t *testing.T) {
	for want, text := range map[uint32]string{0xdeadbeef: "", 0x17770551: "Four score and seven years ago"} { // of lookup3.c
		if got := lookup3([]byte(text)); got != want {
			t.Errorf("%q: %#x, want %#x", text, got, want)
		}
	}
}
