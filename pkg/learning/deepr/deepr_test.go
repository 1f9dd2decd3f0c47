package deepr

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/internal/rng"
)

func TestGoldenDeepR(t *testing.T) {
	for _, file := range golden.Files(t, "lsnn", "deepr") {
		t.Run(file.Path, func(t *testing.T) {
			var g struct {
				LR           float64 `json:"lr"`
				L1           float64 `json:"l1"`
				Temperature  float64 `json:"temperature"`
				Connectivity float64 `json:"connectivity"`
				Active       int     `json:"active_after_update"`
				Target       int     `json:"target_active"`
				Reconnect    int     `json:"to_reconnect"`
				Value        float64 `json:"reconnect_value"`
				Mats         []struct {
					Theta  [][]float64 `json:"theta"`
					Sign   [][]float64 `json:"sign"`
					Grad   [][]float64 `json:"grad_w"`
					Noise  [][]float64 `json:"noise"`
					After  [][]float64 `json:"theta_after_update"`
					Active [][]any     `json:"active_after_update"`
					W      [][]float64 `json:"w_after_update"`
				} `json:"mats"`
			}
			if err := json.Unmarshal(file.Bytes, &g); err != nil {
				t.Fatal(err)
			}
			r := Rewiring[float64]{L1: g.L1, Temperature: g.Temperature}
			for _, m := range g.Mats {
				r.Matrices = append(r.Matrices, &Matrix[float64]{Pre: len(m.Theta), Post: len(m.Theta[0]),
					Theta: slices.Concat(m.Theta...), Sign: slices.Concat(m.Sign...), Connectivity: g.Connectivity})
			}
			if r.Budget() != g.Target {
				t.Errorf("budget = %d, want %d", r.Budget(), g.Target)
			}
			r.Before()
			for k, m := range r.Matrices { // the golden step's optimiser is plain SGD
				grad := make([]float64, len(m.Theta))
				m.Gradient(grad, slices.Concat(g.Mats[k].Grad...))
				for i := range grad {
					m.Theta[i] -= g.LR * grad[i]
				}
			}
			r.decay(g.LR, func(k int) func() float64 {
				noise := slices.Concat(g.Mats[k].Noise...)
				i := -1
				return func() float64 { i++; return noise[i] }
			})
			var before []float64
			for k, m := range r.Matrices {
				w := make([]float64, len(m.Theta))
				m.Weights(w)
				for i, want := range slices.Concat(g.Mats[k].After...) {
					if math.Abs(m.Theta[i]-want) > 1e-10 {
						t.Errorf("matrix %d: θ[%d] = %g, want %g", k, i, m.Theta[i], want)
					}
					if wantW := slices.Concat(g.Mats[k].W...)[i]; math.Abs(w[i]-wantW) > 1e-10 {
						t.Errorf("matrix %d: w[%d] = %g, want %g", k, i, w[i], wantW)
					}
				}
				before = append(before, m.Theta...)
			}
			if r.Active() != g.Active {
				t.Errorf("%d active after the update, want %d", r.Active(), g.Active)
			}
			r.reconnect(0)
			var changed int
			for i, theta := range slices.Concat(r.Matrices[0].Theta, r.Matrices[1].Theta) {
				if theta != before[i] {
					changed++
					if before[i] > 0 || theta != g.Value {
						t.Errorf("θ[%d] went from %g to %g, want a dormant site set to %g", i, before[i], theta, g.Value)
					}
				}
			}
			if changed != g.Reconnect {
				t.Errorf("%d sites reconnected, want %d", changed, g.Reconnect)
			}
		})
	}
}

func rewiring(seed uint64, temperature float64) *Rewiring[float32] {
	signs := Signs(20, 0.75, false, seed, "")
	return &Rewiring[float32]{L1: 0.01, Temperature: temperature, Seed: seed, Matrices: []*Matrix[float32]{
		NewSigned[float32]("in", 20, 0.2, Signs(8, 0.75, true, seed, "signs"), seed),
		NewSigned[float32]("rec", 20, 0.2, signs, seed),
		NewUnsigned[float32]("out", 20, 4, 0.2, seed),
	}}
}

// TestInvariantsOfManySteps: signs stay, the budget is kept to the synapse,
// and dormant synapses have θ ≤ 0, whatever the updates.
func TestInvariantsOfManySteps(t *testing.T) {
	for _, temperature := range []float64{0, 1e-4} {
		r := rewiring(1, temperature)
		random := rng.Stream(2, "gradients", 0, 0)
		var signs [][]float32
		for _, m := range r.Matrices {
			signs = append(signs, slices.Clone(m.Sign))
		}
		if r.Active() > r.Budget() {
			t.Fatalf("%d synapses at the start, budget %d", r.Active(), r.Budget())
		}
		for step := range 200 {
			dormant := map[[2]int]bool{}
			r.Before()
			for k, m := range r.Matrices {
				for i := range m.Theta {
					if m.Theta[i] <= 0 {
						dormant[[2]int{k, i}] = true
					}
					m.Theta[i] -= 0.05 * float32(random.NormFloat64()) // an optimiser that also moves dormant ones
				}
			}
			r.After(step, 0.01)
			if r.Active() != r.Budget() {
				t.Fatalf("step %d: %d active, budget %d", step, r.Active(), r.Budget())
			}
			for k, m := range r.Matrices {
				if !slices.Equal(m.Sign, signs[k]) {
					t.Fatalf("step %d: a sign of %s changed", step, m.Name)
				}
				w := make([]float32, len(m.Theta))
				m.Weights(w)
				for i, theta := range m.Theta {
					if dormant[[2]int{k, i}] && theta > 0 && theta != reconnected {
						t.Fatalf("step %d: a dormant synapse got θ = %g", step, theta)
					}
					if (w[i] != 0) != (theta > 0) || w[i]*m.Sign[i] < 0 {
						t.Fatalf("step %d: w = %g for θ = %g, sign %g", step, w[i], theta, m.Sign[i])
					}
				}
			}
		}
	}
}

// TestDecayAlone: without gradient or noise θ shrinks by η·l1 a step.
func TestDecayAlone(t *testing.T) {
	r := rewiring(3, 0)
	before := slices.Clone(r.Matrices[1].Theta)
	r.Before()
	r.decay(0.1, nil)
	for i, theta := range r.Matrices[1].Theta {
		if want := before[i] - 0.1*0.01; before[i] > 0 && math.Abs(float64(theta-want)) > 1e-7 {
			t.Errorf("θ went from %g to %g, want %g", before[i], theta, want)
		}
	}
}

func TestBudgetOfThePaper(t *testing.T) {
	r := Rewiring[float32]{}
	for _, size := range [][2]int{{80, 220}, {220, 220}, {220, 10}} {
		r.Matrices = append(r.Matrices, empty[float32]("", size[0], size[1], 0.12))
	}
	// 68,210 parameters with 10 biases; 12 % of the 68,200 weights.
	if got := r.Budget(); got != 8184 {
		t.Errorf("budget = %d, want 8184 (8,185 with the biases' share)", got)
	}
}

func TestSignsFollowDale(t *testing.T) {
	s := Signs(220, 0.75, false, 1, "")
	excitatory := 0
	for i, x := range s {
		if x > 0 {
			excitatory++
		} else if i >= 220-166 {
			t.Errorf("neuron %d is inhibitory; those come first", i)
		}
	}
	if excitatory != 166 {
		t.Errorf("%d excitatory neurons, want floor(0.75·220)+1 = 166", excitatory)
	}
	mixed := Signs(220, 0.75, true, 1, "x")
	if slices.Equal(mixed, s) {
		t.Error("shuffled signs are in order")
	}
	slices.Sort(mixed)
	if !slices.Equal(mixed, s) {
		t.Error("shuffling changed the number of excitatory neurons")
	}
}

// TestBalancedStart: before it is thinned, the matrix has zero column sums,
// the signs of its rows, and spectral radius 1.
func TestBalancedStart(t *testing.T) {
	signs := Signs(60, 0.75, true, 4, "signs")
	m := balanced(signs, rng.Stream(4, "start", 0, 0).NormFloat64)
	for j := range 60 {
		if sum := mat.Sum(m.ColView(j)); math.Abs(sum) > 1e-10 {
			t.Errorf("column %d sums to %g, want 0", j, sum)
		}
	}
	dense := NewSigned[float64]("dense", 60, 50, signs, 4) // so many draws that all sites are hit
	full := mat.NewDense(60, 60, nil)
	for i, theta := range dense.Theta {
		full.Set(i/60, i%60, theta*dense.Sign[i])
		if dense.Sign[i] != signs[i/60] {
			t.Fatalf("entry %d has sign %g, its row %g", i, dense.Sign[i], signs[i/60])
		}
	}
	if radius := spectralRadius(full); math.Abs(radius-1) > 1e-8 {
		t.Errorf("spectral radius = %g, want 1", radius)
	}
}
