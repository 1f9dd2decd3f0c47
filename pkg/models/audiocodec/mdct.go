package audiocodec

import (
	"math"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// transform is the modified discrete cosine transform of hop M with the sine window,
//
//	c[k] = √(2/M) Σ_n w(n) cos(π/M (n + 1/2 + M/2)(k + 1/2)) x[n],  n < 2M, k < M
//
// whose inverse, laid over itself by half, gives the sound back.
type transform[F tensor.Float] struct {
	hop   int
	basis []F // [2M][M]
}

func newTransform[F tensor.Float](hop int) *transform[F] {
	m := float64(hop)
	t := &transform[F]{hop, make([]F, 2*hop*hop)}
	for n := range 2 * hop {
		window := math.Sin(math.Pi / (2 * m) * (float64(n) + .5))
		for k := range hop {
			t.basis[n*hop+k] = F(math.Sqrt(2/m) * window * math.Cos(math.Pi/m*(float64(n)+.5+m/2)*(float64(k)+.5)))
		}
	}
	return t
}

// analyse writes the coefficients c [M][frames] of x, (frames+1)·M samples.
func (t *transform[F]) analyse(c, x []F) {
	m := t.hop
	frames := len(x)/m - 1
	// Of each frame the first half of its samples, then the second, which begins M later.
	kernel.Gemm(1, true, true, m, frames, m, 1, t.basis, m, x, m, 0, c, frames)
	kernel.Gemm(1, true, true, m, frames, m, 1, t.basis[m*m:], m, x[m:], m, 1, c, frames)
}

// synthesise adds to x, (frames+1)·M samples, the sound of the coefficients c [M][frames].
func (t *transform[F]) synthesise(x, c []F) {
	m := t.hop
	frames := len(x)/m - 1
	kernel.Gemm(1, true, true, frames, m, m, 1, c, frames, t.basis, m, 1, x, m)
	kernel.Gemm(1, true, true, frames, m, m, 1, c, frames, t.basis[m*m:], m, 1, x[m:], m)
}

// compress is sign(c) ln(1 + 40|c|), in place: what the encoder takes.
func compress[F tensor.Float](c []F) {
	for i, v := range c {
		c[i] = F(math.Copysign(math.Log1p(40*math.Abs(float64(v))), float64(v)))
	}
}

// forward returns the compressed coefficients [batch][M][frames] of x [batch][(frames+1)·M],
// which has no gradient.
func (t *transform[F]) forward(tape *autodiff.Tape[F], threads int, x *autodiff.Var[F]) *autodiff.Var[F] {
	batch, length := x.Value.Shape[0], x.Value.Shape[1]
	frames := length/t.hop - 1
	y := tape.Unset(threads, batch, t.hop, frames)
	parallel.For(threads, batch, func(_, b int) {
		c := y.Value.Data[b*t.hop*frames : (b+1)*t.hop*frames]
		t.analyse(c, x.Value.Data[b*length:(b+1)*length])
		compress(c)
	})
	return y
}

// mostExponent bounds what the decoder may ask for.
const mostExponent = 6

// inverse is the sound [batch][(frames+1)·M] of o [batch][M][frames], by way of the
// coefficients sinh(clip(o, ±6))/20.
func (t *transform[F]) inverse(tape *autodiff.Tape[F], threads int, o *autodiff.Var[F]) *autodiff.Var[F] {
	s := o.Value.Shape
	batch, frames := s[0], s[2]
	length := (frames + 1) * t.hop
	y := tape.Result(batch, length)
	n := t.hop * frames
	up, down := make([]F, len(o.Value.Data)), make([]F, len(o.Value.Data)) // e^o/40, e^-o/40
	parallel.For(threads, batch, func(_, b int) {
		lo, hi := b*n, (b+1)*n
		for i, v := range o.Value.Data[lo:hi] {
			up[lo+i] = min(max(v, -mostExponent), mostExponent)
			down[lo+i] = -up[lo+i]
		}
		kernel.Exp(up[lo:hi], up[lo:hi])
		kernel.Exp(down[lo:hi], down[lo:hi])
		c := make([]F, n)
		for i := range c {
			c[i] = (up[lo+i] - down[lo+i]) / 40
		}
		t.synthesise(y.Value.Data[b*length:(b+1)*length], c)
	})
	if o.Grad == nil {
		return y
	}
	tape.Record(func() {
		parallel.For(threads, batch, func(_, b int) {
			gc := make([]F, n)
			t.analyse(gc, y.Grad.Data[b*length:(b+1)*length])
			for i, g := range gc {
				at := b*n + i
				if v := o.Value.Data[at]; v >= -mostExponent && v <= mostExponent {
					o.Grad.Data[at] += g * (up[at] + down[at]) / 40
				}
			}
		})
	})
	return y
}
