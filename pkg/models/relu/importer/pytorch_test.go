package importer

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Files that PyTorch's exporter wrote (testdata/pytorch/export.py) give what
// PyTorch gives.
func TestPyTorch(t *testing.T) {
	paths, err := filepath.Glob("testdata/pytorch/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var want goldenCase
			if err := json.Unmarshal(content, &want); err != nil {
				t.Fatal(err)
			}
			n, report, err := Load(filepath.Join(filepath.Dir(path), want.ONNX))
			if err != nil {
				t.Fatal(err)
			}
			if report.Opset != want.Opset {
				t.Errorf("opset %d, want %d", report.Opset, want.Opset)
			}
			compare(t, n, want)
		})
	}
}
