package checkpoint

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/snnctl/snnctl/internal/fault"
)

// everyKind holds one tensor of each element type, with extreme values.
func everyKind() *File {
	return &File{
		Metadata: map[string]string{"config": "name: a\nseed: 1\n", "step": "400", "<&>": "\"é\""},
		Tensors: []Tensor{
			{Name: "v", Shape: []int{2, 2}, Data: []float32{0, -0.5, math.MaxFloat32, float32(math.Inf(-1))}, Unit: "mV", Doc: "membrane potential"},
			{Name: "w", Shape: []int{3}, Data: []float64{math.SmallestNonzeroFloat64, math.Pi, math.Inf(1)}},
			{Name: "i64", Shape: []int{1}, Data: []int64{math.MinInt64}},
			{Name: "i32", Shape: []int{1}, Data: []int32{math.MinInt32}},
			{Name: "i16", Shape: []int{1}, Data: []int16{math.MinInt16}},
			{Name: "i8", Shape: []int{3}, Data: []int8{math.MinInt8, 0, 1}},
			{Name: "u64", Shape: []int{1}, Data: []uint64{math.MaxUint64}},
			{Name: "u32", Shape: []int{1}, Data: []uint32{math.MaxUint32}},
			{Name: "u16", Shape: []int{1}, Data: []uint16{math.MaxUint16}},
			{Name: "u8", Shape: []int{1}, Data: []uint8{math.MaxUint8}},
			{Name: "bool", Shape: []int{2}, Data: []bool{true, false}},
			{Name: "scalar", Data: []float64{7}},
			{Name: "empty", Shape: []int{4, 0}, Data: []float32{}},
		},
	}
}

func write(t *testing.T, f *File) (path string, content []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "a.safetensors")
	if err := Write(path, f); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, content
}

// sameFile compares what two files say, whatever the order of their tensors.
func sameFile(a, b *File) string {
	byName := cmpopts.SortSlices(func(a, b Tensor) bool { return a.Name < b.Name })
	return cmp.Diff(a, b, byName, cmpopts.IgnoreUnexported(File{}), cmpopts.EquateEmpty(), cmpopts.EquateNaNs())
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	f := everyKind()
	path, _ := write(t, f)
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := sameFile(f, got); diff != "" {
		t.Error(diff)
	}
}

func TestRandomFilesRoundTrip(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		f := &File{Metadata: rapid.MapOf(rapid.StringMatching(`[a-z" {}:]{9,12}`), rapid.String()).Draw(t, "metadata")}
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`.{1,20}`), 0, 5, rapid.ID).Draw(t, "names")
		for _, name := range names {
			data := rapid.SliceOf(rapid.Float32()).Draw(t, "data")
			f.Tensors = append(f.Tensors, Tensor{Name: name, Shape: []int{len(data)}, Data: data, Doc: rapid.String().Draw(t, "doc")})
		}
		path := filepath.Join(dir, "a")
		if err := Write(path, f); err != nil {
			if strings.Contains(err.Error(), "not UTF-8") {
				t.Skip()
			}
			t.Fatal(err)
		}
		got, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := sameFile(f, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestLongTensorsRoundTrip(t *testing.T) {
	data := make([]float64, 3*chunk+1)
	for i := range data {
		data[i] = float64(i)
	}
	path, _ := write(t, &File{Tensors: []Tensor{{Name: "a", Shape: []int{len(data)}, Data: data}}})
	f, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Get[float64](f, "a", len(data)); err != nil || !slices.Equal(got, data) {
		t.Errorf("the data changed on the way: %v", err)
	}
}

func TestBytesDependOnTheContentAlone(t *testing.T) {
	a, b := everyKind(), everyKind()
	slices.Reverse(b.Tensors)
	_, bytesA := write(t, a)
	_, bytesB := write(t, b)
	if !bytes.Equal(bytesA, bytesB) {
		t.Error("the order in which tensors are given changes the file")
	}
}

// TestLayout checks what other readers of safetensors rely on.
func TestLayout(t *testing.T) {
	_, content := write(t, everyKind())
	length := binary.LittleEndian.Uint64(content)
	if length%8 != 0 {
		t.Errorf("the header has %d bytes, expected a multiple of 8", length)
	}
	var header map[string]json.RawMessage
	if err := json.Unmarshal(content[8:8+length], &header); err != nil {
		t.Fatal(err)
	}
	var metadata map[string]string
	if err := json.Unmarshal(header[metadataKey], &metadata); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"format": "snnctl-checkpoint", "format_version": "1", "step": "400"} {
		if metadata[key] != want {
			t.Errorf("metadata %s is %q, expected %q", key, metadata[key], want)
		}
	}
	if !strings.Contains(metadata["tensors"], `"v":{"unit":"mV","doc":"membrane potential"}`) {
		t.Errorf("the meaning of v is missing in %s", metadata["tensors"])
	}
	for _, tensor := range everyKind().Tensors {
		var e entry
		if err := json.Unmarshal(header[tensor.Name], &e); err != nil {
			t.Fatal(err)
		}
		if k, _ := kindOfData(tensor.Data); e.Offsets[0]%k.size != 0 {
			t.Errorf("tensor %s of %d bytes an element begins at byte %d", tensor.Name, k.size, e.Offsets[0])
		}
		if tensor.Name == "v" {
			want := []byte{0, 0, 0, 0, 0, 0, 0, 0xbf, 0xff, 0xff, 0x7f, 0x7f, 0, 0, 0x80, 0xff}
			if got := content[8+int(length)+e.Offsets[0] : 8+int(length)+e.Offsets[1]]; !bytes.Equal(got, want) {
				t.Errorf("the bytes of v are %x, expected %x", got, want)
			}
		}
	}
}

func TestGetSaysWhatWasFoundAndExpected(t *testing.T) {
	path, _ := write(t, everyKind())
	f, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := Get[float32](f, "v", 2, 2); err != nil || v[1] != -0.5 {
		t.Errorf("Get(v) = %v, %v", v, err)
	}
	if w, err := Get[float64](f, "w"); err != nil || len(w) != 3 {
		t.Errorf("Get(w) of any shape = %v, %v", w, err)
	}
	_, missing := Get[float32](f, "u", 4)
	_, kind := Get[float64](f, "v", 2, 2)
	_, shape := Get[float32](f, "v", 4)
	for _, test := range []struct {
		err  error
		want []string
	}{
		{missing, []string{path, `no tensor "u"`, "F32", "[4]"}},
		{kind, []string{path, `"v"`, "type F32", "expected F64"}},
		{shape, []string{path, `"v"`, "[2 2]", "expected [4]"}},
	} {
		if !fault.IsInput(test.err) {
			t.Errorf("not a fault of the input: %v", test.err)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(test.err.Error(), want) {
				t.Errorf("%q does not say %q", test.err, want)
			}
		}
	}
}

func TestFilesThatCannotBeWritten(t *testing.T) {
	one := func(name string, shape []int, data any) *File {
		return &File{Tensors: []Tensor{{Name: name, Shape: shape, Data: data}}}
	}
	for what, f := range map[string]*File{
		"reserved key":   {Metadata: map[string]string{"format": "x"}},
		"no name":        one("", nil, []bool{true}),
		"metadata name":  one(metadataKey, nil, []bool{true}),
		"twice":          {Tensors: []Tensor{{Name: "a", Data: []bool{true}}, {Name: "a", Data: []bool{true}}}},
		"unknown type":   one("a", []int{1}, []string{"x"}),
		"wrong length":   one("a", []int{2}, []float32{1}),
		"negative shape": one("a", []int{-1, -1}, []float32{1}),
		"not UTF-8":      one("a\xff", nil, []bool{true}),
	} {
		path := filepath.Join(t.TempDir(), "a")
		if err := Write(path, f); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, expected an error with the path", what, err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: a file was written", what)
		}
	}
}
