// Package sound measures how far one sound is from another (arXiv:2402.01571, section 8 of
// the method).
package sound

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

// STFT is a short-time Fourier transform with frames of Size samples every Hop, weighed
// by the periodic Hann window. It has memory of its own, and is for one goroutine.
type STFT struct {
	Size, Hop int
	Window    []float64

	fft    *fourier.FFT
	frame  []float64
	coeffs []complex128
}

// NewSTFT returns a transform.
func NewSTFT(size, hop int) *STFT {
	s := &STFT{Size: size, Hop: hop, Window: make([]float64, size), fft: fourier.NewFFT(size), frame: make([]float64, size), coeffs: make([]complex128, size/2+1)}
	for i := range s.Window {
		s.Window[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(size))
	}
	return s
}

// Bins is Size/2 + 1.
func (s *STFT) Bins() int { return s.Size/2 + 1 }

// Frames is how many whole frames there are in so many samples.
func (s *STFT) Frames(samples int) int {
	if samples < s.Size {
		return 0
	}
	return (samples-s.Size)/s.Hop + 1
}

// Frame is the spectrum of frame i of x. It is valid until the next call.
func Frame[F float32 | float64](s *STFT, x []F, i int) []complex128 {
	for k, v := range x[i*s.Hop : i*s.Hop+s.Size] {
		s.frame[k] = float64(v) * s.Window[k]
	}
	return s.fft.Coefficients(s.coeffs, s.frame)
}

// AddAdjoint adds to gx, the gradient with respect to the samples of frame i, what the
// gradient g = ∂/∂Re + i ∂/∂Im with respect to its spectrum gives. It changes g.
func AddAdjoint[F float32 | float64](s *STFT, gx []F, g []complex128, i int) {
	for k := range g {
		if k == 0 || 2*k == s.Size {
			g[k] = complex(real(g[k]), 0)
		} else {
			g[k] /= 2
		}
	}
	s.fft.Sequence(s.frame, g)
	for k, v := range s.frame {
		gx[i*s.Hop+k] += F(v * s.Window[k])
	}
}
