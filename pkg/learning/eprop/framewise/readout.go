// Package framewise trains a bidirectional spiking network to name the phone of
// every frame of an utterance, by e-prop or back-propagation through time (Bellec et
// al., arXiv:1901.09049; section "framewise" of the 2020 article).
//
// Two recurrent networks of n neurons see the F frames of an utterance, one from
// the first to the last, one in reverse, each frame for H steps. With z→ and z← their
// spikes, and s[f] the mean of z over the steps of frame f, wherever the network
// came to it,
//
//	(1) o_k[f] = κ o_k[f-1] + Σ_j Wout→_jk s→_j[f] + Σ_j Wout←_jk s←_j[f]     κ = exp(-1/τ), τ in frames
//	(2) y_k[f] = o_k[f] + bias_k,  π = softmax(y)
//	(3) E = 1/B Σ_utterances 1/F Σ_f -log π_phone[f] + c Σ_j (r_j - f_0)² + …
//
// over B utterances, with the penalty on the rates r_j of all 2n neurons. From
// δ_k[f] = (π_k - 1[k = phone])/(B F) come the errors of a step in frame f,
//
//	(4) δ̃_k[f] = δ_k[f] + κ δ̃_k[f+1],   ∂E/∂(Σ_j Wout_jk z_j[t]) = δ̃_k[f] / H
//
// with which each network learns as if it were alone. As (4) looks ahead, there is
// no online form, nor could there be one of a network that hears the end first.
package framewise

import (
	"math"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/speechframes"
)

const lanes = tensor.Lanes

// heard collects the outputs Σ_j Wout_jk s_j of one network, frame by frame in its own
// order. It implements eprop.Target.
type heard[F tensor.Float] struct {
	hold, outputs int
	groups        [][]F // [frames][K][Lanes]
}

// begin prepares for a batch.
func (h *heard[F]) begin(groups, frames int) {
	for len(h.groups) < groups {
		h.groups = append(h.groups, nil)
	}
	size := frames * h.outputs * lanes
	for i := range h.groups[:groups] {
		if cap(h.groups[i]) < size {
			h.groups[i] = make([]F, size)
		}
		h.groups[i] = h.groups[i][:size]
		clear(h.groups[i])
	}
}

// Error implements eprop.Target; the errors come when both networks are heard.
func (h *heard[F]) Error(_, y []F, group, _, t int) float64 {
	sums := h.groups[group][t/h.hold*len(y):]
	for i, x := range y {
		sums[i] += x / F(h.hold)
	}
	return 0
}

// readout is equations (1) to (4) for a batch.
type readout[F tensor.Float] struct {
	hold, outputs int
	kappa         F

	forward, mirror heard[F]
	utterances      []*speechframes.Utterance
	sums            []groupSums
}

// groupSums are those of up to Lanes utterances.
type groupSums struct {
	delta           []float64 // δ̃ of one utterance, [frames][K]
	bias            []float64 // Σ δ_k
	loss            float64   // the part of E, without 1/B
	correct, frames int
}

func newReadout[F tensor.Float](hold, outputs int, tau float64) *readout[F] {
	r := &readout[F]{hold: hold, outputs: outputs, kappa: F(math.Exp(-1 / tau))}
	r.forward.hold, r.forward.outputs, r.mirror.hold, r.mirror.outputs = hold, outputs, hold, outputs
	return r
}

// begin prepares for a batch, before the networks run.
func (r *readout[F]) begin(b *speechframes.Batch) {
	r.utterances = b.Utterances
	r.forward.begin(len(b.Forward), b.Frames)
	r.mirror.begin(len(b.Forward), b.Frames)
	for len(r.sums) < len(b.Forward) {
		r.sums = append(r.sums, groupSums{bias: make([]float64, r.outputs)})
	}
}

// judge reads both networks out and, unless they are nil, writes the errors of their
// steps, [T][K][Lanes] for each group, to what forward and mirror return.
func (r *readout[F]) judge(bias []F, threads int, forward, mirror func(group int) []F) {
	parallel.For(threads, tensor.Groups(len(r.utterances)), func(_, group int) {
		g := &r.sums[group]
		g.loss, g.correct, g.frames = 0, 0, 0
		clear(g.bias)
		for lane := range min(lanes, len(r.utterances)-group*lanes) {
			u := r.utterances[group*lanes+lane]
			r.judgeOne(g, u, group, lane, bias)
			if forward != nil {
				r.spread(forward(group), mirror(group), g.delta, lane, len(u.Phones))
			}
		}
	})
}

// judgeOne is equations (1) to (4) for an utterance.
func (r *readout[F]) judgeOne(g *groupSums, u *speechframes.Utterance, group, lane int, bias []F) {
	frames, k := len(u.Phones), r.outputs
	g.delta = append(g.delta[:0], make([]float64, frames*k)...)
	forward, mirror := r.forward.groups[group], r.mirror.groups[group]
	o, y := make([]F, k), make([]float64, k)
	scale := 1 / float64(frames*len(r.utterances))
	for f := range frames {
		best := 0
		for i := range o {
			o[i] = F(r.kappa*o[i]) + forward[(f*k+i)*lanes+lane] + mirror[((frames-1-f)*k+i)*lanes+lane]
			y[i] = float64(o[i] + bias[i])
			if y[i] > y[best] {
				best = i
			}
		}
		var total float64
		for i := range y {
			total += math.Exp(y[i] - y[best])
		}
		phone := int(u.Phones[f])
		g.loss += (math.Log(total) + y[best] - y[phone]) / float64(frames)
		delta := g.delta[f*k : (f+1)*k]
		for i := range y {
			delta[i] = math.Exp(y[i]-y[best]) / total * scale
		}
		delta[phone] -= scale
		for i, d := range delta {
			g.bias[i] += d
		}
		if best == phone {
			g.correct++
		}
		g.frames++
	}
	for f := frames - 2; f >= 0; f-- {
		for i, later := range g.delta[(f+1)*k : (f+2)*k] {
			g.delta[f*k+i] += float64(r.kappa) * later
		}
	}
}

// spread gives every step the error of its frame, in each network's own order.
func (r *readout[F]) spread(forward, mirror []F, delta []float64, lane, frames int) {
	for f := range frames {
		for i := range r.outputs {
			d := F(delta[f*r.outputs+i] / float64(r.hold))
			for step := range r.hold {
				forward[((f*r.hold+step)*r.outputs+i)*lanes+lane] = d
				mirror[(((frames-1-f)*r.hold+step)*r.outputs+i)*lanes+lane] = d
			}
		}
	}
}

// total adds up the groups in their order.
func (r *readout[F]) total() (s groupSums) {
	s.bias = make([]float64, r.outputs)
	for i := range tensor.Groups(len(r.utterances)) {
		g := &r.sums[i]
		s.loss += g.loss
		s.correct += g.correct
		s.frames += g.frames
		for k, d := range g.bias {
			s.bias[k] += d
		}
	}
	s.loss /= float64(len(r.utterances))
	return s
}
