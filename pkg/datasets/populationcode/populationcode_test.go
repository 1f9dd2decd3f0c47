package populationcode

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Equation (1): neurons fire at the rates of their tuning curves, for each number of
// neurons that has a rule of its own, any range and any peak; each value has neurons
// of its own.
func TestRatesAreThoseOfTheTuningCurves(t *testing.T) {
	const steps = 20000
	for _, c := range []struct {
		neurons          int
		low, high, peak  float64
		neighbours       float64
		values, expected []float64
	}{
		{20, -1, 1, 200, 4, []float64{0.3, -0.8}, []float64{0.3, -0.8}},
		{40, 0, 1, 500, 2, []float64{0.5}, []float64{0.5}},
		{100, -3, 2, 200, 10, []float64{2.5, -4, 0}, []float64{2, -3, 0}}, // beyond the border: at it
		{150, -1, 1, 900, 20, []float64{1}, []float64{1}},
	} {
		code := New(c.neurons, c.low, c.high, c.peak)
		sigma := c.neighbours * (c.high - c.low) / float64(c.neurons)
		if math.Abs(code.Width()-sigma) > 1e-12 || math.Abs(code.Preferred(c.neurons-1)-(c.high+2*sigma)) > 1e-12 {
			t.Errorf("%d neurons: σ = %v, want %v; the last prefers %v", c.neurons, code.Width(), sigma, code.Preferred(c.neurons-1))
		}
		counts := make([][]int, len(c.values))
		for i := range counts {
			counts[i] = make([]int, c.neurons)
		}
		check := func(how string) {
			for value, x := range c.expected {
				for neuron, count := range counts[value] {
					d := (code.Preferred(neuron) - x) / sigma
					want := c.peak / 1000 * math.Exp(-d*d/2)
					if got := float64(count) / steps; math.Abs(got-want) > 5*math.Sqrt(want*(1-want)/steps)+1e-9 {
						t.Errorf("%s, %d neurons, value %g: neuron %d fires with probability %.4f, want %.4f", how, c.neurons, x, neuron, got, want)
					}
				}
				clear(counts[value])
			}
		}
		r := rand.New(rand.NewPCG(3, 4))
		for range steps {
			code.Fire(r, c.values, func(value, neuron int) { counts[value][neuron]++ })
		}
		check("step by step")
		for value, x := range c.values {
			at := map[int]int{} // the last step of each neuron: there is one spike a step
			code.Hold(r, x, steps, func(step, neuron int) {
				if last, ok := at[neuron]; step < 0 || step >= steps || ok && step <= last {
					t.Fatalf("neuron %d fires in step %d after step %d", neuron, step, last)
				}
				at[neuron] = step
				counts[value][neuron]++
			})
		}
		check("held")
	}
}
