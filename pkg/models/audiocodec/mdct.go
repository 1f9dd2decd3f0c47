package audiocodec

import (
	"math"
	"slices"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// transform is the modified discrete cosine transform of hop M with the sine window,
//
//	c[k] = √(2/M) Σ_n w(n) cos(π/M (n + 1/2 + M/2)(k + 1/2)) x[n],  n < 2M, k < M
//
// whose inverse, laid over itself by half, gives the sound back. A model of magnitudes also has
// s[k], the same with sines: p[k] = (c[k]² + s[k]²)/2 is the power of a coefficient, which hardly depends on the
// phase of the sound.
type transform[F tensor.Float] struct {
	hop   int
	basis []F // [2M][M]
	sines []F // [2M][M]; nil without noise
}

func newTransform[F tensor.Float](hop int, noise bool) *transform[F] {
	m := float64(hop)
	t := &transform[F]{hop: hop, basis: make([]F, 2*hop*hop)}
	if noise {
		t.sines = make([]F, 2*hop*hop)
	}
	for n := range 2 * hop {
		window := math.Sin(math.Pi / (2 * m) * (float64(n) + .5))
		for k := range hop {
			angle := math.Pi / m * (float64(n) + .5 + m/2) * (float64(k) + .5)
			t.basis[n*hop+k] = F(math.Sqrt(2/m) * window * math.Cos(angle))
			if noise {
				t.sines[n*hop+k] = F(math.Sqrt(2/m) * window * math.Sin(angle))
			}
		}
	}
	return t
}

// analyse writes the coefficients c [M][frames] of x, (frames+1)·M samples, by either basis.
func (t *transform[F]) analyse(basis, c, x []F) {
	m := t.hop
	frames := len(x)/m - 1
	// Of each frame the first half of its samples, then the second, which begins M later.
	kernel.Gemm(1, true, true, m, frames, m, 1, basis, m, x, m, 0, c, frames)
	kernel.Gemm(1, true, true, m, frames, m, 1, basis[m*m:], m, x[m:], m, 1, c, frames)
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

// loudness writes ln √(p + 1e-7) in the place of s: what the encoder of magnitudes takes.
func loudness[F tensor.Float](c, s []F) {
	for i, v := range s {
		s[i] = (c[i]*c[i]+v*v)/2 + 1e-7
	}
	kernel.Log(s, s)
	kernel.Scale(s, .5)
}

// forward returns the compressed coefficients [batch][M][frames] of x [batch][(frames+1)·M],
// which has no gradient; with noise their loudness.
func (t *transform[F]) forward(tape *autodiff.Tape[F], threads int, x *autodiff.Var[F]) *autodiff.Var[F] {
	batch, length := x.Value.Shape[0], x.Value.Shape[1]
	frames := length/t.hop - 1
	y := tape.Unset(threads, batch, t.hop, frames)
	parallel.For(threads, batch, func(_, b int) {
		n := t.hop * frames
		c, sound := y.Value.Data[b*n:(b+1)*n], x.Value.Data[b*length:(b+1)*length]
		t.analyse(t.basis, c, sound)
		if t.sines == nil {
			compress(c)
			return
		}
		cosines := slices.Clone(c)
		t.analyse(t.sines, c, sound)
		loudness(cosines, c)
	})
	return y
}

// What the decoder may ask for is bounded: of a coefficient, and of the logarithm of a gain.
const (
	mostExponent = 6
	leastGain    = -12
	mostGain     = 3
)

// between is v, but no further than lo or hi.
func between[F tensor.Float](v, lo, hi F) F { return min(max(v, lo), hi) }

// inverse is the sound [batch][(frames+1)·M] of o [batch][M][frames], by way of the
// coefficients sinh(clip(o, ±6))/20.
func (t *transform[F]) inverse(p *Pass[F], o *autodiff.Var[F]) *autodiff.Var[F] {
	s := o.Value.Shape
	batch, frames := s[0], s[2]
	length := (frames + 1) * t.hop
	y := p.Tape.Result(batch, length)
	n := t.hop * frames
	up, down := make([]F, len(o.Value.Data)), make([]F, len(o.Value.Data)) // e^o/40, e^-o/40
	parallel.For(p.Threads, batch, func(_, b int) {
		lo, hi := b*n, (b+1)*n
		for i, v := range o.Value.Data[lo:hi] {
			up[lo+i] = between(v, -mostExponent, mostExponent)
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
	p.Tape.Record(func() {
		parallel.For(p.Threads, batch, func(_, b int) {
			gc := make([]F, n)
			t.analyse(t.basis, gc, y.Grad.Data[b*length:(b+1)*length])
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

// gains are μ[k] + σ[k] a[k] of a [batch][M][frames], within -12 and 3: logarithms of magnitudes, by the statistics of those of
// the sound.
func (t *transform[F]) gains(p *Pass[F], a *autodiff.Var[F], front autodiff.Statistics[F]) *autodiff.Var[F] {
	s := a.Value.Shape
	rows, frames := s[0]*s[1], s[2]
	y := p.Tape.Unset(p.Threads, s...)
	for r := range rows {
		mean, by := front.Mean[r%t.hop], deviation(front, r%t.hop)
		to := y.Value.Data[r*frames : (r+1)*frames]
		for i, v := range a.Value.Data[r*frames:][:frames] {
			to[i] = between(mean+F(by*v), leastGain, mostGain)
		}
	}
	if a.Grad == nil {
		return y
	}
	deviations := make([]F, t.hop)
	for k := range deviations {
		deviations[k] = deviation(front, k)
	}
	p.Tape.Record(func() {
		for r := range rows {
			values, ga := y.Value.Data[r*frames:][:frames], a.Grad.Data[r*frames:][:frames]
			for i, g := range y.Grad.Data[r*frames:][:frames] {
				if v := values[i]; v > leastGain && v < mostGain {
					ga[i] += F(g * deviations[r%t.hop])
				}
			}
		}
	})
	return y
}

// noise is the sound [batch][(frames+1)·M] of the coefficients σ e^a, a [batch][M][frames], with a sign σ by the numbers of the
// frame and of the coefficient: what has the right magnitude sounds about right, and needs no bits for its phase.
func (t *transform[F]) noise(p *Pass[F], a *autodiff.Var[F]) *autodiff.Var[F] {
	s := a.Value.Shape
	batch, frames := s[0], s[2]
	length, n := (frames+1)*t.hop, t.hop*frames
	y := p.Tape.Result(batch, length)
	c := make([]F, len(a.Value.Data))
	parallel.For(p.Threads, batch, func(_, b int) {
		of := c[b*n : (b+1)*n]
		kernel.Exp(of, a.Value.Data[b*n:(b+1)*n])
		t.sign(of, frames, uint64(p.Frame)+uint64(b)<<32)
		t.synthesise(y.Value.Data[b*length:(b+1)*length], of)
	})
	if a.Grad == nil {
		return y
	}
	p.Tape.Record(func() {
		parallel.For(p.Threads, batch, func(_, b int) {
			gc := make([]F, n)
			t.analyse(t.basis, gc, y.Grad.Data[b*length:(b+1)*length])
			ga := a.Grad.Data[b*n : (b+1)*n]
			for i, g := range gc {
				ga[i] += F(g * c[b*n+i])
			}
		})
	})
	return y
}

// sign gives c [M][frames], whose first frame has that number, their signs: a bit of a hash of the numbers of the
// frame and of the coefficient.
func (t *transform[F]) sign(c []F, frames int, first uint64) {
	for i := range frames {
		var bits uint64
		for k := range t.hop {
			if k%64 == 0 {
				bits = mixed((first+uint64(i))<<8 + uint64(k/64))
			}
			if bits>>(k%64)&1 == 1 {
				c[k*frames+i] = -c[k*frames+i]
			}
		}
	}
}

// mixed is the finaliser of SplitMix64 (Steele, Lea, Flood, 2014).
func mixed(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
