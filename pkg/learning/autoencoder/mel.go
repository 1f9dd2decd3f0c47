package autoencoder

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	melscale "github.com/snnctl/snnctl/internal/mel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// mel is a distance of mel spectra, at several resolutions.
type mel[F tensor.Float] struct {
	threads int
	scales  []melScale[F]
	total   float64 // what the sum over scales is divided by

	benches []melBench[F] // by worker
	losses  []float64     // by element of the batch and scale
	shares  [][]F
}

// melScale is one resolution.
type melScale[F tensor.Float] struct {
	*frames[F]
	bands  int
	bank   []F     // [bands][bins]
	power  bool    // bands are of powers, not of magnitudes
	pad    int     // samples that are reflected at both ends
	square float64 // weight of the squares of the differences of logarithms; 0: floor, and no more than the absolute differences of logarithms
}

// melBench is the memory of a worker.
type melBench[F tensor.Float] struct {
	*bench[F]
	pair[F]
	x, y, g  []F // of a group: bands; g is also bins
	padded   [2][]F
	gradient []F // of the padded samples
}

const (
	melFloor    = 1e-5 // of a magnitude, or added to a power
	lowestMel   = 40   // Hz, of the log-mel distance
	encodecLow  = 64   // Hz
	encodecMels = 64   // bands
)

// newLogMel is the multi-resolution log-mel distance of section 8 itself:
//
//	mean over (n, bands) of mean |log₁₀ max(1e-5, mel x) - log₁₀ max(1e-5, mel x̂)|
//
// over (256, 20), (512, 40), (1024, 64), with triangular HTK mel bands from 40 Hz to half the rate over magnitudes of Hann
// windows of n samples every n/4, divided by √Σw².
func newLogMel[F tensor.Float](rate, threads int) *mel[F] {
	m := &mel[F]{threads: threads, total: 3}
	for _, s := range [][2]int{{256, 20}, {512, 40}, {1024, 64}} {
		m.scales = append(m.scales, melScale[F]{frames: newFrames[F](s[0]), bands: s[1], bank: melBank[F](s[1], s[0], rate, lowestMel)})
	}
	return m
}

// newEnCodecMel is the loss on mel spectra of EnCodec as its training code has it (section 4.1):
//
//	Σ_e [ mean|M - M̂| + a_e mean(log₁₀(1e-5 + M) - log₁₀(1e-5 + M̂))² ] / Σ_e (a_e + 1),   a_e = 1
//
// for windows of 2^e samples, e = 6 … 10, every quarter of them, over 64 mel bands from 64 Hz of powers of transforms divided
// by √Σw²; the sound is reflected by 3/8 of the window at both ends.
func newEnCodecMel[F tensor.Float](rate, threads int) *mel[F] {
	m := &mel[F]{threads: threads}
	for e := 6; e <= 10; e++ {
		n := 1 << e
		m.scales = append(m.scales, melScale[F]{frames: newFrames[F](n), bands: encodecMels, bank: melBank[F](encodecMels, n, rate, encodecLow),
			power: true, pad: (n - n/4) / 2, square: 1})
		m.total += 2
	}
	return m
}

// melBank is melscale.Bank as a matrix, [bands][bins].
func melBank[F tensor.Float](bands, window, rate int, low float64) []F {
	bins := window/2 + 1
	bank := make([]F, bands*bins)
	for k, band := range melscale.Bank(bands, window, float64(rate), low) {
		for i, w := range band.Weights {
			bank[k*bins+band.First+i] = F(w)
		}
	}
	return bank
}

func (m *mel[F]) fit(batch, samples int) {
	for len(m.benches) < m.threads {
		largest := m.scales[len(m.scales)-1]
		bands := 0
		for _, s := range m.scales {
			bands = max(bands, s.bands)
		}
		w := melBench[F]{bench: newBench[F](largest.size)}
		w.x, w.y, w.g = make([]F, bands*lanes), make([]F, bands*lanes), make([]F, max(bands, largest.bins())*lanes)
		m.benches = append(m.benches, w)
	}
	n := batch * len(m.scales)
	m.losses = resized(m.losses, n)
	m.shares = cleared(m.shares, n, samples)
}

func (m *mel[F]) compare(x, y *tensor.Dense[F], gradient []F) float64 {
	batch, samples := x.Shape[0], x.Shape[1]
	m.fit(batch, samples)
	kinds := len(m.scales)
	parallel.For(m.threads, batch*kinds, func(worker, i int) {
		b := i / kinds
		row := func(d *tensor.Dense[F]) []F { return d.Data[b*samples : (b+1)*samples] }
		share := m.shares[i]
		if gradient == nil {
			share = nil
		}
		m.losses[i] = m.scales[i%kinds].compare(row(x), row(y), share, 1/(m.total*float64(batch)), &m.benches[worker])
	})
	return collected(gradient, m.shares, m.losses, samples)
}

// compare is weight times the distance of one sound, and adds its gradient to gy.
func (s *melScale[F]) compare(x, y, gy []F, weight float64, w *melBench[F]) float64 {
	if s.pad > 0 {
		for i, from := range [][]F{x, y} {
			w.padded[i] = s.reflected(w.padded[i], from)
		}
		x, y = w.padded[0], w.padded[1]
	}
	norm := 0.0
	for _, v := range s.window {
		norm += float64(v) * float64(v)
	}
	scale := F(1 / math.Sqrt(norm))
	s.transform(&w.pair, x, y, scale, leastAmount, w.bench)
	count := s.count(len(x))
	weight /= float64(count * s.bands)
	bins, total := s.bins(), 0.0
	for g := range tensor.Groups(count) {
		of := w.group(s.frames, g)
		if s.power {
			squared(of.x)
			squared(of.y)
		}
		mx, my, gm := w.x[:s.bands*lanes], w.y[:s.bands*lanes], w.g[:s.bands*lanes]
		kernel.Gemm(1, false, false, s.bands, lanes, bins, 1, s.bank, bins, of.x, lanes, 0, mx, lanes)
		kernel.Gemm(1, false, false, s.bands, lanes, bins, 1, s.bank, bins, of.y, lanes, 0, my, lanes)
		total += weight * s.apart(mx, my, gm, min(lanes, count-g*lanes))
		if gy == nil {
			continue
		}
		// Of the bands, of the magnitudes or powers, of the spectrum. What x was is not needed any more.
		kernel.Gemm(1, true, false, bins, lanes, s.bands, F(weight), s.bank, bins, gm, lanes, 0, of.x, lanes)
		for i, g := range of.x {
			by := g * scale * scale
			if s.power {
				by *= 2
			} else {
				by /= of.y[i]
			}
			of.spectrum.Re[i] *= by
			of.spectrum.Im[i] *= by
		}
	}
	if gy == nil {
		return total
	}
	if s.pad == 0 {
		s.adjoint(gy, &w.pair, w.bench)
		return total
	}
	w.gradient = resized(w.gradient, len(y))
	clear(w.gradient)
	s.adjoint(w.gradient, &w.pair, w.bench)
	for i, g := range w.gradient {
		if at := s.origin(i, len(gy)); at >= 0 {
			gy[at] += g
		}
	}
	return total
}

func squared[F tensor.Float](x []F) {
	for i, v := range x {
		x[i] = v * v
	}
}

// apart sums the distances of bands of a group, mx and my [bands][lanes], over so many of its lanes, and writes their derivatives to g.
func (s *melScale[F]) apart(mx, my, g []F, whole int) float64 {
	total := 0.0
	for i, v := range my {
		a, b := float64(mx[i]), float64(v)
		var loss, slope float64
		if s.square > 0 {
			d := math.Log10(melFloor+b) - math.Log10(melFloor+a)
			loss = math.Abs(b-a) + s.square*d*d
			slope = sign(b-a) + s.square*2*d/(math.Ln10*(melFloor+b))
		} else {
			d := math.Log10(max(melFloor, b)) - math.Log10(max(melFloor, a))
			loss = math.Abs(d)
			if b > melFloor {
				slope = sign(d) / (math.Ln10 * b)
			}
		}
		g[i] = F(slope)
		if i%lanes < whole {
			total += loss
		}
	}
	return total
}

// length is that of so many samples with what is put around them: as many zeros behind as the last frame wants.
func (s *melScale[F]) length(samples int) int {
	n := samples + 2*s.pad
	if over := (n - s.size) % s.hop; n > s.size && over > 0 {
		n += s.hop - over
	}
	return max(n, s.size)
}

// origin is which of so many samples stands at place i of what is padded, -1 for none.
func (s *melScale[F]) origin(i, samples int) int {
	at := i - s.pad
	if at < 0 {
		at = -at
	} else if at >= samples {
		at = 2*(samples-1) - at
	}
	if i >= samples+2*s.pad || at < 0 || at >= samples {
		return -1
	}
	return at
}

func (s *melScale[F]) reflected(to, x []F) []F {
	to = resized(to, s.length(len(x)))
	for i := range to {
		to[i] = 0
		if at := s.origin(i, len(x)); at >= 0 {
			to[i] = x[at]
		}
	}
	return to
}
