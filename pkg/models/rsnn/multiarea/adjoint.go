package multiarea

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// blockTrials is the number of trials that go back in time side by side, so that
// what comes back through the synapses is one matrix product for all of them.
const blockTrials = 16

// blockGradient are the gradients summed over one block of trials.
type blockGradient[F tensor.Float] struct {
	weights Weights[F]
	g, gz   []F // ∂L/∂v⁻ [T + longest delay][trials of the block][N]; ∂L/∂z of a step
	back    []F // ∂L/∂v⁺ of a step
	direct  []F // ∂L/∂v⁻ of a step, as the loss itself has it
	jaw     []F // what the jaw sends back to motor neurons, [trials of the block][T]
}

// SpikeGradient writes ∂L/∂z of one step of a trial, [N], as the loss itself has it: what
// spikes change through later steps is Backward's. Threads call it at the same time.
type SpikeGradient[F tensor.Float] func(trial, step int, gz []F)

// Backward adds to grad the gradient of a loss with respect to the weights. spikes gives
// ∂L/∂z, potentials ∂L/∂v⁻ of losses that look at potentials (nil for none), and gjaw,
// [trials][T], is ∂L/∂jaw; nil for none. Back in time, with g = ∂L/∂v⁻,
//
//	∂L/∂v⁺(t) = α g(t+1)
//	∂L/∂z_m(t) = gz + Σ_g Σ_n s_m W_g,nm (1-α_n)/2 g_n(t+d_g) - (θ-v_rest) ∂L/∂v⁺(t)
//	g(t) = ∂L/∂v⁺(t) + dz/dv⁻ ∂L/∂z(t)
func (net *Network[F]) Backward(grad *Weights[F], r *Run[F], w *Weights[F], spikes, potentials SpikeGradient[F], gjaw []F) {
	n := net.Neurons
	blocks := (r.Trials + blockTrials - 1) / blockTrials
	net.groups = grown(net.groups, blocks)
	gradOffset := make([]F, r.Trials*n)
	parallel.For(net.Threads, blocks, func(_, b int) {
		group := &net.groups[b]
		if len(group.weights.Rest) == 0 {
			group.weights = NewWeights[F](&net.Params)
		}
		group.weights.clear()
		net.blockBackward(group, r, w, b*blockTrials, min(r.Trials, (b+1)*blockTrials), spikes, potentials, gjaw, gradOffset)
	})
	input, recurrent := make([]F, len(w.Input)), make([]F, len(w.Recurrent))
	for b := range blocks {
		from := &net.groups[b].weights
		kernel.AddRow(input, from.Input)
		kernel.AddRow(recurrent, from.Recurrent)
		kernel.AddRow(grad.Rest, from.Rest)
		kernel.AddRow(grad.Jaw, from.Jaw)
		kernel.AddRow(grad.JawBias, from.JawBias)
	}
	add := func(to *F, factor, g F) { *to += factor * g }
	net.eachWeight(net.signIn, grad.Input, input, add)
	net.eachWeight(net.sign, grad.Recurrent, recurrent, add)
	net.offsetsBackward(grad, r, w, gradOffset)
}

func (w *Weights[F]) clear() {
	for _, x := range [][]F{w.Input, w.Recurrent, w.Rest, w.Jaw, w.JawBias} {
		clear(x)
	}
}

// blockBackward goes back through trials [first, last).
func (net *Network[F]) blockBackward(b *blockGradient[F], r *Run[F], w *Weights[F], first, last int, spikes, potentials SpikeGradient[F], gjaw, gradOffset []F) {
	n, trials, longest, theta := net.Neurons, last-first, net.maxDelay(), F(net.Threshold)
	row := trials * n
	b.g, b.gz, b.back = grown(b.g, (r.Steps+longest)*row), grown(b.gz, row), grown(b.back, row)
	clear(b.g[r.Steps*row:])
	clear(b.back)
	if gjaw != nil {
		b.jaw = grown(b.jaw, trials*r.Steps)
		for k := first; k < last; k++ {
			net.jawBackward(&b.weights, r, w, k, part(gjaw, k, r.Trials), part(b.jaw, k-first, trials))
		}
	}
	amplitude := F(net.amplitude())
	for t := r.Steps - 1; t >= 0; t-- {
		for k := first; k < last; k++ {
			gz := part(b.gz, k-first, trials)
			spikes(k, t, gz)
			if gjaw != nil {
				back := b.jaw[(k-first)*r.Steps+t]
				for m, i := range net.Motor {
					gz[i] += back * w.Jaw[m]
				}
			}
		}
		for g, d := range net.Delays {
			kernel.Gemm(1, false, true, trials, n, n, 1, b.g[(t+d)*row:], n, net.recurrent[g*n*n:], n, 1, b.gz, n)
		}
		for k := first; k < last; k++ {
			at, o := (k*r.Steps+t)*n, (k-first)*n
			g, back, spike := b.g[t*row+o:][:n], b.back[o:][:n], b.gz[o:][:n]
			surrogate, normal, offset := r.surrogate[at:at+n], r.normal[at:at+n], gradOffset[k*n:(k+1)*n]
			if potentials != nil {
				b.direct = grown(b.direct, n)
				potentials(k, t, b.direct)
			}
			for i, rest := range w.Rest {
				x := back[i] + surrogate[i]*(spike[i]-(theta-rest)*back[i])
				if potentials != nil {
					x += b.direct[i]
				}
				g[i] = x
				b.weights.Rest[i] += (net.rise[i] - amplitude*normal[i]) * x
				offset[i] += net.rise[i] * x
			}
			for _, i := range r.Spikes[k].At(t) {
				b.weights.Rest[i] += back[i] // of the reset
			}
			for i, x := range g {
				back[i] = net.decay[i] * x
			}
		}
	}
	if longest > 0 {
		net.restGradient(b, r, first, last)
	}
	net.weightGradients(b, r, first, last)
}

// restGradient adds what the potential before the first step, v_rest where a trial
// starts from nothing, says of v_rest.
func (net *Network[F]) restGradient(b *blockGradient[F], r *Run[F], first, last int) {
	n := net.Neurons
	for k := first; k < last; k++ {
		if r.start[k].Steps() == 0 {
			kernel.AddRow(b.weights.Rest, b.back[(k-first)*n:(k-first+1)*n])
		}
	}
}

// weightGradients adds a row of ∂L/∂v⁻ for each spike and step that it reached.
func (net *Network[F]) weightGradients(b *blockGradient[F], r *Run[F], first, last int) {
	n, row := net.Neurons, (last-first)*net.Neurons
	at := func(t, k int) []F { return b.g[t*row+(k-first)*n:][:n] }
	add := func(grad []F, active []int32, t, k int) {
		g := at(t, k)
		for _, i := range active {
			kernel.AddRow(grad[int(i)*n:(int(i)+1)*n], g)
		}
	}
	for k := first; k < last; k++ {
		before := &r.start[k]
		for t := range r.Steps {
			add(b.weights.Input, r.inputs[k].At(t), t, k)
			for g, d := range net.Delays {
				grad := b.weights.Recurrent[g*n*n : (g+1)*n*n]
				switch from := t - d; {
				case from >= 0:
					add(grad, r.Spikes[k].At(from), t, k)
				case before.Steps()+from >= 0:
					add(grad, before.At(before.Steps()+from), t, k)
				}
			}
		}
	}
}
