package autoencoder

import (
	"math"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/metrics/sound"
)

// spectral is the loss of reconstruction of section 4.1, for a CPU:
//
//	L_x = w mean|x - x̂| + 1/4 Σ_n [ m mean|S - Ŝ|/mean(S) + l mean|log₁₀(S+1e-3) - log₁₀(Ŝ+1e-3)| ]
//
// with the weights w = 5, m = 2, l = 1,
// over n = 128, 256, 512, 1024, with S the magnitudes of the short-time Fourier transform with a
// Hann window of n samples every n/4, divided by √n.
type spectral[F tensor.Float] struct {
	Weights
	threads int
	sizes   []int
	spare   [][]*sound.STFT // by worker and size
}

// Weights are those of the parts of the loss.
type Weights struct{ Wave, Magnitude, Log float64 }

const (
	logFloor    = 1e-3
	leastAmount = 1e-12 // under the root of a magnitude, whose derivative has no value at 0
)

func newSpectral[F tensor.Float](w Weights, threads int) *spectral[F] {
	return &spectral[F]{Weights: w, threads: threads, sizes: []int{128, 256, 512, 1024}}
}

// fit makes transforms for workers.
func (l *spectral[F]) fit(workers int) {
	for len(l.spare) < workers {
		var all []*sound.STFT
		for _, n := range l.sizes {
			all = append(all, sound.NewSTFT(n, n/4))
		}
		l.spare = append(l.spare, all)
	}
}

// loss compares y with x, both [batch][samples]; x has no gradient.
func (l *spectral[F]) loss(t *autodiff.Tape[F], x, y *autodiff.Var[F]) *autodiff.Var[F] {
	batch, samples := x.Value.Shape[0], x.Value.Shape[1]
	l.fit(l.threads)
	row := func(d *tensor.Dense[F], b int) []F { return d.Data[b*samples : (b+1)*samples] }
	kinds := len(l.sizes)
	count := func(k int) float64 {
		s := l.spare[0][k]
		return float64(batch * s.Frames(samples) * s.Bins())
	}
	// Magnitudes of the target, and their means.
	targets := make([][]float64, batch*kinds)
	sums := make([]float64, batch*kinds)
	parallel.For(l.threads, batch*kinds, func(worker, i int) {
		b, k := i/kinds, i%kinds
		s := l.spare[worker][k]
		scale := 1 / math.Sqrt(float64(s.Size))
		frames := s.Frames(samples)
		m := make([]float64, 0, frames*s.Bins())
		for f := range frames {
			for _, c := range sound.Frame(s, row(x.Value, b), f) {
				v := scale * math.Sqrt(real(c)*real(c)+imag(c)*imag(c))
				m = append(m, v)
				sums[i] += v
			}
		}
		targets[i] = m
	})
	means := make([]float64, kinds)
	for i, s := range sums {
		means[i%kinds] += s / count(i%kinds)
	}
	// The distance and its gradient with respect to y, both at once.
	wanted := y.Grad != nil
	gradient := make([][]float64, batch*(kinds+1))
	losses := make([]float64, batch*(kinds+1))
	parallel.For(l.threads, batch*(kinds+1), func(worker, i int) {
		b, k := i/(kinds+1), i%(kinds+1)
		g := make([]float64, samples)
		gradient[i] = g
		xs, ys := row(x.Value, b), row(y.Value, b)
		if k == kinds {
			w := l.Wave / float64(batch*samples)
			for j, v := range ys {
				d := float64(v) - float64(xs[j])
				losses[i] += w * math.Abs(d)
				g[j] = w * sign(d)
			}
			return
		}
		s := l.spare[worker][k]
		scale := 1 / math.Sqrt(float64(s.Size))
		linear := l.Magnitude / (float64(kinds) * count(k) * max(means[k], 1e-8))
		logarithmic := l.Log / (float64(kinds) * count(k))
		target := targets[b*kinds+k]
		gs := make([]complex128, s.Bins())
		for f := range s.Frames(samples) {
			m := target[f*s.Bins():]
			for bin, c := range sound.Frame(s, ys, f) {
				v := scale * math.Sqrt(real(c)*real(c)+imag(c)*imag(c)+leastAmount)
				d := v - m[bin]
				ratio := math.Log10(v+logFloor) - math.Log10(m[bin]+logFloor)
				losses[i] += linear*math.Abs(d) + logarithmic*math.Abs(ratio)
				dv := linear*sign(d) + logarithmic*sign(ratio)/((v+logFloor)*math.Ln10)
				by := dv * scale * scale / v
				gs[bin] = complex(by*real(c), by*imag(c))
			}
			if wanted {
				sound.AddAdjoint(s, g, gs, f)
			}
		}
	})
	loss := t.Result(1)
	total := 0.0
	for _, v := range losses {
		total += v
	}
	loss.Value.Data[0] = F(total)
	t.Record(func() {
		if !wanted {
			return
		}
		scale := float64(loss.Grad.Data[0])
		for b := range batch {
			gy := row(y.Grad, b)
			for k := range kinds + 1 {
				for j, v := range gradient[b*(kinds+1)+k] {
					gy[j] += F(scale * v)
				}
			}
		}
	})
	return loss
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}
