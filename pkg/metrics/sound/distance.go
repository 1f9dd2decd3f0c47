package sound

import (
	"math"

	"github.com/snnctl/snnctl/internal/mel"
)

// SNR is 10 log₁₀(Σx²/Σ(y-x)²) in dB.
func SNR(x, y []float32) float64 {
	signal, noise := 0.0, 0.0
	for i, v := range x {
		d := float64(y[i]) - float64(v)
		signal += float64(v) * float64(v)
		noise += d * d
	}
	return 10 * math.Log10((signal+1e-20)/(noise+1e-20))
}

// siSegment is the length of the segments of SISNR, in s; they overlap by half.
const siSegment = 5

// SISNR is the scale-invariant signal-to-noise ratio in dB, the mean over segments of 5 s that
// overlap by half: both zero-mean, p = ⟨y,x⟩x/(‖x‖²+e), 10 log₁₀((‖p‖²+e)/(‖y-p‖²+e)) with e = 1.19e-7
// · samples of the segment. What is shorter than a segment is one.
func SISNR(x, y []float32, rate int) float64 {
	length := min(siSegment*rate, len(x))
	if length == 0 {
		return math.NaN()
	}
	sum, count := 0.0, 0
	for at := 0; at+length <= len(x); at += max(1, length/2) {
		sum += siSNR(x[at:at+length], y[at:at+length])
		count++
	}
	return sum / float64(count)
}

func siSNR(x, y []float32) float64 {
	n := float64(len(x))
	e := 1.19e-7 * n
	var mx, my float64
	for i := range x {
		mx += float64(x[i]) / n
		my += float64(y[i]) / n
	}
	var xx, yy, xy float64
	for i := range x {
		a, b := float64(x[i])-mx, float64(y[i])-my
		xx, yy, xy = xx+a*a, yy+b*b, xy+a*b
	}
	scale := xy / (xx + e)
	projected := scale * scale * xx
	rest := yy - 2*scale*xy + projected
	return 10 * math.Log10((projected+e)/(max(rest, 0)+e))
}

// Bands are a window and a number of mel bands.
type Bands struct{ Window, Bands int }

// The sets of resolutions of LogMel: QuickBands of section 8, and FullBands, those of the
// Descript audio codec.
var (
	quickBands = []Bands{{256, 20}, {512, 40}, {1024, 64}}
	fullBands  = []Bands{{32, 5}, {64, 10}, {128, 20}, {256, 40}, {512, 80}, {1024, 160}, {2048, 320}}
)

// QuickBands has the windows 256, 512, 1024 with 20, 40, 64 bands.
func QuickBands() []Bands { return quickBands }

// FullBands has the windows 32 to 2048 with 5 to 320 bands.
func FullBands() []Bands { return fullBands }

const (
	lowestMel = 40   // Hz
	melFloor  = 1e-5 // of a magnitude
)

// LogMel is the multi-resolution log-mel distance: the mean over (n, bands) of the mean over
// bands and frames of |log₁₀ max(1e-5, mel x) - log₁₀ max(1e-5, mel y)|. Magnitudes of a Hann
// window of n samples every n/4, divided by √Σw²; triangular HTK mel bands from 40 Hz to half
// the rate, without normalisation of their area. What is too short for a window has zeros behind it.
func LogMel(x, y []float32, rate int, resolutions []Bands) float64 {
	total := 0.0
	for _, r := range resolutions {
		s := NewSTFT(r.Window, r.Window/4)
		bank := mel.Bank(r.Bands, r.Window, float64(rate), lowestMel)
		xs, ys := padded(x, r.Window), padded(y, r.Window)
		frames := s.Frames(len(xs))
		sum := 0.0
		a, b := make([]float64, r.Bands), make([]float64, r.Bands)
		for i := range frames {
			bandsOf(a, bank, Frame(s, xs, i), s)
			bandsOf(b, bank, Frame(s, ys, i), s)
			for k := range a {
				sum += math.Abs(math.Log10(max(melFloor, a[k])) - math.Log10(max(melFloor, b[k])))
			}
		}
		total += sum / float64(frames*r.Bands)
	}
	return total / float64(len(resolutions))
}

func padded(x []float32, n int) []float32 {
	if len(x) >= n {
		return x
	}
	return append(append([]float32(nil), x...), make([]float32, n-len(x))...)
}

// bandsOf are the mel bands of the magnitudes of a spectrum.
func bandsOf(to []float64, bank []mel.Band, spectrum []complex128, s *STFT) {
	norm := 0.0
	for _, w := range s.Window {
		norm += w * w
	}
	norm = 1 / math.Sqrt(norm)
	for k, band := range bank {
		sum := 0.0
		for i, w := range band.Weights {
			c := spectrum[band.First+i]
			sum += w * math.Sqrt(real(c)*real(c)+imag(c)*imag(c))
		}
		to[k] = sum * norm
	}
}

// Spectra is the multi-resolution STFT distance: for n = 512, 1024, 2048 the spectral
// convergence ‖S-Ŝ‖_F/‖S‖_F plus the mean of |ln S - ln Ŝ|, and the mean of these sums. Magnitudes of a Hann window
// every n/4, divided by √Σw²; below 1e-5 they count as that.
func Spectra(x, y []float32) float64 {
	total := 0.0
	sizes := []int{512, 1024, 2048}
	for _, n := range sizes {
		s := NewSTFT(n, n/4)
		xs, ys := padded(x, n), padded(y, n)
		norm := 0.0
		for _, w := range s.Window {
			norm += w * w
		}
		norm = 1 / math.Sqrt(norm)
		var apart, whole, logs float64
		a := make([]float64, s.Bins())
		frames := s.Frames(len(xs))
		for i := range frames {
			for k, c := range Frame(s, xs, i) {
				a[k] = norm * math.Hypot(real(c), imag(c))
			}
			for k, c := range Frame(s, ys, i) {
				m := norm * math.Hypot(real(c), imag(c))
				apart += (m - a[k]) * (m - a[k])
				whole += a[k] * a[k]
				logs += math.Abs(math.Log(max(m, melFloor)) - math.Log(max(a[k], melFloor)))
			}
		}
		total += math.Sqrt(apart/(whole+1e-20)) + logs/float64(frames*s.Bins())
	}
	return total / float64(len(sizes))
}
