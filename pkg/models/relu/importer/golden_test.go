package importer

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// goldenCase is what a golden vector says of the network in its ONNX file.
type goldenCase struct {
	ONNX   string `json:"onnx"`
	Opset  int64  `json:"opset"`
	Shape  []int  `json:"input_shape"`
	Inputs array  `json:"inputs"`
	Logits array  `json:"logits"`
	B1     struct {
		Layers []struct {
			Name string `json:"name"`
		} `json:"layers"`
	} `json:"b1"`
}

type array struct {
	Shape []int     `json:"shape"`
	Data  []float64 `json:"data"`
}

// The networks of the golden ONNX files give the golden logits, and their layers
// have the names of the nodes.
func TestGoldenONNX(t *testing.T) {
	dir := golden.Directory(t, "ttfs")
	for _, file := range golden.Having(t, "ttfs", "onnx") {
		t.Run(file.Path, func(t *testing.T) {
			var want goldenCase
			if err := json.Unmarshal(file.Bytes, &want); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, want.ONNX)
			if _, err := os.Stat(path); err != nil {
				t.Fatal(err)
			}
			n, report, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if report.Opset != want.Opset {
				t.Errorf("opset %d, want %d", report.Opset, want.Opset)
			}
			names := map[string]bool{}
			for _, l := range n.Layers {
				names[l.Name] = true
			}
			for _, l := range want.B1.Layers {
				if !names[l.Name] {
					t.Errorf("no layer is called %q", l.Name)
				}
			}
			compare(t, n, want)
		})
	}
}

func compare(t *testing.T, n *relu.Network[float64], want goldenCase) {
	t.Helper()
	samples := want.Inputs.Shape[0]
	each, classes := len(want.Inputs.Data)/samples, len(want.Logits.Data)/samples
	if n.Input.Size() != each {
		t.Fatalf("the input is %v, want %v", n.Input, want.Shape)
	}
	for s := range samples {
		got := forward(n, want.Inputs.Data[s*each:(s+1)*each])
		for i, v := range want.Logits.Data[s*classes : (s+1)*classes] {
			if !(math.Abs(got[i]-v) <= 1e-9) {
				t.Errorf("sample %d, logit %d: %v, want %v", s, i, got[i], v)
			}
		}
	}
}
