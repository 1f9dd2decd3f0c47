package eprop

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// problem is a network, drawn at random, with a batch and what it should answer.
type problem struct {
	Params
	in, rec, out, feedback, bias []float64
	delayIn, delayRec            []uint8
	inputs                       []tensor.Input
	steps, trials                int
	wanted                       *tensor.Dense[float64] // [B][T][K]
	penalty                      Penalty
}

// draw draws a problem; numbers are exact in either precision. Every form,
// refractoriness, batches beyond one group and trials beyond a segment occur.
func draw(seed uint64, change func(*problem)) *problem {
	r := rng.Stream(seed, "problem", 0, 0)
	p := &problem{Params: Params{
		Inputs: 1 + r.IntN(6), LIF: 1 + r.IntN(8), ALIF: r.IntN(8), Outputs: 1 + r.IntN(3),
		Form: Form(seed % 3), TauMembrane: 5 + 20*r.Float64(), TauReadout: 3 + 20*r.Float64(),
		Threshold: single(0.3 + 0.3*r.Float64()), Beta: single(0.3 * r.Float64()), Refractory: r.IntN(5), DelaySlots: []int{0, 1, 2, 5, 70}[r.IntN(5)],
		Dampening: 0.3, UnitReadout: r.IntN(2) == 0,
	}}
	p.TauAdaptation = []float64{20 + 100*r.Float64()}
	if r.IntN(2) == 0 { // one for each neuron, below
		p.TauAdaptation = append(p.TauAdaptation, 0)
	}
	p.steps = []int{1, 20, 64, 65, 150}[r.IntN(5)]
	p.trials = []int{1, 3, 16, 18}[r.IntN(4)]
	p.penalty = Penalty{Strength: 2, Target: 0.02}
	if change != nil {
		change(p)
	}
	if len(p.TauAdaptation) > 1 {
		p.TauAdaptation = p.TauAdaptation[:1]
		for range p.Neurons() - 1 {
			p.TauAdaptation = append(p.TauAdaptation, 20+100*r.Float64())
		}
	}
	p.fill(r, r.IntN(3) == 0)
	return p
}

func single(x float64) float64 { return float64(float32(x)) }

func (p *problem) fill(r *rand.Rand, analogue bool) {
	n := p.Neurons()
	size := 1.0
	if p.Form != UnitGain {
		size = 1 / (1 - math.Exp(-1/p.TauMembrane))
	}
	normal := func(count, fan int, scale float64) []float64 {
		w := make([]float64, count)
		for i := range w {
			w[i] = single(scale * r.NormFloat64() / math.Sqrt(float64(fan)))
		}
		return w
	}
	p.in, p.rec = normal(p.Inputs*n, p.Inputs, 0.6*size), normal(n*n, n, 0.5*size)
	p.out, p.feedback, p.bias = normal(n*p.Outputs, n, 1), normal(n*p.Outputs, 1, 1), normal(p.Outputs, 1, 0.1)
	p.delayIn, p.delayRec = make([]uint8, p.Inputs*n), make([]uint8, n*n)
	for _, delays := range [][]uint8{p.delayIn, p.delayRec} {
		for i := range delays {
			delays[i] = uint8(r.IntN(p.slots()))
		}
	}
	for trials := p.trials; trials > 0; trials -= lanes {
		in := tensor.Input{Trials: min(trials, lanes)}
		if analogue {
			in.Currents = tensor.NewCurrents(p.steps, p.Inputs)
		} else {
			in.Spikes = tensor.NewSpikes(p.steps, p.Inputs)
		}
		for t := range p.steps {
			for i := range p.Inputs {
				for l := range in.Trials {
					if analogue {
						in.Currents.Line(t, i)[l] = float32(0.5 * r.NormFloat64())
					} else if r.IntN(4) == 0 {
						in.Spikes.Set(t, i, l)
					}
				}
			}
		}
		p.inputs = append(p.inputs, in)
	}
	p.wanted = &tensor.Dense[float64]{Shape: []int{p.trials, p.steps, p.Outputs}, Data: normal(p.trials*p.steps*p.Outputs, 1, 1)}
}

// x returns the input of a trial, [T][n_in].
func (p *problem) x(trial int) [][]float64 {
	x, in, l := zeros(p.steps, p.Inputs), &p.inputs[trial/lanes], trial%lanes
	for t := range x {
		for i := range x[t] {
			if in.Currents != nil {
				x[t][i] = float64(in.Currents.Line(t, i)[l])
			} else if in.Spikes.At(t, i, l) {
				x[t][i] = 1
			}
		}
	}
	return x
}

func convert[F tensor.Float](x []float64) []F {
	if x == nil {
		return nil
	}
	y := make([]F, len(x))
	for i := range x {
		y[i] = F(x[i])
	}
	return y
}

func weights[F tensor.Float](p *problem) Weights[F] {
	return Weights[F]{In: convert[F](p.in), Rec: convert[F](p.rec), Out: convert[F](p.out), Bias: convert[F](p.bias), Feedback: convert[F](p.feedback)}
}

func target[F tensor.Float](p *problem) *Regression[F] {
	return &Regression[F]{&tensor.Dense[F]{Shape: p.wanted.Shape, Data: convert[F](p.wanted.Data)}}
}

// delays are those of the synapses, none where nothing was drawn.
func (p *problem) delays() (in, rec []uint8) {
	if n := p.Neurons(); p.delayIn == nil {
		return make([]uint8, p.Inputs*n), make([]uint8, n*n)
	}
	return p.delayIn, p.delayRec
}

// network is that of p.
func network[F tensor.Float](p *problem, threads int) *Network[F] {
	net := NewNetwork[F](p.Params, threads)
	net.DelayIn, net.DelayRec = p.delays()
	return net
}

// solve computes the gradients of p.
func solve[F tensor.Float](p *problem, threads int, method Method) (*Gradients, Result) {
	var g Gradients
	r := network[F](p, threads).Gradient(&g, weights[F](p), p.inputs, target[F](p), p.penalty, method)
	return &g, r
}

// expect is the answer of the reference: gradients by e-prop or, if whole, by
// the exact factorisation with B = Wout.
func expect(p *problem, whole bool) *Gradients {
	n, K := p.Neurons(), p.Outputs
	r := newReference(p)
	rates := make([]float64, n)
	var histories []*history
	for trial := range p.trials {
		h := r.run(p.x(trial))
		histories = append(histories, h)
		for t := range h.z {
			for j, z := range h.z[t] {
				rates[j] += z / float64(p.trials*p.steps)
			}
		}
	}
	R := penaltySignal[float64](p.penalty, rates, p.trials*p.steps)
	var g Gradients
	NewNetwork[float64](p.Params, 1).grow(&g)
	for trial, h := range histories {
		delta := zeros(p.steps, K)
		for t := range delta {
			for k := range K {
				delta[t][k] = h.y[t][k] - p.wanted.Data[(trial*p.steps+t)*K+k]
				g.Bias[k] += delta[t][k]
				for j := range n {
					g.Out[j*K+k] += delta[t][k] * h.zbar[t][j]
				}
			}
		}
		var synapses [][]float64
		if whole {
			synapses = r.factorised(h, r.total(h, delta, R))
		} else {
			synapses = r.eprop(h, delta, R)
		}
		for i, row := range synapses {
			for j, x := range row {
				if i < p.Inputs {
					g.In[i*n+j] += x
				} else {
					g.Rec[(i-p.Inputs)*n+j] += x
				}
			}
		}
	}
	return &g
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

func same(t *testing.T, name string, got, want *Gradients, tolerance float64) {
	t.Helper()
	near(t, name+": dWin", got.In, want.In, tolerance)
	near(t, name+": dWrec", got.Rec, want.Rec, tolerance)
	near(t, name+": dWout", got.Out, want.Out, tolerance)
	near(t, name+": dbias", got.Bias, want.Bias, tolerance)
}
