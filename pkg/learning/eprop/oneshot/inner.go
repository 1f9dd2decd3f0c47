package oneshot

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// inner is the update (6) of one task, and its adjoint. Arrays are [T][width] of
// the main network.
type inner[F tensor.Float] struct {
	signals []F // L
	traced  []F // G̃
	heard   []F // H, then ∂E/∂L
	input   []F // the part of H from the clock; then what (11) adds to ∂E/∂v
	change  *synapses[F]
}

func newInner[F tensor.Float](steps, lines, neurons int) *inner[F] {
	size := steps * padded(neurons)
	return &inner[F]{signals: make([]F, size), traced: make([]F, size), heard: make([]F, size), input: make([]F, size),
		change: newSynapses[F](lines, neurons)}
}

// surrogate is ψ̂ at u = v/v_th - 1, for |u| ≥ 1 zero.
func (c *constants[F]) surrogate(v F) (psi, u F) {
	if v <= 0 { // most neurons, most of the time
		return 0, -1
	}
	u = F(v*c.inverse) - 1
	return F(c.lif.Dampening * max(0, 1-max(u, -u))), u
}

// update is equations (4) to (6): from the spikes of the error module and what the
// main network did in trial 1 to W + ΔW.
func (in *inner[F]) update(c *constants[F], rate F, changed, w *synapses[F], projection []F, errorSpikes *tensor.Bits, a *activity[F], x *tensor.Bits, sums *eventSums[F]) {
	sums.arriving(in.signals, errorSpikes, projection, a.width)
	lowPass(in.signals, a.width, c.kappa)
	for i, signal := range in.signals {
		psi, _ := c.surrogate(a.v[i])
		in.traced[i] = F(signal * psi)
	}
	lowPassBack(in.traced, a.width, c.lif.Beta)
	sums.outerSynapses(in.change, a, x, in.traced)
	for _, m := range [...]struct{ to, from, change []F }{{changed.in, w.in, in.change.in}, {changed.rec, w.rec, in.change.rec}} {
		for i, d := range m.change {
			m.to[i] = m.from[i] - F(rate*d)
		}
	}
}

// back is equations (9), (11) and (12): from D, the gradient of W + ΔW, it leaves
// ∂E/∂L, filtered back to the spikes of the error module, in heard and (11) in input.
// What it returns is (10).
func (in *inner[F]) back(c *constants[F], rate F, d *synapses[F], a *activity[F], x *tensor.Bits, sums *eventSums[F]) hearing[F] {
	width := a.width
	sums.arriving(in.input, x, d.in, width)
	sums.arriving(in.heard[width:], &a.before, d.rec, width)
	clear(in.heard[:width])
	for i, h := range in.input {
		in.heard[i] = F(-rate * (in.heard[i] + h))
	}
	lowPass(in.heard, width, c.lif.Beta)
	for i, h := range in.heard {
		psi, u := c.surrogate(a.v[i])
		in.input[i], in.heard[i] = 0, 0
		if psi > 0 {
			in.input[i] = F(F(h*in.signals[i]) * F(math.Copysign(c.steepness, -float64(u))))
			in.heard[i] = F(h * psi)
		}
	}
	lowPassBack(in.heard, width, c.kappa)
	kernel.Scale(in.traced, -rate)
	return hearing[F]{d.rec, in.traced[width:], width}
}
