package eprop3

import (
	"fmt"
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/models/alif"
	"github.com/snnctl/snnctl/pkg/models/lstm"
	"github.com/snnctl/snnctl/pkg/models/recurrent"
)

// problem is a network with a batch and a loss E = ½ Σ (y - y*)².
type problem struct {
	net           *recurrent.Network[float64]
	steps, trials int
	x, wanted     []float64
}

// kinds draw the networks that tests run over.
var kinds = map[string]func(seed uint64) *problem{
	"lstm": func(seed uint64) *problem {
		return draw(seed, recurrent.Params[float64]{Cell: lstm.Cells[float64](5), Inputs: 3, Outputs: 2, ReadoutBiased: true, Biased: true, Gain: 1})
	},
	"lsnn": func(seed uint64) *problem {
		neurons := alif.New[float64](alif.Params{LIF: 4, ALIF: 4, TauMembrane: 10, TauAdaptation: []float64{40}, Threshold: 0.6, Beta: 0.2, Refractory: int(seed % 4), Dampening: 0.3})
		return draw(seed, recurrent.Params[float64]{Cell: neurons, Inputs: 3, Outputs: 2, ReadoutBiased: true, Decay: 0.8, Gain: 0.2})
	},
}

func draw(seed uint64, params recurrent.Params[float64]) *problem {
	r := rng.Stream(seed, "problem", 0, 0)
	p := &problem{net: recurrent.NewNetwork(params, 1), steps: 1 + r.IntN(13), trials: 1 + r.IntN(20)}
	w := p.net.Weights
	n := params.Cell.Units()
	_, fixed := params.Cell.Autapse()
	for _, m := range [][]float64{w.In, w.Bias, w.Out, w.OutBias, w.Rec} {
		for i := range m {
			if fixed && &m[0] == &w.Rec[0] && i/n == i%n {
				continue
			}
			m[i] = 0.6 * r.NormFloat64()
		}
	}
	p.x, p.wanted = make([]float64, p.steps*p.trials*params.Inputs), make([]float64, p.steps*p.trials*params.Outputs)
	for _, a := range [][]float64{p.x, p.wanted} {
		for i := range a {
			a[i] = r.NormFloat64()
		}
	}
	return p
}

// run takes the network over the whole batch.
func (p *problem) run() *recurrent.Run[float64] {
	var r recurrent.Run[float64]
	r.Resize(&p.net.Params, p.steps, p.trials)
	copy(r.X, p.x)
	p.net.Forward(&r)
	return &r
}

// errors is ∂E/∂y.
func (p *problem) errors(r *recurrent.Run[float64]) []float64 {
	delta := make([]float64, len(p.wanted))
	for i, y := range r.Y {
		delta[i] = y - p.wanted[i]
	}
	return delta
}

func (p *problem) loss() (sum float64) {
	for _, d := range p.errors(p.run()) {
		sum += d * d / 2
	}
	return sum
}

// gradient is that of a rule; boundaries tells what to take for predictions.
func (p *problem) gradient(rule Rule[float64], predicted, wanted []float64) recurrent.Weights[float64] {
	g, r := p.net.NewWeights(), p.run()
	NewLearner(p.net, rule).Gradient(&g, r, p.errors(r), 1, predicted, wanted)
	return g
}

// boundaries returns memory for what windows hand on.
func (p *problem) boundaries(window int) []float64 {
	rule := Rule[float64]{Window: window}
	return make([]float64, rule.Windows(p.steps)*p.trials*BoundarySize(&p.net.Params))
}

func matrices(g recurrent.Weights[float64]) map[string][]float64 {
	return map[string][]float64{"dWin": g.In, "dWrec": g.Rec, "db": g.Bias, "dWout": g.Out, "db_out": g.OutBias}
}

// near wants got and want to differ by at most tolerance times the largest number of want, or 1.
func near(t *testing.T, name string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d numbers, want %d", name, len(got), len(want))
	}
	size := 1.0
	for _, w := range want {
		size = max(size, math.Abs(w))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= tolerance*size) {
			t.Fatalf("%s[%d] = %.15g, want %.15g", name, i, got[i], want[i])
		}
	}
}

func same(t *testing.T, name string, got, want recurrent.Weights[float64], tolerance float64) {
	t.Helper()
	w := matrices(want)
	for m, g := range matrices(got) {
		near(t, name+": "+m, g, w[m], tolerance)
	}
}

// each runs a test on problems of every kind.
func each(t *testing.T, seeds uint64, test func(t *testing.T, p *problem)) {
	for kind, draw := range kinds {
		for seed := range seeds {
			t.Run(fmt.Sprint(kind, "-", seed), func(t *testing.T) { test(t, draw(seed)) })
		}
	}
}
