package recurrent_test

import (
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/models/alif"
	"github.com/snnctl/snnctl/pkg/models/lstm"
	"github.com/snnctl/snnctl/pkg/models/recurrent"
)

// A run in pieces, of whatever length, is the run in one go.
func TestContinuedRunIsTheWholeRun(t *testing.T) {
	cells := lstm.Cells[float64](4)
	neurons := alif.New[float64](alif.Params{LIF: 3, ALIF: 3, TauMembrane: 10, TauAdaptation: []float64{50}, Threshold: 0.5, Beta: 0.2, Refractory: 2, Dampening: 0.3})
	for name, p := range map[string]recurrent.Params[float64]{
		"lstm": {Cell: cells, Inputs: 2, Outputs: 2, Biased: true, ReadoutBiased: true, Gain: 1},
		"alif": {Cell: neurons, Inputs: 2, Outputs: 2, Decay: 0.7, Gain: 0.3},
	} {
		net := recurrent.NewNetwork(p, 1)
		if name == "lstm" {
			cells.Initialise(net.In, net.Rec, net.Bias, 1)
		} else {
			neurons.Initialise(net.In, net.Rec, 1)
		}
		const steps, trials = 23, 5
		r := rng.Stream(1, "run", 0, 0)
		for i := range net.Out {
			net.Out[i] = r.NormFloat64()
		}
		var whole, piece recurrent.Run[float64]
		whole.Resize(&p, steps, trials)
		for i := range whole.X {
			whole.X[i] = r.NormFloat64()
		}
		net.Forward(&whole)
		piece.Resize(&p, 6, trials)
		for first := 0; first < steps; first += 6 {
			if first > 0 {
				piece.Continue()
			}
			piece.Shorten(min(6, steps-first))
			copy(piece.X, whole.X[first*trials*p.Inputs:])
			net.Forward(&piece)
			for i := range piece.Steps * trials * p.Outputs {
				if got, want := piece.Y[i], whole.Y[first*trials*p.Outputs+i]; got-want > 1e-14 || want-got > 1e-14 {
					t.Fatalf("%s: y of piece %d differs: %g, want %g", name, first, got, want)
				}
			}
		}
	}
}
