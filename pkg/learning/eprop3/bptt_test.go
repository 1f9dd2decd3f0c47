package eprop3

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/learning/eprop"
	"github.com/snnctl/snnctl/pkg/models/alif"
	"github.com/snnctl/snnctl/pkg/models/recurrent"
)

// One window is back-propagation through time: of LSTM cells, whose loss is
// smooth, by finite differences.
func TestLSTMGradientsByFiniteDifferences(t *testing.T) {
	for seed := range uint64(5) {
		p := kinds["lstm"](seed)
		g := matrices(p.gradient(Rule[float64]{}, nil, nil))
		const h = 1e-5
		for name, w := range matrices(p.net.Weights) {
			for i := range w {
				at := w[i]
				w[i] = at + h
				above := p.loss()
				w[i] = at - h
				below := p.loss()
				w[i] = at
				if slope := (above - below) / (2 * h); math.Abs(slope-g[name][i]) > 1e-6*max(1, math.Abs(slope)) {
					t.Fatalf("seed %d: %s[%d] = %.10g, finite differences give %.10g", seed, name, i, g[name][i], slope)
				}
			}
		}
	}
}

// transposed returns a matrix of rows×columns by its columns.
func transposed(x []float64, rows, columns int) []float64 {
	y := make([]float64, len(x))
	for i := range rows {
		for j := range columns {
			y[j*rows+i] = x[i*columns+j]
		}
	}
	return y
}

// The tape's LSTM, tested against PyTorch there, has the same outputs and the
// same gradients.
func TestLSTMEqualsTheTape(t *testing.T) {
	for seed := range uint64(20) {
		p := kinds["lstm"](seed)
		net := p.net
		n, width := net.Cell.Units(), net.Width()
		variable := func(data []float64, shape ...int) *autodiff.Var[float64] {
			return autodiff.NewVar(&tensor.Dense[float64]{Shape: shape, Data: data})
		}
		x := variable(p.x, p.steps, p.trials, net.Inputs)
		w := autodiff.RecurrentWeights[float64]{
			Input:     variable(transposed(net.In, net.Inputs, width), width, net.Inputs),
			Hidden:    variable(transposed(net.Rec, n, width), width, n),
			InputBias: variable(net.Bias, width),
		}
		out, outBias := variable(net.Out, n, net.Outputs), variable(net.OutBias, net.Outputs)
		var tape autodiff.Tape[float64]
		h, _, _ := autodiff.LSTM(&tape, 1, x, w, nil, nil, 0)
		y := autodiff.Linear(&tape, autodiff.Reshape(h, p.steps*p.trials, n), out, outBias)
		want := variable(p.wanted, p.steps*p.trials, net.Outputs)
		loss := autodiff.MeanSquaredError(&tape, y, want.Value)
		tape.Backward(loss)

		near(t, "y", p.run().Y, y.Value.Data, 1e-13)
		g := p.gradient(Rule[float64]{}, nil, nil)
		scale := float64(len(p.wanted)) / 2 // E is a sum of halves, not a mean
		for _, m := range []struct {
			name      string
			got, want []float64
		}{
			{"dWin", transposed(g.In, net.Inputs, width), w.Input.Grad.Data},
			{"dWrec", transposed(g.Rec, n, width), w.Hidden.Grad.Data},
			{"db", g.Bias, w.InputBias.Grad.Data},
			{"dWout", g.Out, out.Grad.Data}, {"db_out", g.OutBias, outBias.Grad.Data},
		} {
			for i := range m.want {
				m.want[i] *= scale
			}
			near(t, m.name, m.got, m.want, 1e-12)
		}
	}
}

// Spiking neurons are those of package eprop, form UnitGain: in what they do, by
// back-propagation through time, and by e-prop 1.
func TestSpikingNeuronsEqualPackageEprop(t *testing.T) {
	params := eprop.Params{Inputs: 3, LIF: 4, ALIF: 4, Outputs: 2, Form: eprop.UnitGain, TauMembrane: 10, TauAdaptation: []float64{40},
		TauReadout: 5, Threshold: 0.6, Beta: 0.2, Dampening: 0.3}
	for seed := range uint64(20) {
		params.Refractory = int(seed % 4)
		kappa := math.Exp(-1 / params.TauReadout)
		p := draw(seed, recurrent.Params[float64]{Cell: alif.New[float64](alif.Params{LIF: 4, ALIF: 4, TauMembrane: 10, TauAdaptation: []float64{40},
			Threshold: 0.6, Beta: 0.2, Refractory: params.Refractory, Dampening: 0.3}),
			Inputs: 3, Outputs: 2, ReadoutBiased: true, Decay: kappa, Gain: 1 - kappa})
		for i := range p.x { // package eprop holds analogue input in single precision
			p.x[i] = float64(float32(p.x[i]))
		}
		var inputs []tensor.Input
		for first := 0; first < p.trials; first += tensor.Lanes {
			in := tensor.Input{Trials: min(tensor.Lanes, p.trials-first), Currents: tensor.NewCurrents(p.steps, 3)}
			for step := range p.steps {
				for i := range 3 {
					for l := range in.Trials {
						in.Currents.Line(step, i)[l] = float32(p.x[(step*p.trials+first+l)*3+i])
					}
				}
			}
			inputs = append(inputs, in)
		}
		wanted := tensor.New[float64](p.trials, p.steps, 2)
		for step := range p.steps {
			for b := range p.trials {
				copy(wanted.Data[(b*p.steps+step)*2:][:2], p.wanted[(step*p.trials+b)*2:])
			}
		}
		w := eprop.Weights[float64]{In: p.net.In, Rec: p.net.Rec, Out: p.net.Out, Bias: p.net.OutBias}
		for name, c := range map[string]struct {
			method eprop.Method
			rule   Rule[float64]
		}{
			"BPTT":     {eprop.BPTT, Rule[float64]{}},
			"e-prop 1": {eprop.LocalAdjoint, Rule[float64]{Window: 1, Traces: true}},
		} {
			var want eprop.Gradients
			eprop.NewNetwork[float64](params, 1).Gradient(&want, w, inputs, &eprop.Regression[float64]{Values: wanted}, eprop.Penalty{}, c.method)
			got := p.gradient(c.rule, nil, nil)
			near(t, name+": dWin", got.In, want.In, 1e-12)
			near(t, name+": dWrec", got.Rec, want.Rec, 1e-12)
			near(t, name+": dWout", got.Out, want.Out, 1e-12)
			near(t, name+": db_out", got.OutBias, want.Bias, 1e-12)
		}
	}
}

// The spiking networks of these tests spike, and are silent in between.
func TestProblemsSpike(t *testing.T) {
	spikes, total := 0.0, 0.0
	for seed := range uint64(20) {
		r := kinds["lsnn"](seed).run()
		for step := range r.Steps {
			for _, z := range r.Output(step) {
				spikes += z
				total++
			}
		}
	}
	if share := spikes / total; share < 0.05 || share > 0.6 {
		t.Errorf("%g of the neurons' steps have a spike", share)
	}
}
