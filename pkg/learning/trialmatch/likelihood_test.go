package trialmatch

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
)

// recordedTrials draws a session of neurons 1, 2 and 4 of 5.
func recordedTrials(r *rand.Rand, trials, steps int) *Session {
	s := &Session{Neurons: []int{1, 2, 4}}
	for range trials {
		var raster tensor.Raster
		raster.Reset()
		for range steps {
			for _, i := range s.Neurons {
				if r.Float64() < 0.3 {
					raster.Fire(i)
				}
			}
			raster.EndStep()
		}
		s.Trials = append(s.Trials, raster)
	}
	return s
}

func TestGradientOfTheLikelihood(t *testing.T) {
	const trials, steps, neurons, row, theta, beta = 3, 6, 5, 8, 0.1, 15.0
	for _, most := range []float64{1, 0.5} {
		r := rand.New(rand.NewPCG(1, 2))
		recorded := recordedTrials(r, trials, steps)
		v := make([]float64, trials*steps*row)
		for i := range v {
			v[i] = theta + 0.02*r.NormFloat64()
		}
		compute := func() *likelihood[float64] {
			l := &likelihood[float64]{probability: make([]float64, len(v)), steps: steps, row: row, most: most, slope: beta / theta}
			for i, x := range v {
				l.probability[i] = most / (1 + math.Exp(-beta*(x-theta)/theta))
			}
			return l
		}
		l := compute()
		l.match(1, trials, recorded, 2)
		of := slices.Clone(l.pairs[0].of)
		loss := func() (sum float64) { // with the same pairs
			l := compute()
			for k, other := range of {
				sum += l.cross(k, recorded, other)
			}
			return 2 * sum / (trials * steps * 3)
		}
		got := make([]float64, neurons)
		for k := range trials {
			for step := range steps {
				l.write(k, step, got)
				for i := range neurons {
					at := (k*steps+step)*row + i
					const h = 1e-6
					x := v[at]
					v[at] = x + h
					up := loss()
					v[at] = x - h
					down := loss()
					v[at] = x
					if g := (up - down) / (2 * h); math.Abs(g-got[i]) > 1e-6*(1+math.Abs(g)) {
						t.Fatalf("Δt/2 = %v: ∂L/∂v of trial %d, step %d, neuron %d is %v, by differences %v", most, k, step, i, got[i], g)
					}
				}
			}
		}
	}
}

// Trials whose probabilities are those of the recorded spikes are paired with these.
func TestLikelihoodPairsLikeTrials(t *testing.T) {
	const trials, steps, row = 6, 20, 8
	r := rand.New(rand.NewPCG(4, 2))
	recorded := recordedTrials(r, trials, steps)
	l := &likelihood[float64]{probability: make([]float64, trials*steps*row), steps: steps, row: row, most: 1, slope: 150}
	order := r.Perm(trials)
	for k, other := range order {
		for step := range steps {
			for _, i := range recorded.Trials[other].At(step) {
				l.at(k, step)[i] = 1
			}
		}
	}
	if loss := l.match(2, trials, recorded, 1); math.Abs(loss) > 1e-5 {
		t.Errorf("the loss is %v, want 0", loss)
	}
	if !slices.Equal(l.pairs[0].of, order) {
		t.Errorf("pairs %v, want %v", l.pairs[0].of, order)
	}
}
