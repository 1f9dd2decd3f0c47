package npy

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
)

// numpy's own bytes of array([[1, -2, 3], [4, 5, 6]], dtype='<f4') and array([7, -8], dtype='<i2').
var (
	floats = "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }" + strings.Repeat(" ", 58) + "\n" +
		"\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x00\x40\x40\x00\x00\x80\x40\x00\x00\xa0\x40\x00\x00\xc0\x40"
	integers = "\x93NUMPY\x01\x00\x76\x00{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }" + strings.Repeat(" ", 60) + "\n" + "\x07\x00\xf8\xff"
)

func TestReadsAndWritesWhatNumPyDoes(t *testing.T) {
	x, shape, err := Decode[float32]([]byte(floats), "x", 2)
	if err != nil || !slices.Equal(x, []float32{1, -2, 3, 4, 5, 6}) || !slices.Equal(shape, []int{2, 3}) {
		t.Errorf("%v %v %v", x, shape, err)
	}
	n, shape, err := Decode[int16]([]byte(integers), "n", 1)
	if err != nil || !slices.Equal(n, []int16{7, -8}) || !slices.Equal(shape, []int{2}) {
		t.Errorf("%v %v %v", n, shape, err)
	}
	var b bytes.Buffer
	if err := Encode(&b, []float32{1, -2, 3, 4, 5, 6}, 2, 3); err != nil || b.String() != floats {
		t.Errorf("wrote %q, %v", b.String(), err)
	}
	b.Reset()
	if err := Encode(&b, []int16{7, -8}, 2); err != nil || b.String() != integers {
		t.Errorf("wrote %q, %v", b.String(), err)
	}
}

func TestDamageIsNamed(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"other file":  {"RIFF", "does not start like one"},
		"short":       {floats[:9], "does not start like one"},
		"header":      {floats[:50], "ends within its header"},
		"values":      {floats[:len(floats)-1], "has 23 bytes of values, but its shape [2 3] asks for 24"},
		"more":        {floats + "abcd", "has 28 bytes"},
		"kind":        {strings.Replace(floats, "<f4", "<f8", 1), "type <f8, expected <f4"},
		"columns":     {strings.Replace(floats, "False", "True ", 1), "a header that NumPy does not write"},
		"fortran":     {strings.Replace(floats, "False, ", "True,  ", 1), "does not write"},
		"dimensions":  {integersAsFloats(), "has the shape [2], expected 2 dimensions"},
		"huge":        {strings.Replace(floats, "(2, 3), }          ", "(9999999999, 3), } ", 1), "whole numbers that a file can hold"},
		"no numbers":  {strings.Replace(floats, "(2, 3)", "(,,,3)", 1), "whole numbers"},
		"transposed":  {strings.Replace(floats, "False, 'shape': (2, 3), }", "True, 'shape': (2, 3), } ", 1), "stored by columns"},
		"large total": {strings.Replace(floats, "(2, 3), }               ", "(99999999, 99999999), } ", 1), "asks for"},
	} {
		_, _, err := Decode[float32]([]byte(c.content), "the file", 2)
		if err == nil || !fault.IsInput(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
}

func integersAsFloats() string { return strings.Replace(integers, "<i2", "<f4", 1) }

func FuzzDecode(f *testing.F) {
	f.Add([]byte(floats))
	f.Add([]byte(integers))
	f.Fuzz(func(t *testing.T, content []byte) {
		x, shape, err := Decode[float32](content, "x", 2)
		if err != nil {
			if !fault.IsInput(err) {
				t.Fatal(err)
			}
			return
		}
		var b bytes.Buffer
		if err := Encode(&b, x, shape...); err != nil {
			t.Fatal(err)
		}
		again, _, err := Decode[float32](b.Bytes(), "again", 2)
		if err != nil {
			t.Fatal(err)
		}
		for i := range x {
			if math.Float32bits(again[i]) != math.Float32bits(x[i]) {
				t.Fatalf("value %d was %g and became %g", i, x[i], again[i])
			}
		}
	})
}
