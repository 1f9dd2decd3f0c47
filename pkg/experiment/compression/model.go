package compression

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/models/audiocodec"
)

// builtIn is the model of configs/audio-codec-default.yaml, as "snnctl convert audio-model" wrote it.
// It was trained on the synthetic piano alone.
//
//go:embed default.snm
var builtIn []byte

// Default is the model that comes with the program.
func Default() (*audiocodec.Codec, error) {
	return audiocodec.ReadFile(bytes.NewReader(builtIn), "the built-in model")
}

// Folder is the directory, in the data directory, whose .snm files are found by their hash.
const Folder = "audio-models"

// Load reads the model of a file.
func Load(path string) (*audiocodec.Codec, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.Inputf("reading a model: %w", err)
	}
	defer f.Close()
	return audiocodec.ReadFile(f, path)
}

// Find returns the model of a hash: the built-in one, or one in the data directory.
func Find(hash [32]byte, dataDir string) (*audiocodec.Codec, error) {
	if sha256.Sum256(builtIn) == hash {
		return Default()
	}
	files, _ := filepath.Glob(filepath.Join(dataDir, Folder, "*.snm"))
	for _, path := range files {
		if sum, err := hashOf(path); err == nil && sum == hash {
			return Load(path)
		}
	}
	own := sha256.Sum256(builtIn)
	return nil, fault.Inputf("the file was made with the model %s, which is neither the built-in one (%s) nor among the files of %s; give its file with --model",
		hex.EncodeToString(hash[:6]), hex.EncodeToString(own[:6]), filepath.Join(dataDir, Folder))
}

func hashOf(path string) (sum [32]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, io.LimitReader(f, audiocodec.MostFileBytes)); err != nil {
		return sum, err
	}
	copy(sum[:], h.Sum(nil))
	return sum, nil
}
