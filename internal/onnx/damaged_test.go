package onnx

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/onnx/onnxtest"
)

// small is a sound model with an array and a node.
func small() *onnxtest.Model {
	return &onnxtest.Model{
		Opset: 13, Producer: "test",
		Nodes: []onnxtest.Node{{Name: "a", Op: "Gemm", In: []string{"x", "w"}, Out: []string{"y"}, Attributes: []onnxtest.Attribute{
			onnxtest.Real("alpha", 0.5), onnxtest.Int("transB", 1), onnxtest.Ints("axes", 1, -1), onnxtest.Text("mode", "constant"),
			onnxtest.Array("value", onnxtest.Tensor{Type: onnxtest.Int64, Dims: []int64{2}, Values: []float64{3, 4}}),
		}}},
		Initializers: []onnxtest.Tensor{{Name: "w", Type: onnxtest.Float32, Dims: []int64{2, 3}, Values: []float64{1, 2, 3, 4, 5, 6}}},
		Inputs:       []onnxtest.Value{{Name: "x", Dims: []int64{-1, 3}}},
		Outputs:      []onnxtest.Value{{Name: "y", Dims: []int64{-1, 2}}},
	}
}

// save writes a file, and gives its path.
func save(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.onnx")
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNoFileAtAll(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "none.onnx")} {
		if _, err := Read(path); !fault.IsInput(err) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

// bytesField appends a field of bytes.
func bytesField(m []byte, number protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(m, number, protowire.BytesType), v)
}

func varintField(m []byte, number protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(m, number, protowire.VarintType), v)
}

// model is a file with that graph, and opset 13.
func model(graph []byte) []byte {
	m := bytesField(varintField(nil, 1, 8), 7, graph)
	return bytesField(m, 8, varintField(nil, 2, 13))
}

// tensor is a graph with one initializer.
func tensor(t onnxtest.Tensor) []byte {
	m := &onnxtest.Model{Opset: 13, Initializers: []onnxtest.Tensor{t}}
	return m.Encode()
}

func TestDamagedFiles(t *testing.T) {
	float := uint64(onnxtest.Float32)
	deep := []byte{}
	for range 5000 {
		deep = bytesField(nil, 6, deep) // a graph within an attribute within a node within …
	}
	for _, c := range []struct {
		name    string
		content []byte
		says    string
	}{
		{"empty", nil, "this is no ONNX file"},
		{"text", []byte("name: relu\nlayers: []\n"), "the bytes are no protobuf message"},
		{"png", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), "the bytes are no protobuf message"},
		{"zip", []byte("PK\x03\x04\x14\x00\x00\x00"), "the bytes are no protobuf message"},
		{"no graph", bytesField(varintField(nil, 1, 8), 8, varintField(nil, 2, 13)), "this is no ONNX file"},
		{"no version", bytesField(varintField(nil, 1, 8), 7, nil), "opset_import"},
		{"graph as a number", varintField(varintField(nil, 1, 8), 7, 1), "has its field 7 in wire type 0, expected 2"},
		{"version as bytes", bytesField(nil, 1, nil), "has its field 1 in wire type 2, expected 0"},
		{"node as a number", model(varintField(nil, 1, 1)), "it has a graph that has its field 1 in wire type 0"},
		{"broken node", model(bytesField(nil, 1, []byte{0x0a, 0x05, 'x'})), "a node 0 that is broken in its field 1, at byte 0 of 3: it is cut short"},
		{"node without operator", model(bytesField(nil, 1, nil)), "has a node 0 without an operator"},
		{"attribute without name", model(bytesField(nil, 1, bytesField(bytesField(nil, 4, []byte("Relu")), 5, nil))), "has an attribute 0 without a name"},
		{"initializer without name", tensor(onnxtest.Tensor{Type: float}), "has an initializer 0 without a name"},
		{"negative length", tensor(onnxtest.Tensor{Name: "w", Type: float, Dims: []int64{-1}}), `its initializer "w" has the shape [-1], with a negative length`},
		{"giant shape", tensor(onnxtest.Tensor{Name: "w", Type: float, Dims: []int64{1 << 32, 1 << 32}}), "more than any memory holds"},
		{"giant length", tensor(onnxtest.Tensor{Name: "w", Type: float, Dims: []int64{math.MaxInt64}}), "more than any memory holds"},
		{"large shape, no data", tensor(onnxtest.Tensor{Name: "w", Type: float, Dims: []int64{1 << 20, 1 << 20}}), "has 0 bytes of data, but its shape [1048576 1048576] of type float needs 4398046511104"},
		{"large shape, no typed data", tensor(onnxtest.Tensor{Name: "w", Type: float, Dims: []int64{1 << 40}, Typed: true}), "has 0 values of type float"},
		{"too few bytes", tensor(onnxtest.Tensor{Name: "w", Type: float, Dims: []int64{3}, Values: []float64{1, 2}}), "has 8 bytes of data, but its shape [3] of type float needs 12"},
		{"too many values", tensor(onnxtest.Tensor{Name: "w", Type: float, Dims: []int64{3}, Values: []float64{1, 2, 3, 4}, Typed: true}), "has 4 values of type float, but its shape [3] needs 3"},
		{"part of a number", model(bytesField(nil, 5, bytesField(nil, 4, []byte{1, 2, 3}))), "has 3 bytes in its field 4, which are no whole numbers of 4 bytes"},
		{"part of a double", model(bytesField(nil, 5, bytesField(nil, 10, []byte{1, 2, 3}))), "no whole numbers of 8 bytes"},
		{"endless packed number", model(bytesField(nil, 5, bytesField(nil, 1, []byte{0x80}))), "is broken in its field 1: it is cut short"},
		{"too long a number", model(bytesField(nil, 5, bytesField(nil, 1, []byte(strings.Repeat("\xff", 11))))), "is broken in its field 1: the bytes are no protobuf message"},
		{"deep", model(bytesField(nil, 1, bytesField(bytesField(nil, 4, []byte("If")), 5, bytesField(bytesField(nil, 1, []byte("then_branch")), 6, deep)))), ""},
		{"unclosed groups", []byte(strings.Repeat("\x0b", 100000)), "the bytes are no protobuf message"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := save(t, c.content)
			_, err := Read(path)
			if c.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if !fault.IsInput(err) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

// A file that ends anywhere is an error, or (between two fields) a smaller model.
func TestTruncatedFiles(t *testing.T) {
	whole := small().Encode()
	for n := range whole {
		m, err := Decode(whole[:n], nil)
		if err == nil && m.Opsets[""] != 13 {
			t.Errorf("the first %d bytes of %d are taken for a model", n, len(whole))
		}
	}
	if _, err := Decode(whole, nil); err != nil {
		t.Fatal(err)
	}
}

// A file that claims to be large takes no memory for it.
func TestMemoryIsBoundedByTheFile(t *testing.T) {
	claims := tensor(onnxtest.Tensor{Name: "w", Type: onnxtest.Float64, Dims: []int64{1 << 36}})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Decode(claims, nil); err == nil {
		t.Fatal("no error")
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<16 {
		t.Errorf("%d bytes were taken for a file of %d", took, len(claims))
	}
}

// Weights in other files are read from the model's folder, and from nowhere else.
func TestExternalFiles(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(dir, "secret.bin")
	folder := filepath.Join(dir, "model")
	inner := filepath.Join(folder, "weights")
	if err := os.MkdirAll(inner, 0o777); err != nil {
		t.Fatal(err)
	}
	want := onnxtest.Tensor{Type: onnxtest.Float32, Values: []float64{1, 2, 3, 4}}
	for _, path := range []string{outside, filepath.Join(folder, "w.bin"), filepath.Join(inner, "w.bin")} {
		if err := os.WriteFile(path, want.Raw(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(folder, "link.bin")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ location, offset, length, says string }{
		{"w.bin", "", "", ""},
		{"./w.bin", "0", "16", ""},
		{"weights/w.bin", "0", "16", ""},
		{"weights/../w.bin", "", "", ""},
		{"../secret.bin", "", "", "not in the model's folder"},
		{outside, "", "", "not in the model's folder"},
		{"weights/../../secret.bin", "", "", "not in the model's folder"},
		{"link.bin", "", "", "cannot be read from the model's folder"},
		{"none.bin", "", "", "no such file"},
		{"weights", "", "", "not a regular file"},
		{"w.bin", "4", "", "in 16 bytes from byte 4, but that file has only 16"},
		{"w.bin", "17", "", "from byte 17"},
		{"w.bin", "9223372036854775807", "16", "from byte 9223372036854775807"},
		{"w.bin", "-4", "", `external_data offset "-4"`},
		{"w.bin", "one", "", `external_data offset "one"`},
		{"w.bin", "", "12", "in 12 bytes, but its type and shape need 16"},
		{"w.bin", "", "99999999999999999999", "external_data length"},
	} {
		m := small()
		m.Initializers[0] = onnxtest.Tensor{Name: "w", Type: onnxtest.Float32, Dims: []int64{4}, Location: c.location, Offset: c.offset, Length: c.length}
		path := filepath.Join(folder, "a.onnx")
		if err := os.WriteFile(path, m.Encode(), 0o666); err != nil {
			t.Fatal(err)
		}
		got, err := Read(path)
		name := fmt.Sprintf("%+v", c)
		if c.says != "" {
			if !fault.IsInput(err) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: got %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		values, err := got.Graph.Initializers[0].Reals()
		if err != nil || fmt.Sprint(values) != "[1 2 3 4]" {
			t.Errorf("%s: %v, %v", name, values, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	m := small()
	f.Add(m.Encode())
	m.Unpacked = true
	m.Initializers[0].Typed = true
	f.Add(m.Encode())
	m.Initializers[0].Location = "w.bin"
	f.Add(m.Encode())
	f.Fuzz(func(t *testing.T, content []byte) {
		m, err := Decode(content, nil)
		if err != nil {
			return
		}
		for _, a := range m.Graph.Initializers {
			reals, _ := a.Reals()
			whole, _ := a.Integers()
			if n := len(reals) + len(whole); n != 0 && n != a.Elements() {
				t.Errorf("%d values in %q of %v", n, a.Name, a.Dims)
			}
		}
	})
}
