package mel

import (
	"math"
	"testing"
)

func near(t *testing.T, name string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.15g, want %.15g", name, got, want)
	}
}

// The mel scale gives 1000 Hz about 1000 mel, grows, bends down, and has its inverse.
func TestMelScale(t *testing.T) {
	near(t, "FromHertz(0)", FromHertz(0), 0, 0)
	near(t, "FromHertz(1000)", FromHertz(1000), 1000, 0.1)
	for f := 0.0; f < 8000; f += 100 {
		near(t, "there and back", ToHertz(FromHertz(f)), f, 1e-9)
		if low, high := FromHertz(f+100)-FromHertz(f), FromHertz(f+200)-FromHertz(f+100); low <= high || high <= 0 {
			t.Errorf("from %g Hz on, the steps of 100 Hz are %g and %g mel", f, low, high)
		}
	}
}

// Between the first and the last centre every frequency belongs to two filters
// whose weights add up to 1; the filters cover the spectrum in their order.
func TestBank(t *testing.T) {
	for _, count := range []int{26, 40} {
		bank := Bank(count, 512, 16000, 0)
		sums := make([]float64, 257)
		for m, f := range bank {
			if len(f.Weights) == 0 || m > 0 && f.First < bank[m-1].First {
				t.Fatalf("filter %d of %d begins at %d with %d weights", m, count, f.First, len(f.Weights))
			}
			for i, w := range f.Weights {
				sums[f.First+i] += w
			}
		}
		first, last := ToHertz(FromHertz(8000)/float64(count+1)), ToHertz(FromHertz(8000)*float64(count)/float64(count+1))
		for f, sum := range sums {
			if hz := float64(f) * 16000 / 512; hz >= first && hz <= last {
				near(t, "sum of weights", sum, 1, 1e-9)
			}
		}
	}
}
