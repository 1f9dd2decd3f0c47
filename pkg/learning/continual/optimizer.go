package continual

import (
	"math"
	"slices"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/gated"
)

// Optimizer is Adam, or with Plain gradient descent. Its moments begin at 0 with each
// task, so that what a context does not touch does not move in it.
type Optimizer struct {
	Plain                 bool
	Rate                  float64
	Beta1, Beta2, Epsilon float64

	// OnUpdate multiplies the finished step by the factors of plasticity, instead of the
	// gradient: Adam divides by the size of gradients, and with it by the factors in them.
	OnUpdate bool
}

// optimizer is an Optimizer at work on the parameters of a part.
type optimizer[F tensor.Float] struct {
	Optimizer
	threads int
	m, v    gated.Gradients[F] // moments; those of gates have the shape of the network's
	updates int
	before  [][]F // [thread] a row before its step
	column  [2][]F
}

// reset makes the moments those of a part, all 0.
func (o *optimizer[F]) reset(p *gated.Part[F]) {
	for _, g := range o.moments() {
		g.Fit(p)
		if len(g.V) > 0 && len(p.Network.V) > 0 {
			for l, v := range p.Network.V {
				g.V[l] = slices.Grow(g.V[l][:0], len(v))[:len(v)]
			}
		}
		for _, all := range [][][]F{g.W, g.B, g.V} {
			for _, x := range all {
				clear(x)
			}
		}
	}
	o.updates = 0
}

func (o *optimizer[F]) moments() [2]*gated.Gradients[F] {
	return [2]*gated.Gradients[F]{&o.m, &o.v}
}

// step moves the parameters of a part. The factors of neurons are in the gradients
// already, unless OnUpdate.
func (o *optimizer[F]) step(p *gated.Part[F], g *gated.Gradients[F], f Plasticity[F]) {
	o.updates++
	t := float64(o.updates)
	r := kernel.AdamRates[F]{Beta1: F(o.Beta1), Beta2: F(o.Beta2), Epsilon: F(o.Epsilon),
		Eta: F(o.Rate / (1 - math.Pow(o.Beta1, t))), Unbias: F(1 / (1 - math.Pow(o.Beta2, t)))}
	for len(o.before) < o.threads {
		o.before = append(o.before, nil)
	}
	hidden := p.Network.Hidden()
	for l, w := range p.W {
		in := p.Sizes[l]
		var perNeuron, perWeight, perBias []F
		if l < hidden && f.Neurons != nil && o.OnUpdate {
			perNeuron = f.Neurons[l]
			perBias = perNeuron
		}
		if l < hidden && f.Weights != nil {
			perWeight, perBias = f.Weights[l], f.Biases[l]
		}
		parallel.For(o.threads, p.Sizes[l+1], func(worker, j int) {
			first, last := j*in, (j+1)*in
			var factors []F
			if perWeight != nil {
				factors = perWeight[first:last]
			}
			factor := F(1)
			if perNeuron != nil {
				factor = perNeuron[j]
			}
			o.row(worker, r, w[first:last], g.W[l][first:last], o.m.W[l][first:last], o.v.W[l][first:last], factor, factors)
		})
		if p.Network.BiasLearns(l) {
			o.row(0, r, p.B[l], g.B[l], o.m.B[l], o.v.B[l], 1, perBias)
		}
	}
	if p.Network.Gate.Learns() {
		for l, v := range p.V {
			o.gates(r, p, l, v, g.V[l])
		}
	}
}

// gates moves the gates of a layer in the part's context.
func (o *optimizer[F]) gates(r kernel.AdamRates[F], p *gated.Part[F], l int, v, g []F) {
	contexts := p.Network.Contexts
	for k, of := range [][]F{o.m.V[l], o.v.V[l]} {
		o.column[k] = o.column[k][:0]
		for _, j := range p.Neurons(l) {
			o.column[k] = append(o.column[k], of[int(j)*contexts+p.Context])
		}
	}
	o.move(r, v, g, o.column[0], o.column[1])
	for k, of := range [][]F{o.m.V[l], o.v.V[l]} {
		for i, j := range p.Neurons(l) {
			of[int(j)*contexts+p.Context] = o.column[k][i]
		}
	}
}

// row moves some parameters, with one factor of plasticity for all and, unless nil, one
// for each.
func (o *optimizer[F]) row(worker int, r kernel.AdamRates[F], x, g, m, v []F, factor F, factors []F) {
	if !o.OnUpdate {
		for i, f := range factors {
			g[i] *= f
		}
		o.move(r, x, g, m, v)
		return
	}
	if factor == 0 {
		return // the moments of what cannot move do not matter
	}
	if factor == 1 && factors == nil {
		o.move(r, x, g, m, v)
		return
	}
	old := append(o.before[worker][:0], x...)
	o.before[worker] = old
	o.move(r, x, g, m, v)
	if factors == nil {
		for i, at := range old {
			x[i] = at + factor*(x[i]-at)
		}
		return
	}
	for i, at := range old {
		x[i] = at + factors[i]*(x[i]-at)
	}
}

func (o *optimizer[F]) move(r kernel.AdamRates[F], x, g, m, v []F) {
	if !o.Plain {
		kernel.Adam(x, m, v, g, r)
		return
	}
	rate := F(o.Rate)
	for i, d := range g {
		x[i] -= rate * d
	}
}
