package autoencoder

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

const lanes = kernel.Lanes

// frames are short-time Fourier transforms of one length: windows of size samples every
// size/4, weighed by the periodic Hann window, as many of them side by side as a kernel has lanes.
// What is read is shared among goroutines; what is written is in a bench of theirs.
type frames[F tensor.Float] struct {
	size, hop int
	window    []F
	fourier   *kernel.Fourier[F]
}

func newFrames[F tensor.Float](size int) *frames[F] {
	s := &frames[F]{size: size, hop: size / 4, window: make([]F, size), fourier: kernel.NewFourier[F](size)}
	for i := range s.window {
		s.window[i] = F(0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(size)))
	}
	return s
}

// bins is size/2 + 1.
func (s *frames[F]) bins() int { return s.size/2 + 1 }

// count is how many whole frames there are in so many samples.
func (s *frames[F]) count(samples int) int {
	if samples < s.size {
		return 0
	}
	return (samples-s.size)/s.hop + 1
}

// bench is the memory that transforms of up to some size work in.
type bench[F tensor.Float] struct{ a, b kernel.Complex[F] }

func newBench[F tensor.Float](size int) *bench[F] {
	return &bench[F]{kernel.NewComplex[F](size), kernel.NewComplex[F](size)}
}

// pair are the magnitudes of the frames of two signals, and the spectra of the second:
// groups of lanes frames one behind the other, each [bins][lanes]. Places beyond the last frame hold those of silence.
type pair[F tensor.Float] struct {
	x, y     []F
	spectrum kernel.Complex[F]
}

// fit makes room for all frames of so many samples.
func (p *pair[F]) fit(s *frames[F], samples int) {
	n := tensor.Groups(s.count(samples)) * s.bins() * lanes
	if len(p.x) != n {
		*p = pair[F]{make([]F, n), make([]F, n), kernel.Complex[F]{Re: make([]F, n), Im: make([]F, n)}}
	}
}

// group is group g of p.
func (p *pair[F]) group(s *frames[F], g int) pair[F] {
	n := s.bins() * lanes
	lo, hi := g*n, (g+1)*n
	return pair[F]{p.x[lo:hi], p.y[lo:hi], kernel.Complex[F]{Re: p.spectrum.Re[lo:hi], Im: p.spectrum.Im[lo:hi]}}
}

// transform sets p to scale √(|X|² + least) and scale √(|Y|² + least) of the frames of x and y, and to Y.
func (s *frames[F]) transform(p *pair[F], x, y []F, scale, least F, w *bench[F]) {
	p.fit(s, len(x))
	count := s.count(len(x))
	for g := range tensor.Groups(count) {
		for lane := range lanes {
			f := g*lanes + lane
			gather(w.a.Re[:s.size*lanes], x, f, count, lane, s)
			gather(w.a.Im[:s.size*lanes], y, f, count, lane, s)
		}
		z, _ := s.fourier.Transform(w.a, w.b)
		to := p.group(s, g)
		kernel.PairSpectra(z, scale, least, to.x, to.y, to.spectrum)
	}
}

// gather writes frame f of x, weighed, into a lane of rows; zeros if there are not so many frames.
func gather[F tensor.Float](rows, x []F, f, count, lane int, s *frames[F]) {
	at := lane
	if f >= count {
		for range s.size {
			rows[at] = 0
			at += lanes
		}
		return
	}
	x = x[f*s.hop:][:len(s.window)]
	for k, w := range s.window {
		rows[at] = w * x[k]
		at += lanes
	}
}

// adjoint adds to gy, samples, what the gradients with respect to the real and imaginary parts of the spectra of y, which
// stand in the place of the spectra themselves, give.
func (s *frames[F]) adjoint(gy []F, p *pair[F], w *bench[F]) {
	count := s.count(len(gy))
	groups := tensor.Groups(count)
	for g := 0; g < groups; g += 2 {
		first, second := p.group(s, g), pair[F]{}
		if g+1 < groups {
			second = p.group(s, g+1)
		} else {
			n := s.bins() * lanes
			clear(w.b.Re[:n])
			second.spectrum = kernel.Complex[F]{Re: w.b.Re[:n], Im: w.b.Re[:n]}
		}
		a := kernel.Complex[F]{Re: w.a.Re[:s.size*lanes], Im: w.a.Im[:s.size*lanes]}
		kernel.JoinSpectra(first.spectrum, second.spectrum, a)
		z, _ := s.fourier.Transform(a.Exchanged(), w.b)
		z = z.Exchanged()
		for lane := range lanes {
			spread(gy, z.Re, g*lanes+lane, count, lane, s)
			spread(gy, z.Im, (g+1)*lanes+lane, count, lane, s)
		}
	}
}

// spread adds a lane of rows, weighed, to frame f of gy, if there is one.
func spread[F tensor.Float](gy, rows []F, f, count, lane int, s *frames[F]) {
	if f >= count {
		return
	}
	gy = gy[f*s.hop:][:len(s.window)]
	at := lane
	for k, w := range s.window {
		gy[k] += F(w * rows[at])
		at += lanes
	}
}
