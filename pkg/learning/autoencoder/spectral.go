package autoencoder

import (
	"math"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
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
	frames  []*frames[F]

	benches  []spectralBench[F] // by worker
	pairs    []pair[F]          // by element of the batch and window, as all below
	sums     []float64
	losses   []float64
	gradient [][]F
}

// spectralBench is the memory of a worker.
type spectralBench[F tensor.Float] struct {
	*bench[F]
	lx, ly []F // logarithms of a group of frames
}

// Weights are those of the parts of the loss.
type Weights struct{ Wave, Magnitude, Log float64 }

const (
	logFloor    = 1e-3
	leastAmount = 1e-12 // under the root of a magnitude, whose derivative has no value at 0
)

func newSpectral[F tensor.Float](w Weights, threads int) *spectral[F] {
	l := &spectral[F]{Weights: w, threads: threads}
	for _, n := range []int{128, 256, 512, 1024} {
		l.frames = append(l.frames, newFrames[F](n))
	}
	return l
}

// fit makes memory for workers and for batches.
func (l *spectral[F]) fit(batch, samples int) {
	largest := l.frames[len(l.frames)-1]
	for len(l.benches) < l.threads {
		n := largest.bins() * lanes
		l.benches = append(l.benches, spectralBench[F]{newBench[F](largest.size), make([]F, n), make([]F, n)})
	}
	kinds := len(l.frames)
	l.pairs = resized(l.pairs, batch*kinds)
	l.sums, l.losses = resized(l.sums, batch*kinds), resized(l.losses, batch*(kinds+1))
	clear(l.sums)
	clear(l.losses)
	l.gradient = resized(l.gradient, batch*(kinds+1))
	for i := range l.gradient {
		l.gradient[i] = resized(l.gradient[i], samples)
		clear(l.gradient[i])
	}
}

func resized[T any](x []T, n int) []T {
	if cap(x) < n {
		return append(x[:cap(x)], make([]T, n-cap(x))...)
	}
	return x[:n]
}

// loss compares y with x, both [batch][samples]; x has no gradient.
func (l *spectral[F]) loss(t *autodiff.Tape[F], x, y *autodiff.Var[F]) *autodiff.Var[F] {
	batch, samples := x.Value.Shape[0], x.Value.Shape[1]
	l.fit(batch, samples)
	row := func(d *tensor.Dense[F], b int) []F { return d.Data[b*samples : (b+1)*samples] }
	kinds := len(l.frames)
	parallel.For(l.threads, batch*kinds, func(worker, i int) {
		b, s, p := i/kinds, l.frames[i%kinds], &l.pairs[i]
		s.transform(p, row(x.Value, b), row(y.Value, b), F(1/math.Sqrt(float64(s.size))), leastAmount, l.benches[worker].bench)
		l.sums[i] = s.sum(p.x, samples)
	})
	count := func(k int) float64 {
		s := l.frames[k]
		return float64(batch * s.count(samples) * s.bins())
	}
	means := make([]float64, kinds) // of the magnitudes of x
	for i, s := range l.sums {
		means[i%kinds] += s / count(i%kinds)
	}
	// The distance and its gradient with respect to y, both at once.
	wanted := y.Grad != nil
	parallel.For(l.threads, batch*(kinds+1), func(worker, i int) {
		b, k := i/(kinds+1), i%(kinds+1)
		if k == kinds {
			l.losses[i] = waveDistance(row(x.Value, b), row(y.Value, b), l.Wave/float64(batch*samples), l.gradient[i])
			return
		}
		linear := l.Magnitude / (float64(kinds) * count(k) * max(means[k], 1e-8))
		logarithmic := l.Log / (float64(kinds) * count(k) * math.Ln10)
		p := &l.pairs[b*kinds+k]
		l.losses[i] = l.frames[k].distance(p, samples, linear, logarithmic, &l.benches[worker])
		if wanted {
			l.frames[k].adjoint(l.gradient[i], p, l.benches[worker].bench)
		}
	})
	loss := t.Result(1)
	total := 0.0
	for _, v := range l.losses {
		total += v
	}
	loss.Value.Data[0] = F(total)
	t.Record(func() {
		if !wanted {
			return
		}
		scale := loss.Grad.Data[0]
		for b := range batch {
			gy := row(y.Grad, b)
			for k := range kinds + 1 {
				for j, v := range l.gradient[b*(kinds+1)+k] {
					gy[j] += F(scale * v)
				}
			}
		}
	})
	return loss
}

// sum is that of the magnitudes of all frames of so many samples.
func (s *frames[F]) sum(magnitudes []F, samples int) float64 {
	total, n := 0.0, s.bins()*lanes
	for g := 0; g*lanes < s.count(samples); g++ {
		var sums [lanes]F
		for rows := magnitudes[g*n : (g+1)*n]; len(rows) > 0; rows = rows[lanes:] {
			for lane, v := range rows[:lanes] {
				sums[lane] += v
			}
		}
		total += s.whole(&sums, g, samples)
	}
	return total
}

// whole adds up the lanes of group g that are frames of so many samples.
func (s *frames[F]) whole(sums *[lanes]F, g, samples int) float64 {
	total := 0.0
	for _, v := range sums[:min(lanes, s.count(samples)-g*lanes)] {
		total += float64(v)
	}
	return total
}

// distance is linear Σ|S - Ŝ| + logarithmic Σ|ln(S + 1e-3) - ln(Ŝ + 1e-3)|; its gradient replaces the spectra.
func (s *frames[F]) distance(p *pair[F], samples int, linear, logarithmic float64, w *spectralBench[F]) float64 {
	total, n := 0.0, s.bins()*lanes
	lx, ly := w.lx[:n], w.ly[:n]
	scale := F(1 / math.Sqrt(float64(s.size)))
	for g := range tensor.Groups(s.count(samples)) {
		of := p.group(s, g)
		for i, v := range of.x {
			lx[i] = v + logFloor
		}
		for i, v := range of.y {
			ly[i] = v + logFloor
		}
		kernel.Log(lx, lx)
		kernel.Log(ly, ly)
		var apart, ratio [lanes]F
		kernel.SpectralDistance(of.x, of.y, lx, ly, F(linear), F(logarithmic), logFloor, scale, of.spectrum, &apart, &ratio)
		total += linear*s.whole(&apart, g, samples) + logarithmic*s.whole(&ratio, g, samples)
	}
	return total
}

// waveDistance is weight Σ|y - x|, whose gradient it adds to g.
func waveDistance[F tensor.Float](x, y []F, weight float64, g []F) float64 {
	total := 0.0
	for j, v := range y {
		d := float64(v) - float64(x[j])
		total += weight * math.Abs(d)
		g[j] += F(weight * sign(d))
	}
	return total
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
