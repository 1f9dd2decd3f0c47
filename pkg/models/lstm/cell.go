// Package lstm is the long short-term memory cell (Hochreiter and Schmidhuber,
// 1997; Gers et al., 2000) as a unit of a recurrent network.
//
// The drive of cell j in step t is its four gates before their nonlinearities,
// (u_i, u_f, u_g, u_o), its hidden state is c, its output h:
//
//	(1) i = σ(u_i)  f = σ(u_f)  g = tanh(u_g)  o = σ(u_o)
//	(2) c[t] = f c[t-1] + i g
//	(3) h[t] = o tanh(c[t])
//
// # Derivatives
//
// With gh = ∂E/∂h[t] and gc = ∂E/∂c[t] from later steps, the way back is
//
//	(4) Gc = gc + gh o (1 - tanh²c)
//	(5) ∂E/∂u_i = Gc g i(1-i)  ∂E/∂u_f = Gc c[t-1] f(1-f)  ∂E/∂u_g = Gc i(1-g²)
//	(6) ∂E/∂u_o = gh tanh(c) o(1-o)
//	(7) ∂E/∂c[t-1] = f Gc
//
// e-prop reads the same derivatives forward in time (1901.09049; section 3.3 of
// the method): for a weight W onto a gate u of cell j, from pre,
//
//	(8) ε[t] = f ε[t-1] + ∂c/∂u pre[t]          the eligibility vector
//	(9) e[t] = o (1 - tanh²c) ε[t]               the trace, for u_i, u_f, u_g
//	    e[t] = tanh(c) o(1-o) pre[t]             for u_o
//
// where h[t-1], which enters the gates, counts as input.
package lstm

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Cells is a layer of so many cells. It implements recurrent.Cell.
type Cells[F tensor.Float] int

// The four gates, in the order of their weights.
const (
	inputGate = iota
	forgetGate
	candidate
	outputGate
	gates
)

// Units is n.
func (n Cells[F]) Units() int { return int(n) }

// Drives is 4: the gates.
func (n Cells[F]) Drives() int { return gates }

// States is 1: c.
func (n Cells[F]) States() int { return 1 }

// Autapse is learned as any other weight.
func (n Cells[F]) Autapse() (F, bool) { return 0, false }

// split returns the gates of one trial.
func (n Cells[F]) split(u []F) (i, f, g, o []F) {
	k := int(n)
	return u[:k:k], u[k : 2*k : 2*k], u[2*k : 3*k : 3*k], u[3*k : 4*k : 4*k]
}

// Step is equations (1) to (3); it leaves the gates in u.
func (n Cells[F]) Step(u, before, after, h []F) {
	size := int(n)
	for ; len(h) > 0; u, before, after, h = u[gates*size:], before[size:], after[size:], h[size:] {
		i, f, g, o := n.split(u)
		kernel.Sigmoid(u[:candidate*size], u[:candidate*size])
		kernel.Tanh(g, g)
		kernel.Sigmoid(o, o)
		c, last := after[:size], before[:size]
		for j := range c {
			c[j] = F(f[j]*last[j]) + F(i[j]*g[j])
		}
		out := h[:size]
		kernel.Tanh(out, c)
		for j := range out {
			out[j] *= o[j]
		}
	}
}

// Adjoint is equations (4) to (7).
func (n Cells[F]) Adjoint(gu, gc, gh, u, before, after, scratch []F) {
	size := int(n)
	for ; len(gh) > 0; gu, gc, gh = gu[gates*size:], gc[size:], gh[size:] {
		i, f, g, o := n.split(u)
		gi, gf, gg, gOut := n.split(gu)
		last, tc := before[:size], scratch[:size]
		kernel.Tanh(tc, after[:size])
		for j, d := range gh[:size] {
			whole := gc[j] + F(d*o[j])*(1-F(tc[j]*tc[j]))
			gc[j] = whole * f[j]
			gi[j], gf[j], gg[j], gOut[j] =
				whole*g[j]*i[j]*(1-i[j]),
				whole*last[j]*f[j]*(1-f[j]),
				whole*i[j]*(1-F(g[j]*g[j])),
				d*tc[j]*o[j]*(1-o[j])
		}
		u, before, after = u[gates*size:], before[size:], after[size:]
	}
}

// Jacobian writes what equations (8) and (9) are made of.
func (n Cells[F]) Jacobian(jac, u, before, after []F) {
	const columns = 1 + gates
	size := int(n)
	i, f, g, o := n.split(u)
	at := func(row, column int) []F {
		k := (row*columns + column) * size
		return jac[k : k+size]
	}
	for j := range size {
		tc := F(math.Tanh(float64(after[j])))
		slope := o[j] * (1 - tc*tc)
		dc := [columns]F{f[j], g[j] * i[j] * (1 - i[j]), before[j] * f[j] * (1 - f[j]), i[j] * (1 - g[j]*g[j]), 0}
		for column, d := range dc {
			at(0, column)[j] = d
			at(1, column)[j] = slope * d
		}
		at(1, 1+outputGate)[j] = tc * o[j] * (1 - o[j])
	}
}

// Initialise draws weights as torch.nn.LSTM does, uniformly within ±1/√n, and
// sets the biases of the forget gates to 1, so that cells remember at first
// (Gers et al., 2000), those of the other gates to 0.
func (n Cells[F]) Initialise(in, rec, bias []F, seed uint64) {
	bound := 1 / math.Sqrt(float64(n))
	for purpose, w := range map[rng.Purpose][]F{"lstm-in": in, "lstm-rec": rec} {
		r := rng.Stream(seed, purpose, 0, 0)
		for k := range w {
			w[k] = F(bound * (2*r.Float64() - 1))
		}
	}
	clear(bias)
	for j := range int(n) {
		bias[forgetGate*int(n)+j] = 1
	}
}
