package onnx

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
)

func TestNoFileAtAll(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "none.onnx")} {
		if _, err := Read(path); !fault.IsInput(err) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

func TestOtherFilesAreNoModels(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "text": "name: relu\nlayers: []\n", "png": "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "zip": "PK\x03\x04\x14\x00\x00\x00",
	} {
		path := filepath.Join(t.TempDir(), "a.onnx")
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); !fault.IsInput(err) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
