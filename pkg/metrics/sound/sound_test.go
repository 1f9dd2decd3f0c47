package sound

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
)

func noise(n int, seed uint64) []float32 {
	r := rng.Stream(seed, "noise", 0, 0)
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(.1 * r.NormFloat64())
	}
	return x
}

func scaled(x []float32, by float32) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = by * v
	}
	return y
}

func TestDistancesOfWhatIsKnown(t *testing.T) {
	const rate = 8000
	x := noise(12*rate, 1)
	if d := LogMel(x, x, rate, QuickBands()); d != 0 {
		t.Errorf("log-mel of a sound to itself: %v", d)
	}
	if d := Spectra(x, x); d != 0 {
		t.Errorf("STFT distance of a sound to itself: %v", d)
	}
	// Ten times as loud is 1 in log₁₀; the spectral convergence of 10 x is 9, |ln 10| the rest.
	loud := scaled(x, 10)
	if d := LogMel(x, loud, rate, FullBands()[1:]); math.Abs(d-1) > 1e-4 {
		t.Errorf("log-mel of ten times as loud: %v", d)
	}
	if d := Spectra(x, loud); math.Abs(d-9-math.Ln10) > 1e-3 {
		t.Errorf("STFT distance of ten times as loud: %v", d)
	}
	// Scale does not matter to SI-SNR, but to SNR: 10 log₁₀(1/81) dB.
	if d := SISNR(x, loud, rate); d < 60 {
		t.Errorf("SI-SNR of ten times as loud: %v dB", d)
	}
	if d := SNR(x, loud); math.Abs(d+10*math.Log10(81)) > 1e-3 {
		t.Errorf("SNR of ten times as loud: %v dB", d)
	}
	// Noise that is independent, and ten times weaker, is 20 dB below.
	n := noise(12*rate, 2)
	y := make([]float32, len(x))
	for i := range y {
		y[i] = x[i] + .1*n[i]
	}
	if d := SISNR(x, y, rate); math.Abs(d-20) > .2 {
		t.Errorf("SI-SNR %v dB, want 20", d)
	}
	if d := SNR(x, y); math.Abs(d-20) > .2 {
		t.Errorf("SNR %v dB, want 20", d)
	}
	// What is shorter than any window has a distance all the same.
	if d := LogMel(x[:100], y[:100], rate, QuickBands()); !(d > 0) || math.IsInf(d, 0) {
		t.Errorf("of 100 samples: %v", d)
	}
}

// The adjoint of a frame: ⟨F x, g⟩ = ⟨x, F'g⟩.
func TestAdjointOfTheTransform(t *testing.T) {
	s := NewSTFT(16, 4)
	x := make([]float64, 40)
	g := make([]complex128, s.Bins())
	r := rng.Stream(3, "adjoint", 0, 0)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	for i := range g {
		g[i] = complex(r.NormFloat64(), r.NormFloat64())
	}
	left := 0.0
	for k, c := range Frame(s, x, 3) {
		left += real(c)*real(g[k]) + imag(c)*imag(g[k])
	}
	back := make([]float64, len(x))
	AddAdjoint(s, back, g, 3)
	right := 0.0
	for i, v := range back {
		right += v * x[i]
	}
	if math.Abs(left-right) > 1e-10 {
		t.Errorf("%v and %v", left, right)
	}
	// By the definition.
	f := Frame(s, x, 3)
	for _, k := range []int{0, 3, 8} {
		var want complex128
		for n := range 16 {
			w := .5 - .5*math.Cos(2*math.Pi*float64(n)/16)
			sin, cos := math.Sincos(2 * math.Pi * float64(k*n) / 16)
			want += complex(w*x[12+n]*cos, -w*x[12+n]*sin)
		}
		if d := f[k] - want; math.Hypot(real(d), imag(d)) > 1e-10 {
			t.Errorf("bin %d is %v, want %v", k, f[k], want)
		}
	}
}

// Tones that begin one after the other are found where they begin, and count as found again up to 50 ms off.
func TestOnsets(t *testing.T) {
	const rate = 8000
	tones := func(starts ...float64) []float32 {
		x := noise(4*rate, 5)
		for i := range x {
			x[i] *= .001
			for k, s := range starts {
				if t := float64(i)/rate - s; t >= 0 {
					x[i] += float32(.2 * math.Exp(-4*t) * math.Sin(2*math.Pi*(300+130*float64(k))*t))
				}
			}
		}
		return x
	}
	starts := []float64{.5, 1.1, 1.45, 2.6, 3.2}
	x := tones(starts...)
	found := Onsets(x, rate)
	if len(found) != len(starts) {
		t.Fatalf("onsets at %v, want %v", found, starts)
	}
	for i, s := range starts {
		if math.Abs(found[i]-s) > .03 {
			t.Errorf("onset %d at %v s, want %v", i, found[i], s)
		}
	}
	if f := OnsetF1(x, x, rate); f != 1 {
		t.Errorf("F of a sound to itself is %v", f)
	}
	if f := OnsetF1(x, tones(.5, 1.1, 2.6, 3.2), rate); math.Abs(f-8./9) > 1e-9 {
		t.Errorf("F without one onset of five is %v, want 8/9", f)
	}
	if f := OnsetF1(x, make([]float32, 4*rate), rate); f != 0 {
		t.Errorf("F of silence is %v", f)
	}
	if f := OnsetF1(make([]float32, 100), x[:100], rate); !math.IsNaN(f) {
		t.Errorf("F of what has no onsets is %v", f)
	}
	for _, c := range []struct {
		want, got []float64
		f         float64
	}{
		{[]float64{1, 2}, []float64{1.05, 1.95}, 1},
		{[]float64{1, 2}, []float64{1.06, 1.94}, 0},
		{[]float64{1, 1.02}, []float64{1.01}, 2. / 3},
	} {
		if f := matchedF1(c.want, c.got, .0501); math.Abs(f-c.f) > 1e-9 {
			t.Errorf("%v and %v: F is %v, want %v", c.want, c.got, f, c.f)
		}
	}
}
