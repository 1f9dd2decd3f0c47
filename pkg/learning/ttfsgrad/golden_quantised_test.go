package ttfsgrad

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/pkg/models/relu/importer"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
	"github.com/snnctl/snnctl/pkg/models/ttfs/defects"
)

// quantisedCase is what a golden vector says of a converted network with few time
// steps, and with few weight values.
type quantisedCase struct {
	ONNX        string
	Zeta        float64
	InputRange  [2]float64 `json:"input_range"`
	Calibration goldenArray
	Inputs      goldenArray
	Times       struct {
		Bits    int  `json:"time_bits"`
		Readout bool `json:"readout_quantised"`
		Logits  goldenArray
	} `json:"quantised"`
	Weights struct {
		Bits    int     `json:"weight_bits"`
		Low     float64 `json:"w_min"`
		High    float64 `json:"w_max"`
		Readout bool    `json:"readout_quantised"`
		Logits  goldenArray
	} `json:"quantised_weights"`
	Clean goldenArray `json:"logits"`
}

type goldenArray struct {
	Shape []int
	Data  []float64
}

// TestGoldenQuantised compares the logits of converted networks whose spike times are
// rounded, and whose weights are.
func TestGoldenQuantised(t *testing.T) {
	for _, f := range golden.Having(t, "ttfs", "onnx", "quantised", "quantised_weights") {
		t.Run(f.Path, func(t *testing.T) {
			var c quantisedCase
			if err := json.Unmarshal(f.Bytes, &c); err != nil {
				t.Fatal(err)
			}
			network, _, err := importer.Load(filepath.Join(golden.Directory(t, "ttfs"), c.ONNX))
			if err != nil {
				t.Fatal(err)
			}
			sample := func(f func([]float64, int) error) error { return f(c.Calibration.Data, c.Calibration.Shape[0]) }
			conversion, err := ttfs.Convert(network, ttfs.Options{Form: ttfs.B1, Low: c.InputRange[0], High: c.InputRange[1], Zeta: c.Zeta, Sample: sample, Threads: 1})
			if err != nil {
				t.Fatal(err)
			}
			n, err := New(conversion.Network, 1)
			if err != nil {
				t.Fatal(err)
			}
			for what, is := range map[string]struct {
				defects defects.Defects
				want    goldenArray
			}{
				"without defects": {defects.Defects{}, c.Clean},
				"time bits":       {defects.Defects{TimeBits: c.Times.Bits, Readout: c.Times.Readout}, c.Times.Logits},
				"weight bits":     {defects.Defects{WeightBits: c.Weights.Bits, WeightLow: c.Weights.Low, WeightHigh: c.Weights.High, Readout: c.Weights.Readout}, c.Weights.Logits},
			} {
				x := make([]float64, len(c.Inputs.Data))
				n.Spiking.Code(x, c.Inputs.Data)
				logits, _ := n.Forward(new(autodiff.Tape[float64]), x, c.Inputs.Shape[0], &Pass{Bound: true, Defects: is.defects})
				nearVector(t, what+": logits", logits.Value.Data, is.want.Data)
			}
		})
	}
}
