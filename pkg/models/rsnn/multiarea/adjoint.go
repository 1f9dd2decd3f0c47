package multiarea

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// blockTrials is about the number of trials that go back in time side by side, so that
// what comes back through the synapses is one matrix product for all of them.
const blockTrials = 32

// blocksOf is the number of blocks of trials: an even one, for two processors.
func blocksOf(trials int) int { return min(trials, 2*((trials+2*blockTrials-1)/(2*blockTrials))) }

// blockGradient are the gradients summed over one block of trials, and its memory.
type blockGradient[F tensor.Float] struct {
	input, recurrent []F        // of effective weights, [I][row], [groups][N][row]
	weights          Weights[F] // of the others
	g                []F        // ∂L/∂v⁻, [T + longest delay][trials of the block][row]
	gz               []F        // ∂L/∂z, [shortest delay][trials of the block][row]
	back             []F        // ∂L/∂v⁺ of a step, [trials of the block][row]
	sum, noise       []F        // Σ_t g and Σ_t ε g, [trials of the block][row]
	direct           []F        // ∂L/∂v⁻ of a step, as the loss itself has it
	gq               []F        // ∂L/∂q, by trial of the block
	feedback         []F        // of effective weights, [taps][row]
	events           kernel.Events
	panels           kernel.EventScratch[F]
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
	n, blocks := net.Neurons, blocksOf(r.Trials)
	net.groups = grown(net.groups, blocks)
	net.gradOffset = grown(net.gradOffset, r.Trials*n) // all of it is written
	gradOffset := net.gradOffset
	parallel.For(net.Threads, blocks, func(_, b int) {
		net.blockBackward(&net.groups[b], r, w, b*r.Trials/blocks, (b+1)*r.Trials/blocks, spikes, potentials, gjaw, gradOffset)
	})
	first := &net.groups[0]
	for b := range blocks {
		from := &net.groups[b]
		kernel.AddRow(grad.Rest, from.weights.Rest)
		kernel.AddRow(grad.Jaw, from.weights.Jaw)
		kernel.AddRow(grad.JawBias, from.weights.JawBias)
		net.backToWeights(grad.JawFeedback, from.feedback, []F{1})
		if b > 0 {
			kernel.AddRow(first.input, from.input)
			kernel.AddRow(first.recurrent, from.recurrent)
		}
	}
	net.backToWeights(grad.Input, first.input, net.signIn)
	net.backToWeights(grad.Recurrent, first.recurrent, net.sign)
	net.offsetsBackward(grad, r, w, gradOffset)
}

func (b *blockGradient[F]) reset(net *Network[F], steps, trials int) {
	p, row := &net.Params, trials*net.row
	if b.input == nil {
		b.input, b.recurrent = make([]F, p.Inputs*net.row), make([]F, len(p.Delays)*p.Neurons*net.row)
		b.weights.Rest, b.weights.Jaw = make([]F, p.Neurons), make([]F, len(p.Motor))
		b.weights.JawBias, b.feedback = make([]F, p.jawNumbers()), make([]F, len(p.JawTaps)*net.row)
	}
	b.g, b.gz = grown(b.g, (steps+p.maxDelay())*row), grown(b.gz, p.minDelay()*row)
	b.gq = grown(b.gq, trials)
	b.back, b.sum, b.noise = grown(b.back, row), grown(b.sum, row), grown(b.noise, row)
	for _, x := range [][]F{b.weights.Rest, b.weights.Jaw, b.weights.JawBias, b.g[steps*row:], b.gz, b.back, b.sum, b.noise, b.gq, b.feedback} {
		clear(x)
	}
}

// blockBackward goes back through trials [first, last).
func (net *Network[F]) blockBackward(b *blockGradient[F], r *Run[F], w *Weights[F], first, last int, spikes, potentials SpikeGradient[F], gjaw, gradOffset []F) {
	n, row, trials := net.Neurons, net.row, last-first
	b.reset(net, r.Steps, trials)
	hasJaw := len(net.Motor) > 0 && (gjaw != nil || len(net.JawTaps) > 0)
	if potentials != nil {
		b.direct = grown(b.direct, row)
		clear(b.direct)
	}
	step := kernel.Backward[F]{Drop: net.drop, Decay: net.decay}
	// Spikes of as many steps as the shortest delay only reach what comes after all of them.
	for until := r.Steps; until > 0; until -= net.minDelay() {
		from := max(0, until-net.minDelay())
		gz := b.gz[:(until-from)*trials*row]
		for t := until - 1; t >= from; t-- {
			for k := first; k < last; k++ {
				to := gz[((t-from)*trials+k-first)*row:][:n]
				spikes(k, t, to)
				if hasJaw {
					var gradient F
					if gjaw != nil {
						gradient = gjaw[k*r.Steps+t]
					}
					var back F
					b.gq[k-first], back = net.jawBackward(&b.weights, r, w, k, t, gradient, b.gq[k-first],
						func(t int) []F { return b.g[(t*trials+k-first)*row:][:row] })
					for m, i := range net.Motor {
						to[i] += back * w.Jaw[m]
					}
				}
			}
		}
		for g, d := range net.Delays {
			kernel.GemmPacked(1, false, (until-from)*trials, 1, b.g[(from+d)*trials*row:], row, &net.packed[g], 1, gz, row)
		}
		for t := until - 1; t >= from; t-- {
			for k := first; k < last; k++ {
				at, o := (k*r.Steps+t)*row, (k-first)*row
				step.G, step.Back, step.Spike = b.g[t*trials*row+o:][:row], b.back[o:][:row], gz[(t-from)*trials*row+o:][:row]
				step.Surrogate, step.Normal = r.surrogate[at:at+row], r.normal[at:at+row]
				step.Sum, step.Noise = b.sum[o:][:row], b.noise[o:][:row]
				if potentials != nil {
					potentials(k, t, b.direct[:n])
					step.Direct = b.direct
				}
				for _, i := range r.Spikes[k].At(t) {
					b.weights.Rest[i] += step.Back[i] // of the reset
				}
				kernel.Discharge(&step)
				net.feedbackBackward(b.feedback, r, k, t, step.G)
			}
		}
	}
	amplitude := F(net.amplitude())
	for k := first; k < last; k++ {
		sum, noise, offset := b.sum[(k-first)*row:], b.noise[(k-first)*row:], gradOffset[k*n:(k+1)*n]
		for i := range offset {
			offset[i] = net.rise[i] * sum[i]
			b.weights.Rest[i] += offset[i] - amplitude*noise[i]
		}
		if r.start[k].Steps() == 0 { // v⁺ before the first step is v_rest
			kernel.AddRow(b.weights.Rest, b.back[(k-first)*row:][:n])
		}
	}
	net.weightGradients(b, r, first, last)
}

// weightGradients sums, for each synapse, ∂L/∂v⁻ of the steps that its spikes reached: a
// product of a matrix of spikes and one of gradients.
func (net *Network[F]) weightGradients(b *blockGradient[F], r *Run[F], first, last int) {
	n, row, trials := net.Neurons, net.row, last-first
	columns := r.Steps * trials
	b.events.List(net.Inputs, columns, func(one func(row, col int)) {
		for t := range r.Steps {
			for k := first; k < last; k++ {
				for _, i := range r.inputs[k].At(t) {
					one(int(i), t*trials+k-first)
				}
			}
		}
	})
	kernel.MultiplyEvents(1, &b.panels, &b.events, row, b.g, row, b.input, row)
	for g, d := range net.Delays {
		b.events.List(n, columns, func(one func(row, col int)) {
			for t := range r.Steps {
				for k := first; k < last; k++ {
					for _, i := range net.arriving(r, k, t-d) {
						one(int(i), t*trials+k-first)
					}
				}
			}
		})
		kernel.MultiplyEvents(1, &b.panels, &b.events, row, b.g, row, b.recurrent[g*n*row:(g+1)*n*row], row)
	}
}

// arriving are the spikes of step t of trial k, which may lie before its start.
func (net *Network[F]) arriving(r *Run[F], k, t int) []int32 {
	before := &r.start[k]
	switch {
	case t >= 0:
		return r.Spikes[k].At(t)
	case before.Steps()+t >= 0:
		return before.At(before.Steps() + t)
	}
	return nil
}
