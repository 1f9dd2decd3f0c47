package metrics

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/golden"
)

func TestGoldenSmoothing(t *testing.T) {
	for _, file := range golden.Having(t, "neulvm", "x", "sigma", "truncate", "y") {
		var c struct {
			X, Y            []float64
			Sigma, Truncate float64
		}
		if err := json.Unmarshal(file.Bytes, &c); err != nil {
			t.Fatal(err)
		}
		if c.Truncate != 4 {
			t.Fatalf("%s: the kernel is cut at %g", file.Path, c.Truncate)
		}
		got := SmoothGaussian(c.X, c.Sigma)
		for i, want := range c.Y {
			if math.Abs(got[i]-want) > 1e-12 {
				t.Errorf("%s: y[%d] = %.15g, want %.15g", file.Path, i, got[i], want)
			}
		}
	}
}

// Smoothing keeps constants and sums, however wide the kernel.
func TestSmoothingKeepsTheSum(t *testing.T) {
	x := []float64{3, 0, 0, 1, 7, 0, 2}
	for _, sigma := range []float64{0, 0.4, 2, 30} {
		sum := 0.0
		for _, v := range SmoothGaussian(x, sigma) {
			sum += v
		}
		if math.Abs(sum-13) > 1e-10 {
			t.Errorf("sigma %g: the sum is %g, was 13", sigma, sum)
		}
	}
}

func TestTakingTurns(t *testing.T) {
	const dt = 4e-3
	first, second, other := make([]float64, 5000), make([]float64, 5000), make([]float64, 5000)
	for i := range first {
		high, low := &first[i], &second[i]
		if i >= 1000 && i < 3000 || i >= 4500 {
			high, low = low, high
		}
		*high, *low, other[i] = 20, 5, 25
		if i > 2000 && i < 2050 { // a draw is no change
			*high = 5
		}
	}
	m := TakingTurns(first, second, other, dt)
	if m.Switches != 3 || len(m.Dwells) != 2 {
		t.Fatalf("%d switches with stays of %v s, want 3 with two", m.Switches, m.Dwells)
	}
	for i, want := range []float64{8, 6} {
		if math.Abs(m.Dwells[i]-want) > 0.1 {
			t.Errorf("stay %d lasts %g s, want %g", i, m.Dwells[i], want)
		}
	}
	if math.Abs(m.Winner-20) > 0.2 || math.Abs(m.Loser-5) > 0.2 || m.Other != 25 {
		t.Errorf("rates %g, %g, %g, want 20, 5, 25", m.Winner, m.Loser, m.Other)
	}
	flat := TakingTurns(other, other, other, dt)
	if flat.Switches != 0 || !math.IsNaN(flat.Winner) {
		t.Errorf("without a difference there are %d switches and a winner at %g Hz", flat.Switches, flat.Winner)
	}
}
