package autoencoder

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// spectral is the part of the loss of reconstruction of section 4.1, for a CPU, that compares spectra:
//
//	1/4 Σ_n [ m mean|S - Ŝ|/mean(S) + l mean|log₁₀(S+1e-3) - log₁₀(Ŝ+1e-3)| ]
//
// over n = 128, 256, 512, 1024, with S the magnitudes of the short-time Fourier transform with a
// Hann window of n samples every n/4, divided by √n. In the method m = 2, l = 1.
type spectral[F tensor.Float] struct {
	magnitude, log float64 // m and l
	threads        int
	frames         []*frames[F]

	benches []spectralBench[F] // by worker
	pairs   []pair[F]          // by element of the batch and window, as all below
	sums    []float64
	losses  []float64
	shares  [][]F // of the gradient
}

// spectralBench is the memory of a worker.
type spectralBench[F tensor.Float] struct {
	*bench[F]
	lx, ly []F // logarithms of a group of frames
}

const (
	logFloor    = 1e-3
	leastAmount = 1e-12 // under the root of a magnitude, whose derivative has no value at 0
)

func newSpectral[F tensor.Float](magnitude, log float64, threads int) *spectral[F] {
	l := &spectral[F]{magnitude: magnitude, log: log, threads: threads}
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
	n := batch * len(l.frames)
	l.pairs, l.sums, l.losses = resized(l.pairs, n), resized(l.sums, n), resized(l.losses, n)
	l.shares = cleared(l.shares, n, samples)
}

// cleared are n rows of zeros.
func cleared[F tensor.Float](rows [][]F, n, length int) [][]F {
	rows = resized(rows, n)
	for i := range rows {
		rows[i] = resized(rows[i], length)
		clear(rows[i])
	}
	return rows
}

func resized[T any](x []T, n int) []T {
	if cap(x) < n {
		return append(x[:cap(x)], make([]T, n-cap(x))...)
	}
	return x[:n]
}

func (l *spectral[F]) compare(x, y *tensor.Dense[F], gradient []F) float64 {
	batch, samples := x.Shape[0], x.Shape[1]
	l.fit(batch, samples)
	row := func(d *tensor.Dense[F], b int) []F { return d.Data[b*samples : (b+1)*samples] }
	kinds := len(l.frames)
	parallel.For(l.threads, batch*kinds, func(worker, i int) {
		b, s, p := i/kinds, l.frames[i%kinds], &l.pairs[i]
		s.transform(p, row(x, b), row(y, b), F(1/math.Sqrt(float64(s.size))), leastAmount, l.benches[worker].bench)
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
	parallel.For(l.threads, batch*kinds, func(worker, i int) {
		k := i % kinds
		linear := l.magnitude / (float64(kinds) * count(k) * max(means[k], 1e-8))
		logarithmic := l.log / (float64(kinds) * count(k) * math.Ln10)
		l.losses[i] = l.frames[k].distance(&l.pairs[i], samples, linear, logarithmic, &l.benches[worker])
		if gradient != nil {
			l.frames[k].adjoint(l.shares[i], &l.pairs[i], l.benches[worker].bench)
		}
	})
	return collected(gradient, l.shares, l.losses, samples)
}

// collected adds what the parts of a batch have as gradients to the whole's, in their order, and returns the sum of their
// losses. The parts of an element of the batch follow each other.
func collected[F tensor.Float](gradient []F, shares [][]F, losses []float64, samples int) float64 {
	if gradient != nil {
		per := len(shares) / (len(gradient) / samples)
		for i, share := range shares {
			kernel.AddRow(gradient[i/per*samples:][:samples], share)
		}
	}
	total := 0.0
	for _, v := range losses {
		total += v
	}
	return total
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
