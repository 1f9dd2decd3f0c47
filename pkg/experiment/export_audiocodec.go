package experiment

import (
	"crypto/sha256"
	"encoding/hex"
	"io"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/models/audiocodec"
)

// ExportedCodec says what a model file holds.
type ExportedCodec struct {
	Parameters int    `json:"parameters"`
	Bytes      int64  `json:"bytes"`
	Tables     int    `json:"entropy_table_bytes"`
	Hash       string `json:"sha256"`
}

// ExportCodec writes the codec of a checkpoint as a model file: its weights, rounded to
// float16, and entropy tables learned from the codes that the rounded model gives its training data.
func ExportCodec(f *checkpoint.File, sets []string, s Settings, w io.Writer) (*ExportedCodec, error) {
	e, err := experimentOf(f, sets)
	if err != nil {
		return nil, err
	}
	if _, ok := e.Model.(config.AudioCodec); !ok || e.Precision != "float32" {
		return nil, fault.Inputf("%s holds a model of type %s in %s, expected audio-codec in float32", f.Name(), config.TypeName(e.Model), e.Precision)
	}
	built, err := restored(e, f, s)
	if err != nil {
		return nil, err
	}
	t := built.Trainee.(*audioCodec[float32])
	var exported *ExportedCodec
	err = t.WithAverages(func() error {
		exported, err = exportCodec(t, w)
		return err
	})
	return exported, err
}

func exportCodec(t *audioCodec[float32], w io.Writer) (*ExportedCodec, error) {
	if err := audiocodec.Round(t.Net); err != nil {
		return nil, err
	}
	prior, err := t.Prior()
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	counted := &counter{w: io.MultiWriter(w, sum)}
	if err := audiocodec.WriteFile(counted, t.Net, prior); err != nil {
		return nil, err
	}
	tables, err := prior.AppendBinary(nil)
	return &ExportedCodec{Parameters: t.Net.Count(), Bytes: counted.n, Tables: len(tables), Hash: hex.EncodeToString(sum.Sum(nil))}, err
}

// counter counts what goes through it.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
