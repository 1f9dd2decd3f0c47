package metrics

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat"
)

// The density of a signal integrates to its variance, and that of a sine lies at its frequency.
func TestPowerSpectrum(t *testing.T) {
	const n, segment, dt = 51200, 512, 1e-3
	r := rand.New(rand.NewPCG(1, 2))
	noise, sine := make([]float64, n), make([]float64, n)
	for i := range noise {
		noise[i] = 3 + 2*r.NormFloat64()
		sine[i] = 5 * math.Sin(2*math.Pi*62.5*float64(i)*dt)
	}
	for name, x := range map[string][]float64{"noise": noise, "sine": sine} {
		frequency, power := PowerSpectrum(x, segment, dt)
		total := 0.0
		for _, p := range power {
			total += p * frequency[1]
		}
		if want := stat.Variance(x, nil); math.Abs(total/want-1) > 0.05 {
			t.Errorf("%s: the density integrates to %g, the variance is %g", name, total, want)
		}
	}
	if at, _ := SpectralPeak(PowerSpectrum(sine, segment, dt)); at != 62.5 {
		t.Errorf("a sine of 62.5 Hz peaks at %g Hz", at)
	}
	if f, p := PowerSpectrum(sine[:segment-1], segment, dt); f != nil || p != nil {
		t.Error("a spectrum of less than a segment")
	}
	if c := Autocorrelation(sine, 16); math.Abs(c-1) > 1e-6 {
		t.Errorf("a sine correlates by %g with itself a period later", c)
	}
	if c := Autocorrelation(sine, 8); math.Abs(c+1) > 1e-6 {
		t.Errorf("a sine correlates by %g with itself half a period later", c)
	}
}
