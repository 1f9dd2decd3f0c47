// Package speechfeatures makes the features of frames of speech that phonemes are
// recognised from, out of sound and phone labels in the files of the TIMIT corpus.
//
// Sound s[n] is pre-emphasised, s[n] - 0.97 s[n-1], and cut into frames of 25 ms every
// 10 ms. Each is weighted by a Hamming window; |X|² is its power spectrum by an FFT of
// the next power of two; E_m = Σ_f H_m[f] |X[f]|² are the energies of triangular filters
// whose corners lie evenly on the mel scale from 0 to half the sampling rate:
//
//	(1) mel(f) = 2595 log10(1 + f/700)
//
// Then there are two kinds of features,
//
//	(2) FilterBank:  ln E_1 … ln E_40, and ln Σ_n s[n]² of the frame           41
//	(3) MFCC:        Σ_m a_k ln E_m cos(π k (m - ½)/M), k = 0 … 12, M = 26      13
//	                 with a_0 = √(1/M), else √(2/M): a DCT with orthonormal rows
//
// each normalised to mean 0 and standard deviation 1 over all frames of the training
// set, and after that followed by its slope and the slope's slope:
//
//	(4) Δ[i] = f[i+1] - f[i-1], zero in the first and in the last frame
//
// which makes 123 or 39 numbers a frame. The phone of a frame is that of the sample
// at its centre.
package speechfeatures

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
	"gonum.org/v1/gonum/dsp/window"

	"github.com/snnctl/snnctl/internal/mel"
)

// Kind is a kind of features.
type Kind string

// The kinds.
const (
	MFCC       Kind = "mfcc"
	FilterBank Kind = "fbank"
)

// filters is the number of mel filters.
func (k Kind) filters() int {
	if k == MFCC {
		return 26
	}
	return 40
}

// Base is the number of features of a frame before slopes are added.
func (k Kind) Base() int {
	if k == MFCC {
		return cepstra
	}
	return k.filters() + 1
}

const (
	windowSeconds = 0.025
	stepSeconds   = 0.010
	preEmphasis   = 0.97
	cepstra       = 13
	floor         = 1e-10 // of an energy, so that silence has a logarithm
)

// extractor turns sound of one sampling rate into features. It holds scratch
// memory: one goroutine at a time.
type extractor struct {
	kind      Kind
	size, hop int // of a frame and between frames, in samples
	fft       *fourier.FFT
	hamming   []float64
	bank      []mel.Band
	dct       [][]float64

	frame    []float64 // padded to the length of the FFT
	spectrum []complex128
	logs     []float64
}

func newExtractor(kind Kind, rate int) *extractor {
	e := &extractor{kind: kind, size: int(math.Round(windowSeconds * float64(rate))), hop: int(math.Round(stepSeconds * float64(rate)))}
	length := 1
	for length < e.size {
		length *= 2
	}
	e.fft = fourier.NewFFT(length)
	e.hamming = make([]float64, e.size)
	for i := range e.hamming {
		e.hamming[i] = 1
	}
	window.Hamming(e.hamming)
	e.bank = mel.Bank(kind.filters(), length, float64(rate), 0)
	e.dct = newDCT(cepstra, kind.filters())
	e.frame, e.logs = make([]float64, length), make([]float64, kind.filters())
	return e
}

// frames is how many whole frames there are in so many samples.
func (e *extractor) frames(samples int) int {
	if samples < e.size {
		return 0
	}
	return 1 + (samples-e.size)/e.hop
}

// centre is the sample in the middle of a frame.
func (e *extractor) centre(frame int) int { return frame*e.hop + e.size/2 }

// features returns those of all frames, [frames][Base]. Samples are in [-1, 1].
func (e *extractor) features(samples []float64) []float32 {
	emphasised := make([]float64, len(samples))
	for i, s := range samples {
		emphasised[i] = s
		if i > 0 {
			emphasised[i] -= preEmphasis * samples[i-1]
		}
	}
	var all []float32
	for i := range e.frames(len(samples)) {
		at := i * e.hop
		power := e.power(emphasised[at : at+e.size])
		for m, f := range e.bank {
			e.logs[m] = math.Log(max(f.Of(power), floor))
		}
		if e.kind == FilterBank {
			for _, l := range e.logs {
				all = append(all, float32(l))
			}
			var energy float64
			for _, s := range samples[at : at+e.size] {
				energy += s * s
			}
			all = append(all, float32(math.Log(max(energy, floor))))
			continue
		}
		for _, row := range e.dct {
			var sum float64
			for m, l := range e.logs {
				sum += row[m] * l
			}
			all = append(all, float32(sum))
		}
	}
	return all
}

// power is |X[f]|² of a windowed frame, f = 0 … N/2, N being the length of the FFT.
func (e *extractor) power(samples []float64) []float64 {
	clear(e.frame)
	for i, s := range samples {
		e.frame[i] = s * e.hamming[i]
	}
	e.spectrum = e.fft.Coefficients(e.spectrum, e.frame)
	power := make([]float64, len(e.spectrum))
	for f, x := range e.spectrum {
		power[f] = real(x)*real(x) + imag(x)*imag(x)
	}
	return power
}

// slopes is equation (4) for rows of features.
func slopes(features []float32, width int) []float32 {
	d := make([]float32, len(features))
	for at := width; at < len(features)-width; at++ {
		d[at] = features[at+width] - features[at-width]
	}
	return d
}

// withSlopes joins features, Δ and ΔΔ frame by frame: [frames][3 width].
func withSlopes(features []float32, width int) []float32 {
	first := slopes(features, width)
	second := slopes(first, width)
	joined := make([]float32, 0, 3*len(features))
	for at := 0; at < len(features); at += width {
		for _, part := range [][]float32{features, first, second} {
			joined = append(joined, part[at:at+width]...)
		}
	}
	return joined
}

// newDCT is the matrix of equation (3), [count][inputs].
func newDCT(count, inputs int) [][]float64 {
	rows := make([][]float64, count)
	for k := range rows {
		scale := math.Sqrt(2 / float64(inputs))
		if k == 0 {
			scale = math.Sqrt(1 / float64(inputs))
		}
		for m := range inputs {
			rows[k] = append(rows[k], scale*math.Cos(math.Pi*float64(k)*(float64(m)+0.5)/float64(inputs)))
		}
	}
	return rows
}
