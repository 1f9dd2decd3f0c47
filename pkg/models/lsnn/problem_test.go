package lsnn

import (
	"math/rand/v2"

	"pgregory.net/rapid"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// problem is a batch on a network, drawn at random: what both the network and
// the reference compute on. Its numbers are exact in either precision.
type problem struct {
	Params
	beta              []float64 // by neuron
	seed              uint64
	step              uint64
	delayIn, delayRec []uint8
	in, rec           []float64
	trials, steps     int
	inputs            []tensor.Input
	states            []*State[float64] // nil for the zero state
	windows           []Window
	gFeatures         []float64 // [windows][n], ∂E/∂features
	gRates            []float64 // [n], ∂E/∂rates
}

// drawProblem draws a problem. Sizes shrink; numbers follow from the seed.
func drawProblem(t *rapid.T) *problem {
	p := &problem{Params: Params{
		Inputs: rapid.IntRange(1, 6).Draw(t, "inputs"),
		LIF:    rapid.IntRange(0, 6).Draw(t, "LIF"), ALIF: rapid.IntRange(0, 5).Draw(t, "ALIF"),
		Refractory:   rapid.SampledFrom([]int{0, 1, 2, 5, 70}).Draw(t, "refractory"),
		DelaySlots:   rapid.SampledFrom([]int{1, 2, 3, 10, 70, 150}).Draw(t, "delay slots"),
		ResetAtSpike: rapid.Bool().Draw(t, "reset at spike"), DetachReset: rapid.Bool().Draw(t, "detached"),
	}}
	if p.Neurons() == 0 {
		p.LIF = 1
	}
	p.steps = rapid.SampledFrom([]int{1, 2, 7, 63, 64, 65, 100, 128, 129, 200}).Draw(t, "steps")
	p.trials = rapid.SampledFrom([]int{1, 2, 15, 16, 17, 33}).Draw(t, "trials")
	analogue := rapid.Bool().Draw(t, "analogue")
	noisy := rapid.Bool().Draw(t, "noisy")
	carried := rapid.Bool().Draw(t, "carried")
	sparse := rapid.Bool().Draw(t, "sparse")
	windows := rapid.SampledFrom([]int{0, 1, 5, 100}).Draw(t, "windows")
	p.seed = rapid.Uint64().Draw(t, "seed")
	r := rng.Stream(p.seed, "problem", 0, 0)
	if noisy {
		p.Noise = 0.5
	}
	p.fill(r, analogue, sparse)
	if carried {
		p.drawStates(r, analogue)
	}
	p.drawWindows(r, windows)
	return p
}

// single rounds to what float32 holds too.
func single(x float64) float64 { return float64(float32(x)) }

func (p *problem) fill(r *rand.Rand, analogue, sparse bool) {
	n := p.Neurons()
	p.step = r.Uint64() >> 20
	p.TauMembrane, p.TauReadout = 2+20*r.Float64(), 1+20*r.Float64()
	p.Threshold, p.Dampening = single(0.05+0.1*r.Float64()), 0.3
	p.TauAdaptation = []float64{5 + 100*r.Float64()}
	if r.IntN(2) == 0 {
		p.TauAdaptation = nil
		for range n {
			p.TauAdaptation = append(p.TauAdaptation, 5+100*r.Float64())
		}
	}
	p.beta = make([]float64, n)
	for j := p.LIF; j < n; j++ {
		p.beta[j] = single(2 * r.Float64())
	}
	matrix := func(pre int) (w []float64, delays []uint8) {
		for range pre * n {
			x := single(1.5 * r.NormFloat64())
			if sparse && r.IntN(5) != 0 {
				x = 0
			}
			w, delays = append(w, x), append(delays, uint8(r.IntN(p.DelaySlots)))
		}
		return w, delays
	}
	p.in, p.delayIn = matrix(p.Inputs)
	p.rec, p.delayRec = matrix(n) // with a diagonal, which must not matter
	for trials := p.trials; trials > 0; trials -= tensor.Lanes {
		in := tensor.Input{Trials: min(trials, tensor.Lanes)}
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
}

// drawStates draws any state for every lane, also those without a trial.
func (p *problem) drawStates(r *rand.Rand, analogue bool) {
	net := NewNetwork[float64](p.Params, p.seed, 1)
	for range p.inputs {
		s := net.ZeroState(!analogue)
		for i := range s.V {
			s.V[i], s.B[i], s.Filtered[i] = single(0.2*r.NormFloat64()), single(r.Float64()), single(r.Float64())
		}
		for i := range s.Spikes.Words {
			s.Spikes.Words[i] = uint16(r.Uint32() & r.Uint32() & r.Uint32())
		}
		if analogue {
			for i := range s.Currents.Values {
				s.Currents.Values[i] = float32(0.5 * r.NormFloat64())
			}
		} else {
			for i := range s.Input.Words {
				s.Input.Words[i] = uint16(r.Uint32() & r.Uint32())
			}
		}
		p.states = append(p.states, s)
	}
}

// drawWindows draws windows in no order: overlapping, of one step, the same
// one twice; and ∂E/∂ of what comes out.
func (p *problem) drawWindows(r *rand.Rand, count int) {
	for range count {
		w := Window{Trial: r.IntN(p.trials), Start: r.IntN(p.steps)}
		w.End = w.Start + 1
		if r.IntN(3) != 0 {
			w.End += r.IntN(p.steps - w.Start)
		}
		p.windows = append(p.windows, w)
		if r.IntN(4) == 0 {
			p.windows = append(p.windows, w)
		}
	}
	for range len(p.windows) * p.Neurons() {
		p.gFeatures = append(p.gFeatures, single(r.NormFloat64()))
	}
	for range p.Neurons() {
		p.gRates = append(p.gRates, single(r.NormFloat64()))
	}
}

func convert[F tensor.Float](x []float64) []F {
	y := make([]F, len(x))
	for i := range x {
		y[i] = F(x[i])
	}
	return y
}

// network builds the network of p.
func network[F tensor.Float](p *problem, threads int) (*Network[F], Weights[F], []*State[F]) {
	net := NewNetwork[F](p.Params, p.seed, threads)
	for j, beta := range p.beta {
		net.neurons.Constants[j].Beta = F(beta)
	}
	net.DelayIn, net.DelayRec = p.delayIn, p.delayRec
	var states []*State[F]
	for _, s := range p.states {
		states = append(states, &State[F]{V: convert[F](s.V), B: convert[F](s.B), Filtered: convert[F](s.Filtered), Spikes: s.Spikes, Input: s.Input, Currents: s.Currents})
	}
	return net, Weights[F]{In: convert[F](p.in), Rec: convert[F](p.rec)}, states
}

// answer is what comes out of a forward and backward pass.
type answer[F tensor.Float] struct {
	features, rates, in, rec []F
	spikes                   int64
}

// solve runs the network on p, in memory that may be that of another problem.
func solve[F tensor.Float](p *problem, net *Network[F], tr *Trace[F], grads *Gradients[F], w Weights[F], states []*State[F]) answer[F] {
	net.Forward(tr, w, p.inputs, p.windows, states, p.step)
	gFeatures := &tensor.Dense[F]{Shape: []int{len(p.windows), p.Neurons()}, Data: convert[F](p.gFeatures)}
	net.Backward(grads, tr, gFeatures, convert[F](p.gRates))
	own := func(x []F) []F { return append([]F(nil), x...) }
	return answer[F]{own(tr.Features.Data), own(tr.Rates), own(grads.In), own(grads.Rec), tr.Spikes}
}

// reference is p's network as the reference.
func (p *problem) reference() *reference {
	n := p.Neurons()
	net := NewNetwork[float64](p.Params, 0, 1)
	ref := &reference{
		alpha: net.neurons.Alpha, kappa: net.kappa, threshold: p.Threshold, gamma: p.Dampening, beta: p.beta,
		refractory: p.Refractory, resetAtSpike: p.ResetAtSpike, detached: p.DetachReset,
	}
	for _, c := range net.neurons.Constants {
		ref.rho = append(ref.rho, c.Rho)
	}
	rows := func(w []float64, delays []uint8) (m [][]float64, d [][]int) {
		for ; len(w) > 0; w, delays = w[n:], delays[n:] {
			m = append(m, w[:n])
			var row []int
			for _, x := range delays[:n] {
				row = append(row, int(x))
			}
			d = append(d, row)
		}
		return m, d
	}
	ref.in, ref.delayIn = rows(p.in, p.delayIn)
	ref.rec, ref.delayRec = rows(p.rec, p.delayRec)
	return ref
}

// trial is trial number i of p for the reference.
func (p *problem) trial(i int) *trial {
	n, lane := p.Neurons(), i%tensor.Lanes
	input := &p.inputs[i/tensor.Lanes]
	bit := func(s *tensor.Spikes, t, i int) float64 {
		if s.At(t, i, lane) {
			return 1
		}
		return 0
	}
	s := &trial{steps: p.steps, v: make([]float64, n), b: make([]float64, n), zbar: make([]float64, n)}
	if p.states != nil {
		state := p.states[i/tensor.Lanes]
		s.past = state.Spikes.T
		s.z, s.x = zeros(s.past, n), zeros(s.past, p.Inputs)
		for j := range n {
			at := j*tensor.Lanes + lane
			s.v[j], s.b[j], s.zbar[j] = state.V[at], state.B[at], state.Filtered[at]
		}
		for t := range s.past {
			for j := range n {
				s.z[t][j] = bit(state.Spikes, t, j)
			}
			for k := range p.Inputs {
				switch {
				case state.Input != nil:
					s.x[t][k] = bit(state.Input, t, k)
				case state.Currents != nil:
					s.x[t][k] = float64(state.Currents.Line(t, k)[lane])
				}
			}
		}
	}
	for t := range p.steps {
		row := make([]float64, p.Inputs)
		for k := range row {
			if input.Spikes != nil {
				row[k] = bit(input.Spikes, t, k)
			} else {
				row[k] = float64(input.Currents.Line(t, k)[lane])
			}
		}
		s.x = append(s.x, row)
	}
	if p.Noise > 0 {
		for t := range p.steps { // a stream for each step and group; n·Lanes numbers
			r := rng.Stream(p.seed, "injected-noise", p.step, uint64(i/tensor.Lanes)<<20|uint64(t))
			row := make([]float64, n)
			for at := range n * tensor.Lanes {
				if x := p.Noise * r.NormFloat64(); at%tensor.Lanes == lane {
					row[at/tensor.Lanes] = x
				}
			}
			s.noise = append(s.noise, row)
		}
	}
	return s
}

// solveReference answers p with the reference; histories are by trial.
func (p *problem) solveReference() (want answer[float64], histories []*history) {
	ref, n := p.reference(), p.Neurons()
	want = answer[float64]{
		features: make([]float64, len(p.windows)*n), rates: make([]float64, n),
		in: make([]float64, p.Inputs*n), rec: make([]float64, n*n),
	}
	every := make([]float64, n)
	for j := range n {
		every[j] = p.gRates[j] / float64(p.trials*p.steps)
	}
	for i := range p.trials {
		h := ref.run(p.trial(i))
		histories = append(histories, h)
		for t := range p.steps {
			for j, z := range h.z[h.past+t] {
				want.rates[j] += z / float64(p.trials*p.steps)
				want.spikes += int64(z)
			}
		}
		gzbar := zeros(p.steps, n)
		for row, w := range p.windows {
			if w.Trial != i {
				continue
			}
			for t := w.Start; t < w.End; t++ {
				for j := range n {
					want.features[row*n+j] += h.zbar[t][j] / float64(w.End-w.Start)
					gzbar[t][j] += p.gFeatures[row*n+j] / float64(w.End-w.Start)
				}
			}
		}
		in, rec := ref.backward(h, gzbar, every)
		for k, x := range flatten(in) {
			want.in[k] += x
		}
		for k, x := range flatten(rec) {
			want.rec[k] += x
		}
	}
	return want, histories
}
