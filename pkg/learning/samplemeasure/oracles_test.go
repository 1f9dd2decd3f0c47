package samplemeasure

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/metrics"
	"github.com/snnctl/snnctl/pkg/models/rsnn/fir"
)

// problem is a small network with weights, inputs and data, all random.
type problem struct {
	net     *fir.Network[float64]
	w       fir.Weights[float64]
	x       []float64
	data    []tensor.Raster
	steps   int
	uniform func() fir.Draws // the same draws each time
}

func newProblem(visible, hidden, delays, steps, trials int, seed uint64) *problem {
	r := rand.New(rand.NewPCG(seed, 7))
	net := &fir.Network[float64]{Visible: visible, Hidden: hidden, Delays: delays, Inputs: 2, Threshold: 0.4, Steepness: 1, Dampening: 0.3, Threads: 1}
	p := &problem{net: net, steps: steps, w: net.NewWeights(), x: make([]float64, steps*2)}
	for _, a := range [][]float64{p.w.Recurrent, p.w.Input, p.w.Bias, p.x} {
		for i := range a {
			a[i] = 0.4 * r.NormFloat64()
		}
	}
	p.data = make([]tensor.Raster, trials)
	for k := range p.data {
		p.data[k].Reset()
		for range delays + steps {
			for i := range visible {
				if r.Float64() < 0.3 {
					p.data[k].Fire(i)
				}
			}
			p.data[k].EndStep()
		}
	}
	p.uniform = func() fir.Draws {
		return func(trial int) func([]float64) {
			r := rand.New(rand.NewPCG(seed, uint64(trial)))
			return func(u []float64) {
				for i := range u {
					u[i] = r.Float64()
				}
			}
		}
	}
	return p
}

func (p *problem) clamped(r *fir.Run[float64]) {
	p.net.Clamped(r, &p.w, p.net.Drive(&p.w, p.x, p.steps), p.data, p.uniform())
}

func (p *problem) free(r *fir.Run[float64], trials int) {
	p.net.Free(r, &p.w, p.net.Drive(&p.w, p.x, p.steps), trials, p.uniform())
}

func (p *problem) arrays() map[string][]float64 {
	return map[string][]float64{"w_rec": p.w.Recurrent, "w_in": p.w.Input, "b": p.w.Bias}
}

// Oracle 2: without hidden neurons the gradient of L_MLE is that of central differences.
func TestLikelihoodGradientIsExact(t *testing.T) {
	p := newProblem(4, 0, 3, 12, 5, 1)
	var r fir.Run[float64]
	loss := func() float64 {
		p.clamped(&r)
		return Likelihood(p.net, &r, p.data, 1, make([]float64, len(r.U)))
	}
	loss()
	gu := make([]float64, len(r.U))
	Likelihood(p.net, &r, p.data, 1, gu)
	grad := p.net.NewWeights()
	p.net.Backward(&grad, &r, &p.w, p.x, gu, nil)
	const h = 1e-5
	for name, g := range map[string][]float64{"w_rec": grad.Recurrent, "w_in": grad.Input, "b": grad.Bias} {
		values := p.arrays()[name]
		for i := range values {
			at := values[i]
			values[i] = at + h
			up := loss()
			values[i] = at - h
			down := loss()
			values[i] = at
			if want := (up - down) / (2 * h); math.Abs(g[i]-want) > 1e-9 {
				t.Errorf("∂L/∂%s[%d] is %v, by differences %v", name, i, g[i], want)
			}
		}
	}
}

// Oracle 3: it is the mean of (p - y)/θ times the history.
func TestLikelihoodGradientInClosedForm(t *testing.T) {
	p := newProblem(3, 0, 2, 8, 4, 2)
	n, depth := 3, 2
	var r fir.Run[float64]
	p.clamped(&r)
	gu := make([]float64, len(r.U))
	Likelihood(p.net, &r, p.data, 1, gu)
	grad := p.net.NewWeights()
	p.net.Backward(&grad, &r, &p.w, p.x, gu, nil)
	fired := func(k, t, i int) float64 {
		for _, j := range p.data[k].At(t + depth) {
			if int(j) == i {
				return 1
			}
		}
		return 0
	}
	for pre := range n {
		for d := 1; d <= depth; d++ {
			for post := range n {
				var want float64
				for k := range p.data {
					for s := range p.steps {
						want += (r.PAt(k)[s*n+post] - fired(k, s, post)) / 0.4 * fired(k, s-d, pre)
					}
				}
				want /= float64(len(p.data) * p.steps * n)
				if got := grad.Recurrent[(pre*depth+d-1)*n+post]; math.Abs(got-want) > 1e-14 {
					t.Errorf("∂L/∂W from %d to %d, %d bins back, is %v, want %v", pre, post, d, got, want)
				}
			}
		}
	}
}

// spikesAsProbabilities is a run whose probabilities are the data's spikes.
func spikesAsProbabilities(net *fir.Network[float64], data []tensor.Raster, steps int) *fir.Run[float64] {
	n := net.Neurons()
	r := &fir.Run[float64]{Trials: len(data), Steps: steps, U: make([]float64, len(data)*steps*n), P: make([]float64, len(data)*steps*n)}
	for k := range data {
		for t := range steps {
			for _, i := range data[k].At(t + net.Delays) {
				r.PAt(k)[t*n+int(i)] = 1
			}
		}
	}
	return r
}

// Oracle 5: a run that is the data has no loss but the entropy of the PSTH.
func TestLossesOfTheDataItself(t *testing.T) {
	p := newProblem(4, 0, 3, 10, 6, 3)
	r := spikesAsProbabilities(p.net, p.data, p.steps)
	psth := metrics.TrialAverage(p.data, p.net.Delays, p.net.Visible)
	gu := make([]float64, len(r.U))
	if got := NoiseCovariance(p.net, r, LaggedCovariances[float64](p.net, p.data, psth, p.net.Delays), 1, gu); got > 1e-30 {
		t.Errorf("L_NC is %v", got)
	}
	if got := SquaredPSTH(p.net, r, psth, 1, gu); got != 0 {
		t.Errorf("L_PSTH2 is %v", got)
	}
	var entropy float64
	for _, m := range psth {
		if m > 0 && m < 1 {
			entropy -= (m*math.Log(m) + (1-m)*math.Log(1-m)) / float64(len(psth))
		}
	}
	if got := PSTH(p.net, r, psth, 1, gu); math.Abs(got-entropy) > 1e-6 { // 1e-7 in the logarithms
		t.Errorf("L_PSTH is %v, want the entropy %v", got, entropy)
	}
}

// Oracle 6: the losses of a free run do not see in which order trials or neurons come.
func TestLossesAreBlindToOrder(t *testing.T) {
	p := newProblem(4, 0, 2, 9, 6, 4)
	var r fir.Run[float64]
	p.free(&r, len(p.data))
	losses := func(r *fir.Run[float64], data []tensor.Raster) [3]float64 {
		gu := make([]float64, len(r.U))
		psth := metrics.TrialAverage(data, p.net.Delays, p.net.Visible)
		return [3]float64{PSTH(p.net, r, psth, 1, gu), SquaredPSTH(p.net, r, psth, 1, gu), NoiseCovariance(p.net, r, LaggedCovariances[float64](p.net, data, psth, p.net.Delays), 1, gu)}
	}
	want := losses(&r, p.data)
	same := func(what string, got [3]float64) {
		t.Helper()
		for i := range got {
			if math.Abs(got[i]-want[i]) > 1e-14 {
				t.Errorf("%s: losses %v, want %v", what, got, want)
				return
			}
		}
	}
	same("trials", losses(&r, []tensor.Raster{p.data[3], p.data[0], p.data[5], p.data[1], p.data[2], p.data[4]}))

	to := []int{2, 0, 3, 1}
	moved := &fir.Run[float64]{Trials: r.Trials, Steps: r.Steps, U: make([]float64, len(r.U)), P: make([]float64, len(r.P))}
	for i := range r.P {
		j := i - i%4 + to[i%4]
		moved.U[j], moved.P[j] = r.U[i], r.P[i]
	}
	data := make([]tensor.Raster, len(p.data))
	for k := range data {
		data[k].Reset()
		for t := range p.data[k].Steps() {
			for j := range 4 {
				for _, i := range p.data[k].At(t) {
					if to[i] == j {
						data[k].Fire(j)
					}
				}
			}
			data[k].EndStep()
		}
	}
	same("neurons", losses(moved, data))
}

// Oracle 7: without recurrence the surrogate is never met, and the gradient is exact.
func TestGradientWithoutRecurrenceNeedsNoSurrogate(t *testing.T) {
	for _, gamma := range []float64{0, 0.3, 2} {
		p := newProblem(1, 0, 2, 6, 3, 5)
		p.net.Dampening = gamma
		clear(p.w.Recurrent)
		var r fir.Run[float64]
		mean := func() (sum float64) {
			p.free(&r, 3)
			for _, x := range r.P {
				sum += x / float64(len(r.P))
			}
			return sum
		}
		mean()
		gu := make([]float64, len(r.U))
		for i, x := range r.P {
			gu[i] = x * (1 - x) / float64(len(r.P))
		}
		grad := p.net.NewWeights()
		p.net.Backward(&grad, &r, &p.w, p.x, gu, nil)
		for name, g := range map[string][]float64{"w_in": grad.Input, "b": grad.Bias} {
			values := p.arrays()[name]
			for i := range values {
				const h = 1e-5
				at := values[i]
				values[i] = at + h
				up := mean()
				values[i] = at - h
				down := mean()
				values[i] = at
				if want := (up - down) / (2 * h); math.Abs(g[i]-want) > 1e-9 {
					t.Errorf("γ %v: ∂/∂%s[%d] is %v, by differences %v", gamma, name, i, g[i], want)
				}
			}
		}
	}
}

// Oracle 8: without a surrogate the gradient of a free run is that with its spikes held.
func TestGradientWithoutSurrogateHoldsSpikes(t *testing.T) {
	p := newProblem(3, 0, 2, 7, 4, 6)
	p.net.Dampening = 0
	n, depth := 3, 2
	var r fir.Run[float64]
	p.free(&r, 4)
	psth := metrics.TrialAverage(p.data, depth, n)
	gu := make([]float64, len(r.U))
	SquaredPSTH(p.net, &r, psth, 1, gu)
	direct := append([]float64(nil), gu...)
	grad := p.net.NewWeights()
	p.net.Backward(&grad, &r, &p.w, p.x, gu, nil)
	for pre := range n {
		for d := 1; d <= depth; d++ {
			for post := range n {
				var want float64
				for k := range 4 {
					for s := d; s < p.steps; s++ {
						for _, i := range r.Spikes[k].At(s - d) {
							if int(i) == pre {
								want += direct[(k*p.steps+s)*n+post] / 0.4
							}
						}
					}
				}
				if got := grad.Recurrent[(pre*depth+d-1)*n+post]; math.Abs(got-want) > 1e-14 {
					t.Errorf("from %d to %d, %d bins back: %v, want %v", pre, post, d, got, want)
				}
			}
		}
	}
}

// The consistent covariance of a run, and its gradient, are those of the definition with
// spikes as numbers that can be moved.
func TestConsistentCovariance(t *testing.T) {
	const visible, hidden, lags, steps, trials = 3, 1, 3, 7, 4
	p := newProblem(visible, hidden, lags, steps, trials, 8)
	n := visible + hidden
	var r fir.Run[float64]
	p.free(&r, trials)
	wanted := LaggedCovariances[float64](p.net, p.data, metrics.TrialAverage(p.data, lags, visible), lags)
	z := make([]float64, len(r.P))
	for k := range trials {
		for s := range steps {
			for _, i := range r.Spikes[k].At(s) {
				z[(k*steps+s)*n+int(i)] = 1
			}
		}
	}
	loss := func(prob, z []float64) float64 {
		at := func(x []float64, k, s, i int) float64 { return x[(k*steps+s)*n+i] }
		centred := func(x []float64, k, s, i int) float64 {
			var mean float64
			for other := range trials {
				mean += at(x, other, s, i) / trials
			}
			return at(x, k, s, i) - mean
		}
		var sum float64
		for l := range lags {
			for i := range visible {
				for j := range visible {
					var m float64
					for k := range trials {
						for s := range steps {
							switch {
							case l == 0:
								m += centred(prob, k, s, i) * centred(prob, k, s, j)
								if q := at(prob, k, s, i); i == j {
									m += (1 - 1.0/trials) * q * (1 - q)
								}
							case s >= l:
								m += centred(prob, k, s, i) * centred(z, k, s-l, j)
							default:
								m += centred(z, k, s, i) * centred(prob, k, s-l+steps, j)
							}
						}
					}
					e := m/(trials*steps) - wanted[(l*visible+i)*visible+j]
					sum += e * e / (lags * visible * visible)
				}
			}
		}
		return sum
	}
	gu, gz := make([]float64, len(r.U)), make([]float64, len(r.U))
	if got, want := ConsistentCovariance(p.net, &r, wanted, 1, gu, gz), loss(r.P, z); math.Abs(got-want) > 1e-14 {
		t.Errorf("loss %v, want %v", got, want)
	}
	const h = 1e-5
	for i := range gu {
		moved := func(x []float64, by float64) []float64 {
			y := append([]float64(nil), x...)
			y[i] += by
			return y
		}
		q := r.P[i]
		if want := q * (1 - q) * (loss(moved(r.P, h), z) - loss(moved(r.P, -h), z)) / (2 * h); math.Abs(gu[i]-want) > 1e-10 {
			t.Fatalf("∂L/∂u[%d] is %v, by differences %v", i, gu[i], want)
		}
		if want := (loss(r.P, moved(z, h)) - loss(r.P, moved(z, -h))) / (2 * h); math.Abs(gz[i]-want) > 1e-10 {
			t.Fatalf("∂L/∂z[%d] is %v, by differences %v", i, gz[i], want)
		}
	}
}

// With the true weights the consistent covariance is that of the data but for sampling;
// that of probabilities alone is not.
func TestConsistentCovarianceIsThatOfTheData(t *testing.T) {
	data := fullObs(300, 4)
	net, w := truth(data)
	tr := New(net, w, nil, data, Options[float64]{Loss: Loss{NoiseCorrelation: 1}, Seed: 5})
	published := tr.gradients(tr.Loss, data.Train, 0).noise
	tr.Loss.Consistent = true
	consistent := tr.gradients(tr.Loss, data.Train, 0).noise
	// The variance of an entry is about that of a product of two centred spikes, 0.2²,
	// over the bins; twice, for data and model.
	sampling := 2 * 0.2 * 0.2 / (300 * 200)
	if consistent > 3*sampling {
		t.Errorf("L_NC %v at the true weights, expected about %v from sampling", consistent, sampling)
	}
	if published < 20*sampling {
		t.Errorf("L_NC of probabilities %v at the true weights: it is not biased", published)
	}
}
