package fir

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// blocks is the number of runs of trials whose weight gradients are summed apart:
// a constant, so that the bits do not depend on the number of threads.
const blocks = 8

// Backward adds to grad the gradient of a loss with respect to the weights.
//
// gu, [trials][T][n], is ∂L/∂u through the probabilities of each step itself; it
// becomes the whole ∂L/∂u. gz is ∂L/∂z_j[t] of losses that look at spikes:
// [trials][T][n], or [n] where it is the same for every trial and step; nil for none.
// x, [T][I], are the inputs.
//
// Back in time, with g = ∂L/∂v = gu/θ,
//
//	∂L/∂z_i[t] = gz_i + Σ_d Σ_j W_ij[d] g_j[t+d]
//	∂L/∂u_i[t] = gu_i[t] + γ max(0, 1-|u_i[t]|) ∂L/∂z_i[t]
//
// for the neurons whose spikes the network saw: all of a free run, the hidden ones
// of a clamped run.
//
// It returns the gradient with respect to the drive, [T][n], summed over trials.
func (net *Network[F]) Backward(grad *Weights[F], r *Run[F], w *Weights[F], x []F, gu []F, gz []F) []F {
	n := net.Neurons()
	net.prepare(r.Steps + net.Delays)
	parts := min(blocks, r.Trials)
	net.trialBlocks = grown(net.trialBlocks, parts)
	for b := range net.trialBlocks {
		sum := &net.trialBlocks[b]
		sum.Recurrent = grown(sum.Recurrent, len(w.Recurrent))
		sum.Input = grown(sum.Input, r.Steps*n) // ∂L/∂drive
		clear(sum.Recurrent)
		clear(sum.Input)
	}
	parallel.For(net.Threads, parts, func(worker, b int) {
		sum := &net.trialBlocks[b]
		for k := b * r.Trials / parts; k < (b+1)*r.Trials/parts; k++ {
			net.trialBackward(&net.scratch[worker], sum.Recurrent, sum.Input, r, k, w, part(gu, k, r.Trials), net.ofTrial(gz, k, r.Trials))
		}
	})
	drive := make([]F, r.Steps*n)
	for b := range parts {
		kernel.AddRow(grad.Recurrent, net.trialBlocks[b].Recurrent)
		kernel.AddRow(drive, net.trialBlocks[b].Input)
	}
	for t := range r.Steps {
		kernel.AddRow(grad.Bias, drive[t*n:(t+1)*n])
	}
	if net.Inputs > 0 {
		kernel.Gemm(net.Threads, true, false, net.Inputs, n, r.Steps, 1, x, net.Inputs, drive, n, 1, grad.Input, n)
	}
	return drive
}

// ofTrial is the part of ∂L/∂z that is trial k's, [T][n], or of all trials, [n].
func (net *Network[F]) ofTrial(gz []F, k, trials int) []F {
	if len(gz) <= net.Neurons() {
		return gz
	}
	return part(gz, k, trials)
}

// trialBackward adds the part of trial k to the gradients of the recurrent weights
// and of the drive.
func (net *Network[F]) trialBackward(s *scratch[F], recurrent, drive []F, r *Run[F], k int, w *Weights[F], gu, gz []F) {
	n, depth := net.Neurons(), net.Delays
	u := r.UAt(k)
	g := s.potential[:(r.Steps+depth)*n]
	clear(g[r.Steps*n:])
	first := 0 // neuron whose own spikes the network saw
	if r.Clamped {
		first = net.Visible
	}
	for t := r.Steps - 1; t >= 0; t-- {
		ut, gut := u[t*n:(t+1)*n], gu[t*n:(t+1)*n]
		s.near = s.near[:0]
		direct := gz // ∂L/∂z of this step, but for what comes back from later ones
		if len(gz) > n {
			direct = gz[t*n : (t+1)*n]
		}
		for i := first; i < n; i++ {
			if ut[i] > -1 && ut[i] < 1 {
				s.near = append(s.near, int32(i))
				s.incoming[i] = 0
				if direct != nil {
					s.incoming[i] = direct[i]
				}
			}
		}
		kernel.AddRowProducts(s.incoming, s.near, w.Recurrent, depth*n, g[(t+1)*n:(t+1+depth)*n])
		for _, i := range s.near {
			gut[i] += net.Dampening * (1 - abs(ut[i])) * s.incoming[i]
		}
		for j, x := range gut {
			g[t*n+j] = x / net.Threshold
		}
	}
	kernel.AddRow(drive, g[:r.Steps*n])
	history := &r.history[k]
	for t := -depth; t < r.Steps-1; t++ {
		from, skip := t+1, 0
		if from < 0 {
			from, skip = 0, -from*n
		}
		for _, i := range history.At(t + depth) {
			row := recurrent[int(i)*depth*n+skip : (int(i)+1)*depth*n]
			kernel.AddRow(row, g[from*n:from*n+len(row)])
		}
	}
}

func abs[F tensor.Float](x F) F {
	if x < 0 {
		return -x
	}
	return x
}
