package speechfeatures

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/snnctl/snnctl/internal/mel"
	"github.com/snnctl/snnctl/internal/rng"
)

func near(t *testing.T, name string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.15g, want %.15g", name, got, want)
	}
}

// Parseval: the energy of a windowed frame is the same in time and in frequency.
func TestPowerKeepsEnergy(t *testing.T) {
	e := newExtractor(MFCC, 16000)
	r := rng.Stream(1, "frame", 0, 0)
	samples := make([]float64, e.size)
	for i := range samples {
		samples[i] = r.NormFloat64()
	}
	power := e.power(samples)
	n := len(e.frame)
	if e.size != 400 || e.hop != 160 || n != 512 {
		t.Fatalf("frames of %d every %d in an FFT of %d, want 400, 160, 512", e.size, e.hop, n)
	}
	var inTime, inFrequency float64
	for _, x := range e.frame {
		inTime += x * x
	}
	for f, p := range power {
		if f != 0 && f != n/2 {
			p *= 2 // and the frequency -f
		}
		inFrequency += p / float64(n)
	}
	near(t, "energy", inFrequency, inTime, 1e-9*inTime)
}

// A pure tone is loudest in the filter whose centre is nearest on the mel scale, in
// every frame.
func TestToneLandsInItsFilter(t *testing.T) {
	for _, rate := range []int{8000, 16000, 22050} {
		e := newExtractor(FilterBank, rate)
		count := FilterBank.filters()
		for m := 6; m < count; m += 5 {
			tone := mel.ToHertz(float64(m+1) * mel.FromHertz(float64(rate)/2) / float64(count+1))
			samples := make([]float64, rate/4)
			for i := range samples {
				samples[i] = 0.1 * math.Sin(2*math.Pi*tone*float64(i)/float64(rate))
			}
			features := e.features(samples)
			width := FilterBank.Base()
			if len(features) != width*e.frames(len(samples)) || len(features) == 0 {
				t.Fatalf("%d features", len(features))
			}
			for at := 0; at < len(features); at += width {
				loudest := 0
				for i, x := range features[at : at+count] {
					if x > features[at+loudest] {
						loudest = i
					}
				}
				if loudest != m {
					t.Errorf("%d Hz, a tone of %.0f Hz is loudest in filter %d, want %d", rate, tone, loudest, m)
					break
				}
			}
		}
	}
}

// The rows of the DCT are orthonormal, and a flat spectrum has only c_0.
func TestCosineTransform(t *testing.T) {
	rows := newDCT(26, 26)
	for i, a := range rows {
		for j, b := range rows {
			var dot float64
			for m := range a {
				dot += a[m] * b[m]
			}
			want := 0.0
			if i == j {
				want = 1
			}
			near(t, "dot product", dot, want, 1e-12)
		}
	}
}

// Twice the amplitude adds ln 4 to every log energy and ln 4 √26 to c_0 alone.
func TestLoudness(t *testing.T) {
	r := rng.Stream(2, "noise", 0, 0)
	soft, loud := make([]float64, 4000), make([]float64, 4000)
	for i := range soft {
		soft[i] = 0.1 * r.NormFloat64()
		loud[i] = 2 * soft[i]
	}
	for _, kind := range []Kind{FilterBank, MFCC} {
		e := newExtractor(kind, 16000)
		a, b := e.features(soft), e.features(loud)
		for i := range a {
			want := math.Log(4)
			if kind == MFCC {
				want = 0
				if i%cepstra == 0 {
					want = math.Log(4) * math.Sqrt(26)
				}
			}
			near(t, string(kind), float64(b[i]-a[i]), want, 1e-4)
		}
	}
}

// Δ is the difference of the neighbours, and zero at both ends, of Δ too.
func TestSlopes(t *testing.T) {
	got := withSlopes([]float32{1, 10, 2, 20, 4, 50, 8, 60, 9, 90}, 2)
	want := []float32{
		1, 10, 0, 0, 0, 0,
		2, 20, 3, 40, 6, 40,
		4, 50, 6, 40, 2, 0,
		8, 60, 5, 40, -6, -40,
		9, 90, 0, 0, 0, 0,
	}
	if len(got) != len(want) {
		t.Fatalf("%d numbers, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("number %d is %g, want %g", i, got[i], want[i])
		}
	}
}

// Real speech has features that are finite, differ, and follow its loudness.
func TestRealSpeech(t *testing.T) {
	files, _ := filepath.Glob("../../../../shared/data/speech/*.wav")
	if len(files) == 0 {
		t.Skip("there are no recordings of speech beside the repository")
	}
	for _, path := range files {
		s, err := readSound(path)
		if err != nil {
			t.Fatal(err)
		}
		e := newExtractor(FilterBank, s.rate)
		features := e.features(s.samples)
		width := FilterBank.Base()
		lowest, highest := math.Inf(1), math.Inf(-1)
		for at := width - 1; at < len(features); at += width {
			lowest, highest = min(lowest, float64(features[at])), max(highest, float64(features[at]))
		}
		seconds := float64(len(s.samples)) / float64(s.rate)
		if frames := len(features) / width; math.Abs(float64(frames)/100-seconds) > 0.05 || seconds < 1 {
			t.Errorf("%s: %d frames of %.2f s", path, frames, seconds)
		}
		if span := highest - lowest; span < 4 || span > 25 { // in nats: 17 dB and 110 dB
			t.Errorf("%s: the energy spans %.1f nats", path, span)
		}
		for _, x := range features {
			if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
				t.Fatalf("%s: a feature is %v", path, x)
			}
		}
	}
}
