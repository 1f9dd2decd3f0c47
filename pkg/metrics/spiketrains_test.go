package metrics

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
)

// spikeTrials are random ones, with history bins of history before steps of them; the
// neurons share a drive in each trial, so that they correlate.
func spikeTrials(trials, history, steps, neurons int, r *rand.Rand) ([]tensor.Raster, [][][]float64) {
	rasters, dense := make([]tensor.Raster, trials), make([][][]float64, trials)
	for k := range rasters {
		rasters[k].Reset()
		shared := r.Float64()
		for t := range history + steps {
			row := make([]float64, neurons)
			for i := range neurons {
				if r.Float64() < 0.1+0.3*shared+0.2*float64(t%2) {
					rasters[k].Fire(i)
					row[i] = 1
				}
			}
			rasters[k].EndStep()
			if t >= history {
				dense[k] = append(dense[k], row)
			}
		}
	}
	return rasters, dense
}

// The sums over pairs of spikes are those of the definition, written out.
func TestNoiseCorrelationsFollowTheDefinition(t *testing.T) {
	const trials, history, steps, neurons = 7, 2, 9, 4
	rasters, n := spikeTrials(trials, history, steps, neurons, rand.New(rand.NewPCG(1, 2)))
	psth := make([][]float64, steps)
	average := make([]float64, neurons)
	for step := range psth {
		psth[step] = make([]float64, neurons)
		for i := range neurons {
			for k := range trials {
				psth[step][i] += n[k][step][i] / trials
			}
			average[i] += psth[step][i] / steps
		}
	}
	mean := func(f func(k, step int) float64) (sum float64) {
		for k := range trials {
			for step := range steps {
				sum += f(k, step) / (trials * steps)
			}
		}
		return sum
	}
	got := NoiseCorrelations(rasters, history, neurons)
	at := 0
	for i := range neurons {
		for j := range i {
			cn := mean(func(k, s int) float64 { return (n[k][s][i] - psth[s][i]) * (n[k][s][j] - psth[s][j]) })
			ct := func(i int) float64 {
				return mean(func(k, s int) float64 { return math.Pow(n[k][s][i]-average[i], 2) })
			}
			if want := cn / math.Sqrt(ct(i)*ct(j)); math.Abs(got[at]-want) > 1e-12 {
				t.Errorf("pair %d, %d: %v, want %v", i, j, got[at], want)
			}
			at++
		}
	}
	if at != len(got) {
		t.Errorf("%d pairs, want %d", len(got), at)
	}
}

func TestSilentNeuronsHaveNoCorrelation(t *testing.T) {
	var r tensor.Raster
	r.Reset()
	r.Fire(0)
	r.EndStep()
	r.EndStep()
	nc := NoiseCorrelations([]tensor.Raster{r, r}, 0, 2)
	if len(nc) != 1 || !math.IsNaN(nc[0]) {
		t.Errorf("%v, want NaN", nc)
	}
	each, mean := PSTHCorrelation([]float64{1, 0, 0, 0}, []float64{1, 0, 0, 0}, 2)
	if each[0] != 1 || !math.IsNaN(each[1]) || mean != 1 {
		t.Errorf("%v, %v: want 1 for the neuron that fires", each, mean)
	}
}

func TestDeterminationAndPearson(t *testing.T) {
	data := []float64{1, 2, 3, math.NaN()}
	for _, c := range []struct {
		model       []float64
		r2, pearson float64
	}{
		{[]float64{1, 2, 3, 7}, 1, 1},
		{[]float64{2, 2, 2, 7}, 0, math.NaN()},
		{[]float64{2, 4, 6, 7}, 1 - 14.0/2, 1},
		{[]float64{3, 2, 1, 7}, 1 - 8.0/2, -1},
	} {
		if got := Determination(data, c.model); math.Abs(got-c.r2) > 1e-12 {
			t.Errorf("R² of %v is %v, want %v", c.model, got, c.r2)
		}
		if got := Pearson(data, c.model); math.Abs(got-c.pearson) > 1e-12 || math.IsNaN(got) != math.IsNaN(c.pearson) {
			t.Errorf("correlation of %v is %v, want %v", c.model, got, c.pearson)
		}
	}
	if got := Determination([]float64{1, 1}, []float64{1, 1}); !math.IsNaN(got) {
		t.Errorf("R² of constant data is %v", got)
	}
}

// The likelihood of probabilities is that of the bins, one by one.
func TestLikelihoodOfIndependentBins(t *testing.T) {
	const trials, history, steps, neurons = 5, 1, 6, 3
	r := rand.New(rand.NewPCG(3, 4))
	rasters, n := spikeTrials(trials, history, steps, neurons, r)
	p := make([]float64, steps*neurons)
	for i := range p {
		p[i] = 0.05 + 0.9*r.Float64()
	}
	var want float64
	for k := range trials {
		for i, q := range p {
			if n[k][i/neurons][i%neurons] == 1 {
				want -= math.Log(q)
			} else {
				want -= math.Log(1 - q)
			}
		}
	}
	want /= trials * steps * neurons
	if got := NegativeLogLikelihood(p, rasters, history, neurons); math.Abs(got-want) > 1e-12 {
		t.Errorf("%v, want %v", got, want)
	}
}

// Neurons that follow the bin's parity are better foretold by a PSTH than by a rate, and
// neither gives a bin up for lost.
func TestSimpleModels(t *testing.T) {
	const history, steps, neurons = 1, 20, 3
	r := rand.New(rand.NewPCG(5, 6))
	train, _ := spikeTrials(60, history, steps, neurons, r)
	validation, _ := spikeTrials(30, history, steps, neurons, r)
	test, _ := spikeTrials(60, history, steps, neurons, r)
	constant, psth := ConstantRate(train, history, neurons), PSTHModel(train, validation, history, neurons)
	if a, b := NegativeLogLikelihood(constant, test, history, neurons), NegativeLogLikelihood(psth, test, history, neurons); a <= b {
		t.Errorf("constant rate %v, PSTH %v: the PSTH knows more", a, b)
	}
	silent := make([]tensor.Raster, 2)
	for k := range silent {
		silent[k].Reset()
		for range steps + history {
			silent[k].EndStep()
		}
	}
	for _, p := range [][]float64{ConstantRate(silent, history, neurons), PSTHModel(silent, silent, history, neurons)} {
		for _, x := range p {
			if !(x > 0 && x < 1) {
				t.Fatalf("probability %v of a silent neuron", x)
			}
		}
	}
}

// A Gaussian keeps a constant, and the sum of what is far from the ends.
func TestSmoothing(t *testing.T) {
	flat := Smoothed([]float64{2, 2, 2, 2}, 1, 1.5)
	for _, x := range flat {
		if math.Abs(x-2) > 1e-12 {
			t.Errorf("constant becomes %v", flat)
		}
	}
	x := make([]float64, 41)
	x[20] = 1
	var sum float64
	for _, v := range Smoothed(x, 1, 2) {
		sum += v
	}
	if math.Abs(sum-1) > 1e-3 {
		t.Errorf("sum %v, want 1", sum)
	}
}
