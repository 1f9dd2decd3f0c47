package gated

import (
	"math"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Convolutions of a Front are of frontKernel×frontKernel without padding, and its pooling takes the greatest of
// frontPool×frontPool.
const (
	frontKernel = 3
	frontPool   = 4
)

// Front is two convolutions before the dense layers (2306.01690, section 3 of the method):
//
//	x → conv → max(·, 0) ∘ g → conv → max(·, 0) ∘ g → max-pooling → h₋₁
//
// with a gate for each channel and context, here after the rectification. It computes all
// channels, open or not.
type Front[F tensor.Float] struct {
	Channels, Height, Width int // of images
	Filters                 [2]int

	W [2][]F // [filter][channel][row][column]
	B [2][]F // [filter]
	V [2][]F // [filter][context]; nil without gates
}

// NewFront makes a front whose parameters are 0, for a network of these gates; at least one
// place must be left after pooling.
func NewFront[F tensor.Float](channels, height, width int, filters [2]int, contexts int, gate Gate) *Front[F] {
	f := &Front[F]{Channels: channels, Height: height, Width: width, Filters: filters}
	for k, n := range filters {
		f.W[k], f.B[k] = make([]F, n*f.fanIn(k)), make([]F, n)
		if gate != Open {
			f.V[k] = make([]F, n*contexts)
		}
	}
	return f
}

// fanIn is how many weights a filter of convolution k has.
func (f *Front[F]) fanIn(k int) int {
	if k == 0 {
		return f.Channels * frontKernel * frontKernel
	}
	return f.Filters[0] * frontKernel * frontKernel
}

// Pooled are the sides of what is left after pooling; 0 where the images are too small.
func (f *Front[F]) Pooled() (height, width int) {
	const lost = 2 * (frontKernel - 1)
	return max(0, f.Height-lost) / frontPool, max(0, f.Width-lost) / frontPool
}

// Outputs counts what the dense layers get.
func (f *Front[F]) Outputs() int {
	height, width := f.Pooled()
	return f.Filters[1] * height * width
}

// initialise draws parameters as those of the dense layers.
func (f *Front[F]) initialise(seed uint64, contexts int) {
	for k := range f.W {
		r := rng.Stream(seed, "gated-filters", 0, uint64(k))
		half := 1 / math.Sqrt(float64(f.fanIn(k)))
		for _, x := range [][]F{f.W[k], f.B[k]} {
			for i := range x {
				x[i] = F(half * (2*r.Float64() - 1))
			}
		}
		drawGates(f.V[k], f.Filters[k], contexts, func(c int) func() float64 {
			return rng.Stream(seed, "gated-channels", uint64(k), uint64(c)).Float64
		})
	}
}

// frontPass is a pass through a front, and back.
type frontPass[F tensor.Float] struct {
	tape    autodiff.Tape[F]
	w, b    [2]*autodiff.Var[F]
	gated   [2]*autodiff.Var[F]
	gates   [2][]F
	slopes  [2][]F // φ'(v)
	dGates  [2][]F // ∂L/∂g
	output  *autodiff.Var[F]
	loss    *autodiff.Var[F]
	forward []F // [feature][trial]
	back    []F // ∂L/∂ of it
}

// pass computes what the dense layers get of images x, [input][trial], in a context.
func (f *Front[F]) pass(p *frontPass[F], threads int, n *Network[F], context int, x []F, trials int) []F {
	t := &p.tape
	t.Reset()
	images := tensor.New[F](trials, f.Channels, f.Height, f.Width)
	transpose(threads, images.Data, x, f.Channels*f.Height*f.Width, trials)
	y := autodiff.Constant(images)
	axis := autodiff.Axis{Stride: 1, Dilation: 1}
	for k := range f.W {
		in := f.Channels
		if k > 0 {
			in = f.Filters[0]
		}
		p.w[k] = autodiff.NewVar(&tensor.Dense[F]{Shape: []int{f.Filters[k], in, frontKernel, frontKernel}, Data: f.W[k]})
		p.b[k] = autodiff.NewVar(&tensor.Dense[F]{Shape: []int{f.Filters[k]}, Data: f.B[k]})
		p.gates[k], p.slopes[k], p.dGates[k] = make([]F, f.Filters[k]), make([]F, f.Filters[k]), make([]F, f.Filters[k])
		for j := range p.gates[k] {
			v := 1.0
			if f.V[k] != nil {
				v = float64(f.V[k][j*n.Contexts+context])
			}
			p.gates[k][j], p.slopes[k][j] = F(n.Gate.value(v, n.GateSlope)), F(n.Gate.derivative(v, n.GateSlope))
		}
		y = autodiff.ReLU(t, threads, autodiff.Conv2D(t, threads, y, p.w[k], p.b[k], axis, axis, 1))
		y = gateChannels(t, threads, y, p.gates[k], p.dGates[k])
		p.gated[k] = y
	}
	pool := autodiff.Pool{Size: frontPool, Stride: frontPool}
	p.output = autodiff.MaxPool2D(t, threads, y, pool, pool)
	p.loss = t.Result(1)
	p.forward, p.back = sized(p.forward, f.Outputs()*trials), sized(p.back, f.Outputs()*trials)
	t.Record(func() { transpose(threads, p.output.Grad.Data, p.back, f.Outputs(), trials) })
	transpose(threads, p.forward, p.output.Value.Data, trials, f.Outputs())
	return p.forward
}

// gateChannels is y = g_c x for each channel of x, [trial][channel][row][column]; on the way
// back it adds ∂L/∂g to dGates.
func gateChannels[F tensor.Float](t *autodiff.Tape[F], threads int, x *autodiff.Var[F], gates, dGates []F) *autodiff.Var[F] {
	y := t.Result(x.Value.Shape...)
	trials, channels := x.Value.Shape[0], x.Value.Shape[1]
	places := len(x.Value.Data) / (trials * channels)
	plane := func(v []F, trial, c int) []F { return v[(trial*channels+c)*places : (trial*channels+c+1)*places] }
	parallel.For(threads, trials, func(_, trial int) {
		for c, g := range gates {
			to := plane(y.Value.Data, trial, c)
			for i, v := range plane(x.Value.Data, trial, c) {
				to[i] = g * v
			}
		}
	})
	t.Record(func() {
		parallel.For(threads, channels, func(_, c int) {
			var sum float64
			for trial := range trials {
				to, values := plane(x.Grad.Data, trial, c), plane(x.Value.Data, trial, c)
				for i, d := range plane(y.Grad.Data, trial, c) {
					to[i] += gates[c] * d
					sum += float64(d) * float64(values[i])
				}
			}
			dGates[c] += F(sum)
		})
	})
	return y
}

// transpose writes y[column][row] = x[row][column].
func transpose[F tensor.Float](threads int, y, x []F, rows, columns int) {
	const tile = 16
	parallel.For(threads, (columns+tile-1)/tile, func(_, block int) {
		first, last := block*tile, min(columns, (block+1)*tile)
		for r := range rows {
			for i, v := range x[r*columns+first : r*columns+last] {
				y[(first+i)*rows+r] = v
			}
		}
	})
}

// FrontGradients are those of a front's parameters.
type FrontGradients[F tensor.Float] struct{ W, B, V [2][]F }

// backward computes the gradients, when p.back is set.
func (f *Front[F]) backward(p *frontPass[F], g *FrontGradients[F]) {
	p.tape.Backward(p.loss)
	for k := range f.W {
		g.W[k], g.B[k] = p.w[k].Grad.Data, p.b[k].Grad.Data
		g.V[k] = p.dGates[k]
		for j, slope := range p.slopes[k] {
			g.V[k][j] *= slope
		}
	}
}

// ChannelActivity is the mean activity after gating of each channel of convolution k in
// the last pass.
func (p *Pass[F]) ChannelActivity(k int) []float64 {
	y := p.front.gated[k].Value
	trials, channels := y.Shape[0], y.Shape[1]
	places := len(y.Data) / (trials * channels)
	mean := make([]float64, channels)
	for c := range mean {
		for trial := range trials {
			for _, v := range y.Data[(trial*channels+c)*places : (trial*channels+c+1)*places] {
				mean[c] += float64(v)
			}
		}
		mean[c] /= float64(trials * places)
	}
	return mean
}
