package eprop3

import (
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/models/recurrent"
)

var windows = []int{1, 2, 3, 4, 7, 100}

// With the true gradient at each boundary, e-prop 3 is back-propagation through
// time, whatever the window (oracle 14). The truth comes from a chain of
// windows that tell each other, which is tested below on its own.
func TestTrueBoundariesGiveTheWholeGradient(t *testing.T) {
	each(t, 10, func(t *testing.T, p *problem) {
		want := p.gradient(Rule[float64]{}, nil, nil)
		for _, window := range windows {
			truth := p.boundaries(window)
			p.gradient(Rule[float64]{Window: window}, truth, truth)
			same(t, "with traces", p.gradient(Rule[float64]{Window: window, Traces: true}, truth, nil), want, 1e-12)
			wanted := p.boundaries(window)
			p.gradient(Rule[float64]{Window: window, Traces: true}, truth, wanted)
			near(t, "boundaries", wanted, truth, 1e-12)
		}
	})
}

// What a boundary holds is the derivative of the later loss with respect to the
// state, of LSTM cells by finite differences.
func TestBoundariesByFiniteDifferences(t *testing.T) {
	for seed := range uint64(5) {
		p := kinds["lstm"](seed)
		const window, h = 2, 1e-5
		truth := p.boundaries(window)
		p.gradient(Rule[float64]{Window: window}, truth, truth)
		if p.steps <= window {
			continue
		}
		whole := p.run()
		tail := func(change func(z, c []float64)) (sum float64) {
			var r recurrent.Run[float64]
			r.Resize(&p.net.Params, p.steps-window, p.trials)
			copy(r.X, p.x[window*p.trials*p.net.Inputs:])
			copy(r.State(-1), whole.State(window-1))
			copy(r.Output(-1), whole.Output(window-1))
			change(r.Output(-1), r.State(-1))
			p.net.Forward(&r)
			for i, y := range r.Y {
				d := y - p.wanted[window*p.trials*p.net.Outputs+i]
				sum += d * d / 2
			}
			return sum
		}
		n := p.net.Cell.Units()
		var want []float64
		for trial := range p.trials {
			for part := range 2 {
				for j := range n {
					slope := tail(func(z, c []float64) { [][]float64{z, c}[part][trial*n+j] += h }) -
						tail(func(z, c []float64) { [][]float64{z, c}[part][trial*n+j] -= h })
					want = append(want, slope/(2*h))
				}
			}
		}
		near(t, "boundary", truth[:len(want)], want, 1e-7)
	}
}

// A window as long as the sequence leaves nothing to predict.
func TestOneWindowIsBackPropagationThroughTime(t *testing.T) {
	each(t, 5, func(t *testing.T, p *problem) {
		want := p.gradient(Rule[float64]{}, nil, nil)
		for _, traces := range []bool{false, true} {
			same(t, "one window", p.gradient(Rule[float64]{Window: p.steps, Traces: traces}, nil, nil), want, 0)
		}
	})
}

// online is the gradient of p by the rule as it stands.
func (p *problem) online(rule Rule[float64], predicted, wanted []float64) recurrent.Weights[float64] {
	net := p.net
	o := NewOnline(net, rule, p.trials)
	in, out, boundary := p.trials*net.Inputs, p.trials*net.Outputs, p.trials*BoundarySize(&net.Params)
	for first := 0; first < p.steps; first += rule.Window {
		steps, m := min(rule.Window, p.steps-first), first/rule.Window
		copy(o.Run.X, p.x[first*in:(first+steps)*in])
		o.Forward(steps)
		delta := make([]float64, steps*out)
		for i := range delta {
			delta[i] = o.Run.Y[i] - p.wanted[first*out+i]
		}
		var after, before []float64
		if predicted != nil && first+steps < p.steps {
			after = predicted[m*boundary : (m+1)*boundary]
		}
		if wanted != nil && m > 0 {
			before = wanted[(m-1)*boundary : m*boundary]
		}
		o.Learn(delta, after, before)
	}
	g := net.NewWeights()
	o.Gradients(&g, 1)
	return g
}

// The eligibility traces, forward in time, and the local adjoint, backward, are
// the same sum, with any synthetic gradients or none.
func TestOnlineTracesEqualTheAdjoint(t *testing.T) {
	each(t, 10, func(t *testing.T, p *problem) {
		for _, window := range windows {
			predicted, wanted, got := p.boundaries(window), p.boundaries(window), p.boundaries(window)
			r := rng.Stream(1, "predicted", 0, 0)
			for i := range predicted {
				predicted[i] = 0.3 * r.NormFloat64()
			}
			rule := Rule[float64]{Window: window, Traces: true}
			same(t, "predicted", p.online(rule, predicted, got), p.gradient(rule, predicted, wanted), 1e-12)
			near(t, "wanted", got, wanted, 1e-12)
			same(t, "zero", p.online(rule, nil, nil), p.gradient(rule, nil, nil), 1e-12)
		}
	})
}

// Truncated back-propagation is the sum over windows of what each would learn on
// its own, from the state in which the one before ended.
func TestTruncatedBackPropagation(t *testing.T) {
	each(t, 5, func(t *testing.T, p *problem) {
		for _, window := range windows {
			net := p.net
			in, out := p.trials*net.Inputs, p.trials*net.Outputs
			sum, g := net.NewWeights(), net.NewWeights()
			var r recurrent.Run[float64]
			l := NewLearner(net, Rule[float64]{})
			r.Resize(&net.Params, min(window, p.steps), p.trials)
			for first := 0; first < p.steps; first += window {
				if first > 0 {
					r.Continue()
				}
				r.Shorten(min(window, p.steps-first))
				copy(r.X, p.x[first*in:(first+r.Steps)*in])
				net.Forward(&r)
				delta := make([]float64, r.Steps*out)
				for i := range delta {
					delta[i] = r.Y[i] - p.wanted[first*out+i]
				}
				l.Gradient(&g, &r, delta, 1, nil, nil)
				for name, m := range matrices(sum) {
					for i, x := range matrices(g)[name] {
						m[i] += x
					}
				}
			}
			got := p.gradient(Rule[float64]{Window: window}, nil, nil)
			if net.Decay != 0 { // the gradient of the readout itself needs no truncation
				sum.Out = got.Out
			}
			same(t, "truncated", got, sum, 1e-12)
		}
	})
}

// The exact factorisation (oracle 2): the traces of the whole sequence times the
// total derivatives give back-propagation through time.
func TestExactFactorisation(t *testing.T) {
	each(t, 10, func(t *testing.T, p *problem) {
		truth := p.boundaries(1)
		p.gradient(Rule[float64]{Window: 1}, truth, truth)
		same(t, "Σ dE/dz e", p.online(Rule[float64]{Window: 1, Traces: true}, truth, nil), p.gradient(Rule[float64]{}, nil, nil), 1e-12)
	})
}
