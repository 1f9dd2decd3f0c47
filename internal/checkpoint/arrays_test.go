package checkpoint

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
)

// foreign is a file as other programs write them, with 1 and -2 in four types.
func foreign() []byte {
	header := `{"half":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"__metadata__":{"format":"pt"},` +
		`"brain":{"dtype":"BF16","shape":[1,2],"data_offsets":[4,8]},"single":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},` +
		`"double":{"dtype":"F64","shape":[2],"data_offsets":[16,32]},"steps":{"dtype":"I64","shape":[],"data_offsets":[32,40]}}`
	b := raw(header, 0)
	for _, bits := range []uint16{0x3c00, 0xc000, 0x3f80, 0xc000} {
		b = binary.LittleEndian.AppendUint16(b, bits)
	}
	for _, v := range []float32{1, -2} {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	for _, v := range []float64{1, -2} {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return binary.LittleEndian.AppendUint64(b, 7)
}

func open(t testing.TB, content []byte) (*Arrays, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.safetensors")
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	a, err := OpenArrays(path)
	if err == nil {
		t.Cleanup(func() { a.Close() })
	} else if !fault.IsInput(err) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want an error of the input that names the file", err)
	}
	return a, err
}

func TestArraysOfOtherPrograms(t *testing.T) {
	a, err := open(t, foreign())
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"half", "brain", "single", "double", "steps"}; !slices.Equal(a.Names(), want) {
		t.Errorf("names %v, want %v", a.Names(), want)
	}
	for _, name := range a.Names()[:4] {
		if got, err := a.Reals(name); err != nil || !slices.Equal(got, []float64{1, -2}) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if shape, ok := a.Shape("brain"); !ok || !slices.Equal(shape, []int{1, 2}) {
		t.Errorf("shape %v, %v", shape, ok)
	}
	if _, ok := a.Shape("none"); ok {
		t.Error("there is an array that is not there")
	}
	for name, says := range map[string]string{"steps": "has the type I64, expected real numbers", "none": `holds no array "none"`} {
		if _, err := a.Reals(name); !fault.IsInput(err) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Our own checkpoints are files like any other.
func TestArraysOfCheckpoints(t *testing.T) {
	_, content := write(t, &File{Tensors: []Tensor{{Name: "w", Shape: []int{2}, Data: []float32{3, 4}}}})
	a, err := open(t, content)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := a.Reals("w"); err != nil || !slices.Equal(got, []float64{3, 4}) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestDamagedFilesHaveNoArrays(t *testing.T) {
	whole := foreign()
	for n := range whole {
		if _, err := open(t, whole[:n]); err == nil {
			t.Errorf("the first %d bytes of %d are taken for a file", n, len(whole))
		}
	}
}

func FuzzArrays(f *testing.F) {
	f.Add(foreign())
	for _, test := range damagedFiles {
		f.Add(test.content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		a, err := open(t, content)
		if err != nil {
			return
		}
		for _, name := range a.Names() {
			values, err := a.Reals(name)
			if err == nil && len(values) > len(content) {
				t.Errorf("%d values in a file of %d bytes", len(values), len(content))
			}
		}
	})
}
