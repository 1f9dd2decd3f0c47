package synthpiano

import (
	"math"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/pkg/datasets/audio/midi"
)

var options = Options{Rate: 8000, Seconds: 60, Low: 48, High: 72, Seed: 1}

// What section 12.2 measured of its own: about 200 notes a minute, RMS about 0.043, peak 0.5 to 0.9.
func TestPiecesAreLikeThoseOfTheMethod(t *testing.T) {
	p := options.Play(100)
	if n := len(p.Notes); n < 150 || n > 260 {
		t.Errorf("%d notes in a minute, expected about 200", n)
	}
	peak, squares := 0.0, 0.0
	for _, x := range p.Samples {
		peak = max(peak, math.Abs(float64(x)))
		squares += float64(x) * float64(x)
	}
	if rms := math.Sqrt(squares / float64(len(p.Samples))); rms < .03 || rms > .06 || peak < .3 || peak > 1 {
		t.Errorf("RMS %.3f, peak %.2f", rms, peak)
	}
	for i, n := range p.Notes {
		if n.Key < 48 || n.Key > 72 || slices.Contains([]int{1, 3, 6, 8, 10}, n.Key%12) {
			t.Errorf("key %d is not a white one from 48 to 72", n.Key)
		}
		if at := n.Onset * 8000; math.Abs(at-math.Round(at)) > 1e-6 || n.Duration < .1 || n.Duration > 1.5 || n.Velocity < 30 || n.Velocity > 115 {
			t.Errorf("note %+v", n)
		}
		sounding := 0
		for _, o := range p.Notes[:i] {
			if o.Onset+o.Duration > n.Onset+1e-3 {
				sounding++
				if o.Key == n.Key {
					t.Errorf("key %d is struck at %v while it sounds", n.Key, n.Onset)
				}
			}
		}
		if sounding >= voices {
			t.Errorf("at %v there sound %d notes already", n.Onset, sounding)
		}
	}
	if again := options.Play(100); !slices.Equal(again.Samples, p.Samples) {
		t.Error("the same piece sounds otherwise")
	}
	if other := options.Play(1); slices.Equal(other.Samples, p.Samples) {
		t.Error("two pieces are one")
	}
}

// The strongest frequency of a note is that of its key, and its partials are as the formula has them.
func TestANoteHasThePartialsOfItsKey(t *testing.T) {
	const rate, n = 8000, 8000
	samples := make([]float64, n)
	render(samples, midi.Note{Key: 69, Velocity: 80, Duration: 1}, rate, 1, 0, 0)
	power := func(hz float64) float64 {
		var re, im float64
		for i, x := range samples {
			s, c := math.Sincos(2 * math.Pi * hz * float64(i) / rate)
			re, im = re+x*c, im+x*s
		}
		return re*re + im*im
	}
	b := 1e-4 * math.Exp(.08*29)
	second := 880 * math.Sqrt((1+4*b)/(1+b))
	for _, f := range []float64{440, second} {
		for _, d := range []float64{-6, 6} {
			if power(f) < 4*power(f+d) {
				t.Errorf("no partial at %.1f Hz: %g, and %g at %+g", f, power(f), power(f+d), d)
			}
		}
	}
	if ratio := math.Sqrt(power(440) / power(second)); ratio < 1 {
		t.Errorf("the second partial is stronger by %v", 1/ratio)
	}
}

func BenchmarkPlay(b *testing.B) {
	for b.Loop() {
		options.Play(1)
	}
}
