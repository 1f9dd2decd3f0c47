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
		if f := p.Network.Front; f != nil {
			for k := range f.W {
				g.Front.W[k], g.Front.B[k], g.Front.V[k] = make([]F, len(f.W[k])), make([]F, len(f.B[k])), make([]F, len(f.V[k]))
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
			o.gates(r, p.Network.Contexts, p.Context, p.Neurons(l), v, g.V[l], o.m.V[l], o.v.V[l])
		}
	}
	if p.Network.Front != nil {
		o.front(r, p, g, f)
	}
}

// gates moves the gates v of some neurons of a layer in a context; m and v2 are the moments of
// all its gates.
func (o *optimizer[F]) gates(r kernel.AdamRates[F], contexts, context int, neurons []int32, v, g, m, v2 []F) {
	for k, of := range [][]F{m, v2} {
		o.column[k] = o.column[k][:0]
		for _, j := range neurons {
			o.column[k] = append(o.column[k], of[int(j)*contexts+context])
		}
	}
	o.move(r, v, g, o.column[0], o.column[1])
	for k, of := range [][]F{m, v2} {
		for i, j := range neurons {
			of[int(j)*contexts+context] = o.column[k][i]
		}
	}
}

// front moves the convolutions before the dense layers.
func (o *optimizer[F]) front(r kernel.AdamRates[F], p *gated.Part[F], g *gated.Gradients[F], f Plasticity[F]) {
	front := p.Network.Front
	for k, w := range front.W {
		in := len(w) / len(front.B[k])
		all := make([]int32, len(front.B[k]))
		for j := range all {
			all[j] = int32(j)
			row := func(x []F) []F { return x[j*in : (j+1)*in] }
			factor, perWeight := F(1), []F(nil)
			if f.FilterWeights[k] != nil {
				perWeight = row(f.FilterWeights[k])
			}
			if f.Channels[k] != nil {
				if factor = f.Channels[k][j]; !o.OnUpdate {
					kernel.Scale(row(g.Front.W[k]), factor)
					g.Front.B[k][j] *= factor
				}
			}
			o.row(0, r, row(w), row(g.Front.W[k]), row(o.m.Front.W[k]), row(o.v.Front.W[k]), factor, perWeight)
		}
		perBias := f.FilterBiases[k]
		if f.Channels[k] != nil && o.OnUpdate {
			perBias = f.Channels[k]
		}
		o.row(0, r, front.B[k], g.Front.B[k], o.m.Front.B[k], o.v.Front.B[k], 1, perBias)
		if p.Network.Gate.Learns() {
			contexts := p.Network.Contexts
			column := make([]F, len(all))
			for j := range column {
				column[j] = front.V[k][j*contexts+p.Context]
			}
			o.gates(r, contexts, p.Context, all, column, g.Front.V[k], o.m.Front.V[k], o.v.Front.V[k])
			for j, v := range column {
				front.V[k][j*contexts+p.Context] = v
			}
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
