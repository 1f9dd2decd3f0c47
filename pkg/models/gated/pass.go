package gated

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// neuronBlock is how many neurons are summed by themselves where a sum goes over a
// layer, so that it does not depend on threads.
const neuronBlock = 32

// Pass is one pass of a batch through a part of a network, and back. Its memory is used
// again from pass to pass. Arrays lie neuron by neuron: [neuron][trial].
type Pass[F tensor.Float] struct {
	Threads int

	Part   *Part[F]
	Trials int
	Hidden []Layer[F]
	Logits []F // [class][trial]

	front    frontPass[F]
	input    []F // of the first dense layer
	partial  []F // [block][trial]
	gradient []F // of the logits

	probabilities, outer []float64 // of one trial
}

// Layer is what a pass keeps of a hidden layer.
type Layer[F tensor.Float] struct {
	Gates    []F // g
	Currents []F // a without bias under BatchL2, which would subtract it again
	Activity []F // h
	Adjoint  []F // ∂L/∂h; after Backward of the layer ∂L/∂a

	scale, mean []F // n = scale (a - mean)
	deviation   []F // 1/√(var u + 1e-5)
	inverse     []F // [trial] 1/‖r‖, 0 where r is 0
}

func sized[F tensor.Float](x []F, n int) []F {
	if cap(x) < n {
		return make([]F, n)
	}
	return x[:n]
}

// Forward computes the logits of inputs x, [input][trial].
func (p *Pass[F]) Forward(part *Part[F], x []F, trials int) {
	if part.Network.Front != nil {
		x = part.Network.Front.pass(&p.front, p.Threads, part.Network, part.Context, x, trials)
	}
	p.Part, p.Trials, p.input = part, trials, x
	for len(p.Hidden) < part.Network.Hidden() {
		p.Hidden = append(p.Hidden, Layer[F]{})
	}
	h := x
	for l := range part.Network.Hidden() {
		p.forward(l, h)
		h = p.Hidden[l].Activity
	}
	last := part.Network.Hidden()
	classes, in := part.Sizes[last+1], part.Sizes[last]
	p.Logits = sized(p.Logits, classes*trials)
	kernel.Gemm(p.Threads, false, false, classes, trials, in, 1, part.W[last], in, h, trials, 0, p.Logits, trials)
	for c, b := range part.B[last] {
		row := p.Logits[c*trials : (c+1)*trials]
		for s := range row {
			row[s] += b
		}
	}
}

func (p *Pass[F]) forward(l int, h []F) {
	part, layer, trials := p.Part, &p.Hidden[l], p.Trials
	n, in := part.Sizes[l+1], part.Sizes[l]
	layer.Currents, layer.Activity, layer.Adjoint = sized(layer.Currents, n*trials), sized(layer.Activity, n*trials), sized(layer.Adjoint, n*trials)
	layer.Gates, layer.scale, layer.mean, layer.deviation = sized(layer.Gates, n), sized(layer.scale, n), sized(layer.mean, n), sized(layer.deviation, n)
	kernel.Gemm(p.Threads, false, false, n, trials, in, 1, part.W[l], in, h, trials, 0, layer.Currents, trials)
	for j := range layer.Gates {
		v := 1.0
		if part.V != nil {
			v = float64(part.V[l][j])
		}
		layer.Gates[j] = F(part.Network.Gate.value(v, part.Network.GateSlope))
	}
	if part.Network.Norm == Plain {
		parallel.For(p.Threads, n, func(_, j int) {
			a, h := layer.Currents[j*trials:(j+1)*trials], layer.Activity[j*trials:(j+1)*trials]
			g, b := layer.Gates[j], part.B[l][j]
			for s := range a {
				a[s] += b
				h[s] = g * max(a[s], 0)
			}
		})
		return
	}
	p.normalise(l)
}

// normalise computes h of a layer under BatchL2.
func (p *Pass[F]) normalise(l int) {
	layer, trials := &p.Hidden[l], p.Trials
	n := p.Part.Sizes[l+1]
	blocks := (n + neuronBlock - 1) / neuronBlock
	p.partial = sized(p.partial, blocks*trials)
	clear(p.partial)
	parallel.For(p.Threads, blocks, func(_, block int) {
		squares := p.partial[block*trials : (block+1)*trials]
		for j := block * neuronBlock; j < min(n, (block+1)*neuronBlock); j++ {
			a, r := layer.Currents[j*trials:(j+1)*trials], layer.Activity[j*trials:(j+1)*trials]
			sum, _ := kernel.CentredSums(a, 0)
			mean := F(sum / float64(trials))
			rest, variance := kernel.CentredSums(a, mean)
			variance = (variance - rest*rest/float64(trials)) / float64(trials)
			g := float64(layer.Gates[j])
			deviation := 1 / math.Sqrt(g*g*variance+VarianceFloor)
			layer.mean[j], layer.scale[j], layer.deviation[j] = mean, F(g*deviation), F(deviation)
			kernel.Affine(r, a, mean, layer.scale[j], 0)
			kernel.ReLU(r, r)
			for s, v := range r {
				squares[s] += v * v
			}
		}
	})
	layer.inverse = sized(layer.inverse, trials)
	p.sumBlocks(layer.inverse, blocks)
	for s, squares := range layer.inverse {
		if squares > 0 {
			layer.inverse[s] = F(1 / max(math.Sqrt(float64(squares)), NormFloor))
		}
	}
	parallel.For(p.Threads, n, func(_, j int) {
		h := layer.Activity[j*trials : (j+1)*trials]
		for s, v := range layer.inverse[:len(h)] {
			h[s] *= v
		}
	})
}

// sumBlocks adds the partial sums of blocks, in their order.
func (p *Pass[F]) sumBlocks(to []F, blocks int) {
	clear(to)
	for block := range blocks {
		kernel.AddRow(to, p.partial[block*p.Trials:(block+1)*p.Trials])
	}
}

// Gradients are those of the parameters of a part.
type Gradients[F tensor.Float] struct {
	W, B [][]F
	V    [][]F // of the context

	Front FrontGradients[F] // where there is one; V of the context
}

// Fit makes the arrays those of a part.
func (g *Gradients[F]) Fit(p *Part[F]) {
	fit := func(to *[][]F, like [][]F) {
		for len(*to) < len(like) {
			*to = append(*to, nil)
		}
		*to = (*to)[:len(like)]
		for l := range like {
			(*to)[l] = sized((*to)[l], len(like[l]))
		}
	}
	fit(&g.W, p.W)
	fit(&g.B, p.B)
	fit(&g.V, p.V)
}

// Backward computes the gradients of the loss whose gradient by the logits is what Loss
// left. reached, unless nil, is called for each hidden layer, the last first, when its
// Adjoint is ∂L/∂h. plasticity, unless nil, has a factor for each neuron of each hidden
// layer that its rows of ∂L/∂W and ∂L/∂b are multiplied by.
func (p *Pass[F]) Backward(g *Gradients[F], reached func(layer int), plasticity [][]F) {
	part, trials := p.Part, p.Trials
	g.Fit(part)
	for l := part.Network.Hidden(); l >= 0; l-- {
		n, in := part.Sizes[l+1], part.Sizes[l]
		adjoint, h := p.gradient, p.input
		if l < part.Network.Hidden() {
			if reached != nil {
				reached(l)
			}
			adjoint = p.adjoint(l, g)
		}
		if l > 0 {
			h = p.Hidden[l-1].Activity
			kernel.Gemm(p.Threads, true, false, in, trials, n, 1, part.W[l], in, adjoint, trials, 0, p.Hidden[l-1].Adjoint, trials)
		} else if front := part.Network.Front; front != nil {
			kernel.Gemm(p.Threads, true, false, in, trials, n, 1, part.W[l], in, adjoint, trials, 0, p.front.back, trials)
			front.backward(&p.front, &g.Front)
		}
		if l < part.Network.Hidden() && plasticity != nil {
			for j, a := range plasticity[l] {
				if a != 1 {
					kernel.Scale(adjoint[j*trials:(j+1)*trials], a)
				}
			}
		}
		kernel.Gemm(p.Threads, false, true, n, in, trials, 1, adjoint, trials, h, trials, 0, g.W[l], in)
		clear(g.B[l])
		if part.Network.BiasLearns(l) {
			for j := range g.B[l] {
				sum, _ := kernel.CentredSums(adjoint[j*trials:(j+1)*trials], 0)
				g.B[l][j] = F(sum)
			}
		}
	}
}

// adjoint turns ∂L/∂h of a layer into ∂L/∂a, and computes that of its gates.
func (p *Pass[F]) adjoint(l int, g *Gradients[F]) []F {
	layer, trials := &p.Hidden[l], p.Trials
	n := p.Part.Sizes[l+1]
	var along []F // [trial] Σ_j h_j ∂L/∂h_j
	if p.Part.Network.Norm == BatchL2 {
		blocks := (n + neuronBlock - 1) / neuronBlock
		p.partial = sized(p.partial, (blocks+1)*trials)
		clear(p.partial)
		parallel.For(p.Threads, blocks, func(_, block int) {
			sums := p.partial[block*trials : (block+1)*trials]
			for j := block * neuronBlock; j < min(n, (block+1)*neuronBlock); j++ {
				h, d := layer.Activity[j*trials:(j+1)*trials], layer.Adjoint[j*trials:(j+1)*trials]
				for s, v := range h {
					sums[s] += v * d[s]
				}
			}
		})
		along = p.partial[blocks*trials:]
		p.sumBlocks(along, blocks)
	}
	network := p.Part.Network
	parallel.For(p.Threads, n, func(_, j int) {
		a, h, d := layer.Currents[j*trials:(j+1)*trials], layer.Activity[j*trials:(j+1)*trials], layer.Adjoint[j*trials:(j+1)*trials]
		var gate float64
		if network.Norm == BatchL2 {
			gate = layer.normAdjoint(j, a, h, d, along)
		} else {
			gate = plainAdjoint(float64(layer.Gates[j]), a, d)
		}
		if g.V != nil {
			g.V[l][j] = F(gate * network.Gate.derivative(float64(p.Part.V[l][j]), network.GateSlope))
		}
	})
	return layer.Adjoint
}

// plainAdjoint turns ∂L/∂h of a neuron into ∂L/∂a, and returns ∂L/∂g.
func plainAdjoint[F tensor.Float](g float64, a, d []F) (gate float64) {
	for s, v := range a {
		if v <= 0 {
			d[s] = 0
			continue
		}
		gate += float64(d[s]) * float64(v)
		d[s] *= F(g)
	}
	return gate
}

// normAdjoint is plainAdjoint under BatchL2. With ∂L/∂r = (∂L/∂h - h Σ_j h_j ∂L/∂h_j)/‖r‖,
// masked where r is 0, to which the normalisation gives, with δ = 1/√(var u + 1e-5)
// and n = g δ (a - mean a),
//
//	∂L/∂a = g δ (∂L/∂n - mean ∂L/∂n - n mean(n ∂L/∂n))
//
// Of ∂L/∂g = Σ (a - mean a) ∂L/∂u nearly all cancels, since n hardly depends on g when the
// variance is large: what is left is 1e-5 δ³ Σ (a - mean a) ∂L/∂n.
func (layer *Layer[F]) normAdjoint(j int, a, h, d, along []F) (gate float64) {
	inverse := layer.inverse[:len(d)]
	along = along[:len(d)]
	for s, v := range h[:len(d)] {
		if v > 0 {
			d[s] = (d[s] - v*along[s]) * inverse[s]
		} else {
			d[s] = 0
		}
	}
	sum, products := kernel.CentredProducts(d, a, layer.mean[j])
	count := float64(len(d))
	scale, deviation := float64(layer.scale[j]), float64(layer.deviation[j])
	slope, offset := F(scale*scale*scale*products/count), F(scale*sum/count)
	factor, mean := layer.scale[j], layer.mean[j]
	for s, v := range a[:len(d)] {
		d[s] = factor*d[s] - slope*(v-mean) - offset
	}
	return products * VarianceFloor * deviation * deviation * deviation
}
