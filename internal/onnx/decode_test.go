package onnx

import (
	"fmt"
	"testing"

	"github.com/snnctl/snnctl/internal/onnx/onnxtest"
)

// What is written is read, with lists packed or not.
func TestModelIsRead(t *testing.T) {
	for _, unpacked := range []bool{false, true} {
		m := small()
		m.Unpacked = unpacked
		got, err := Decode(m.Encode(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got.IRVersion != 8 || got.Producer != "test" || got.Opsets[""] != 13 || len(got.Graph.Nodes) != 1 || len(got.Graph.Initializers) != 1 {
			t.Fatalf("got %+v", got)
		}
		n := got.Graph.Nodes[0]
		if fmt.Sprint(n.Name, n.Op, n.Inputs, n.Outputs) != "aGemm[x w] [y]" {
			t.Errorf("got %+v", n)
		}
		a := n.Attributes
		if a[0].Float != 0.5 || a[1].Int != 1 || fmt.Sprint(a[2].Ints) != "[1 -1]" || a[3].String != "constant" {
			t.Errorf("got %+v %+v %+v %+v", a[0], a[1], a[2], a[3])
		}
		for i, want := range []AttributeType{AttributeFloat, AttributeInt, AttributeInts, AttributeString, AttributeTensor} {
			if a[i].Type != want {
				t.Errorf("attribute %s has type %d, want %d", a[i].Name, a[i].Type, want)
			}
		}
		if v, err := a[4].Tensor.Integers(); err != nil || fmt.Sprint(v) != "[3 4]" {
			t.Errorf("got %v, %v", v, err)
		}
		if v, err := got.Graph.Initializers[0].Reals(); err != nil || fmt.Sprint(v, got.Graph.Initializers[0].Dims) != "[1 2 3 4 5 6] [2 3]" {
			t.Errorf("got %v, %v", v, err)
		}
		in := got.Graph.Inputs[0]
		if in.Name != "x" || in.Type != Float32 || fmt.Sprint(in.Dims) != "[{0 batch} {3 }]" {
			t.Errorf("got %+v", in)
		}
	}
}

// Whole numbers of every type, raw and typed.
func TestWholeNumbers(t *testing.T) {
	for kind, values := range map[uint64][]float64{
		onnxtest.Int64: {1 << 40, -3}, onnxtest.Int32: {-70000, 5}, onnxtest.Bool: {1, 0}, onnxtest.Uint8: {255, 1},
	} {
		for _, typed := range []bool{false, true} {
			file := tensor(onnxtest.Tensor{Name: "w", Type: kind, Dims: []int64{2}, Values: values, Typed: typed})
			m, err := Decode(file, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.Graph.Initializers[0].Integers()
			if err != nil || float64(got[0]) != values[0] || float64(got[1]) != values[1] {
				t.Errorf("type %d, typed %v: %v, %v, want %v", kind, typed, got, err, values)
			}
			if _, err := m.Graph.Initializers[0].Reals(); err == nil {
				t.Errorf("type %d is taken for real numbers", kind)
			}
		}
	}
}
