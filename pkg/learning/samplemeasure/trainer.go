package samplemeasure

import (
	"math"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/datasets/spiketrain"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/metrics"
	"github.com/snnctl/snnctl/pkg/models/rsnn/fir"
	"github.com/snnctl/snnctl/pkg/models/rsnn/framenet"
)

// Loss are the weights of
//
//	L = Likelihood·L_MLE + PSTH·L_PSTH + NoiseCorrelation·L_NC + HiddenRate·L_FR
//
// Without PSTH and NoiseCorrelation the network never runs freely, and L_FR is of the
// clamped run.
type Loss struct {
	Likelihood       float64
	PSTH             float64
	SquaredPSTH      bool // compare PSTHs by squares, not by cross-entropy
	NoiseCorrelation float64
	Consistent       bool // ConsistentCovariance in the place of NoiseCovariance
	Lags             int  // of the covariances; 0: as many as the network has delays
	HiddenRate       float64
	HiddenTarget     float64 // spikes a bin
}

// free reports whether the loss looks at a free run.
func (l Loss) free() bool { return l.PSTH > 0 || l.NoiseCorrelation > 0 }

// Options are the choices of a training.
type Options[F tensor.Float] struct {
	Loss            Loss
	LikelihoodFirst int // so many steps at the start are of L_MLE alone, and of L_FR
	BatchSize       int // trials
	LBFGS           int // iterations of L-BFGS in a step, over all trials; 0: the optimiser, on batches
	Seed            uint64
	plasticity.Options[F]
}

// Trainer is a network in training.
type Trainer[F tensor.Float] struct {
	Options[F]
	Trials *spiketrain.Trials
	Net    *fir.Network[F]

	weights  plasticity.Weights[F]
	value    fir.Weights[F]
	grad     fir.Weights[F]
	inputs   []F                  // x [T][I], where no network makes them
	stimulus *framenet.Network[F] // that makes them of frames; nil for none
	drive    []F                  // ∂L/∂drive of a step, [T][n], for it

	stimulusGrads [][]F
	order         *datasets.Order
	selector      selector

	batch         []tensor.Raster
	free, clamped fir.Run[F]
	gu, gz        []F // ∂L/∂u and ∂L/∂z, [trials][T][n]
	rate          []F // ∂L_FR/∂z, [n]

	constant, psth []float64 // what is compared with: probabilities [T][Nv]
}

// New makes a trainer of a network that starts with weights w. Where the trials have
// frames, stimulus makes inputs of them, and learns with the network; elsewhere it is nil.
func New[F tensor.Float](net *fir.Network[F], w fir.Weights[F], stimulus *framenet.Network[F], trials *spiketrain.Trials, o Options[F]) *Trainer[F] {
	n := net.Neurons()
	t := &Trainer[F]{Options: o, Trials: trials, Net: net, value: w, grad: net.NewWeights(), rate: make([]F, n), stimulus: stimulus,
		order: datasets.NewOrder(o.Seed, len(trials.Train))}
	t.BatchSize = min(t.BatchSize, len(trials.Train))
	t.inputs = make([]F, len(trials.Stimulus))
	for i, x := range trials.Stimulus {
		t.inputs[i] = F(x)
	}
	t.weights.Options = o.Options
	t.weights.Add(plasticity.Array[F]{Name: "w_rec", Shape: []int{n, net.Delays, n}, Value: w.Recurrent, Grad: t.grad.Recurrent,
		Doc: "recurrent weights [pre][delay][post], shortest delay first, recorded neurons before hidden ones"})
	if net.Inputs > 0 {
		t.weights.Add(plasticity.Array[F]{Name: "w_in", Shape: []int{net.Inputs, n}, Value: w.Input, Grad: t.grad.Input, Doc: "input weights [input][neuron]"})
	}
	t.weights.Add(plasticity.Array[F]{Name: "b", Shape: []int{n}, Value: w.Bias, Grad: t.grad.Bias, Doc: "biases [neuron]"})
	if stimulus != nil {
		for _, p := range []struct {
			name, doc string
			v         *autodiff.Var[F]
		}{
			{"stimulus_w1", "filters of the stimulus network's first convolution [out][in][height][width]", stimulus.W1},
			{"stimulus_b1", "biases of the stimulus network's first convolution [out]", stimulus.B1},
			{"stimulus_w2", "filters of the stimulus network's second convolution [out][in][height][width]", stimulus.W2},
			{"stimulus_b2", "biases of the stimulus network's second convolution [out]", stimulus.B2},
		} {
			t.weights.Add(plasticity.Array[F]{Name: p.name, Shape: p.v.Value.Shape, Value: p.v.Value.Data, Grad: p.v.Grad.Data, Doc: p.doc})
			t.stimulusGrads = append(t.stimulusGrads, p.v.Grad.Data)
		}
	}
	t.selector.reset()
	return t
}

// parts are the terms of the loss, without their weights, and the loss itself.
type parts struct {
	likelihood, psth, noise, rate, total float64
}

// draws are addressed by purpose, step, trial, bin and neuron: each is a word of 32 bits of
// a Philox block.
func (t *Trainer[F]) draws(purpose rng.Purpose, step int) fir.Draws {
	return t.drawsFrom(0, purpose, step)
}

// hiddenDraws are those of a clamped run, where the spikes of recorded neurons do not
// matter: these never fire. They are nil where there are no others.
func (t *Trainer[F]) hiddenDraws(purpose rng.Purpose, step int) fir.Draws {
	if t.Net.Hidden == 0 {
		return nil
	}
	return t.drawsFrom(t.Net.Visible, purpose, step)
}

func (t *Trainer[F]) drawsFrom(first int, purpose rng.Purpose, step int) fir.Draws {
	key := rng.Key(t.Seed, purpose)
	return func(trial int) func([]float64) {
		bin := uint32(0)
		return func(u []float64) {
			for i := range u[:first] {
				u[i] = 1
			}
			u = u[first:]
			for i := 0; i < len(u); i += 4 {
				words := rng.Philox4x32([4]uint32{uint32(i), bin, uint32(step), uint32(trial)}, key)
				for k := range min(4, len(u)-i) {
					u[i+k] = float64(words[k]) * 0x1p-32
				}
			}
			bin++
		}
	}
}

// lossNow is that of a step.
func (t *Trainer[F]) lossNow(step int) Loss {
	if step < t.LikelihoodFirst {
		return Loss{Likelihood: 1, HiddenRate: t.Loss.HiddenRate, HiddenTarget: t.Loss.HiddenTarget}
	}
	return t.Loss
}

// Step takes training step number step, counted from 0.
func (t *Trainer[F]) Step(step int) (map[string]float64, error) {
	if t.LBFGS > 0 {
		return t.descend(step)
	}
	loss := t.lossNow(step)
	p := t.gradients(loss, t.next(step), step)
	if err := plasticity.FiniteLoss(step, p.total); err != nil {
		return nil, err
	}
	m, err := t.weights.Update(step)
	if err != nil {
		return nil, err
	}
	if step == t.LikelihoodFirst {
		t.selector.reset() // losses of another kind came before
	}
	t.selector.add(p.total)
	p.report(m, loss, t.Net.Hidden)
	return m, nil
}

// next is the batch of a step.
func (t *Trainer[F]) next(step int) []tensor.Raster {
	t.batch = t.batch[:0]
	for i := range t.BatchSize {
		t.batch = append(t.batch, t.Trials.Train[t.order.At(step*t.BatchSize+i)])
	}
	return t.batch
}

// gradients leaves the gradients of the loss of some trials in t.grad.
func (t *Trainer[F]) gradients(loss Loss, data []tensor.Raster, step int) parts {
	clear(t.grad.Recurrent)
	clear(t.grad.Input)
	clear(t.grad.Bias)
	for _, g := range t.stimulusGrads {
		clear(g)
	}
	inputs := t.x()
	drive := t.Net.Drive(&t.value, inputs, t.Trials.Steps)
	t.drive = append(t.drive[:0], make([]F, len(drive))...)
	size := len(data) * len(drive)
	var p parts
	if loss.Likelihood > 0 {
		t.begin(size)
		t.Net.Clamped(&t.clamped, &t.value, drive, data, t.hiddenDraws("clamped", step))
		p.likelihood = Likelihood(t.Net, &t.clamped, data, loss.Likelihood, t.gu)
		if !loss.free() && loss.HiddenRate > 0 {
			p.rate = HiddenRate(t.Net, &t.clamped, loss.HiddenTarget, loss.HiddenRate, t.rate)
		}
		kernel.AddRow(t.drive, t.Net.Backward(&t.grad, &t.clamped, &t.value, inputs, t.gu, t.rate))
	}
	if loss.free() {
		t.begin(size)
		t.Net.Free(&t.free, &t.value, drive, len(data), t.draws("free", step))
		t.measure(&p, loss, data)
		kernel.AddRow(t.drive, t.Net.Backward(&t.grad, &t.free, &t.value, inputs, t.gu, t.spikeGradient(loss)))
	}
	if t.stimulus != nil {
		n := t.Net.Neurons()
		toInputs := make([]F, len(inputs))
		kernel.Gemm(t.Net.Threads, false, true, t.Trials.Steps, t.Net.Inputs, n, 1, t.drive, n, t.value.Input, n, 1, toInputs, t.Net.Inputs)
		t.stimulus.Backward(toInputs)
	}
	p.total = loss.Likelihood*p.likelihood + loss.PSTH*p.psth + loss.NoiseCorrelation*p.noise + loss.HiddenRate*p.rate
	return p
}

// x is what the neurons see, [T][I].
func (t *Trainer[F]) x() []F {
	if t.stimulus == nil {
		return t.inputs
	}
	return t.stimulus.Forward()
}

// begin clears the gradients of a run.
func (t *Trainer[F]) begin(size int) {
	if cap(t.gu) < size {
		t.gu = make([]F, size)
	}
	t.gu = t.gu[:size]
	clear(t.gu)
	clear(t.rate)
	if t.Loss.Consistent {
		if cap(t.gz) < size {
			t.gz = make([]F, size)
		}
		t.gz = t.gz[:size]
		clear(t.gz)
	}
}

// spikeGradient is ∂L/∂z of a free run.
func (t *Trainer[F]) spikeGradient(loss Loss) []F {
	if !loss.Consistent {
		return t.rate
	}
	n := t.Net.Neurons()
	for i := 0; i < len(t.gz) && t.Net.Hidden > 0; i += n {
		for j := t.Net.Visible; j < n; j++ {
			t.gz[i+j] += t.rate[j]
		}
	}
	return t.gz
}

// measure compares the free run with data.
func (t *Trainer[F]) measure(p *parts, loss Loss, data []tensor.Raster) {
	psth := metrics.TrialAverage(data, t.Net.Delays, t.Net.Visible)
	if loss.PSTH > 0 {
		if loss.SquaredPSTH {
			p.psth = SquaredPSTH(t.Net, &t.free, psth, loss.PSTH, t.gu)
		} else {
			p.psth = PSTH(t.Net, &t.free, psth, loss.PSTH, t.gu)
		}
	}
	if loss.NoiseCorrelation > 0 {
		lags := loss.Lags
		if lags == 0 {
			lags = t.Net.Delays
		}
		wanted := LaggedCovariances(t.Net, data, psth, lags)
		if loss.Consistent {
			p.noise = ConsistentCovariance(t.Net, &t.free, wanted, loss.NoiseCorrelation, t.gu, t.gz)
		} else {
			p.noise = NoiseCovariance(t.Net, &t.free, wanted, loss.NoiseCorrelation, t.gu)
		}
	}
	if loss.HiddenRate > 0 {
		p.rate = HiddenRate(t.Net, &t.free, loss.HiddenTarget, loss.HiddenRate, t.rate)
	}
}

// report names the parts that the loss has.
func (p *parts) report(m map[string]float64, loss Loss, hidden int) {
	m["loss"] = p.total
	if loss.Likelihood > 0 {
		m["nll"] = p.likelihood
	}
	if loss.PSTH > 0 {
		m["psth_loss"] = p.psth
	}
	if loss.NoiseCorrelation > 0 {
		m["noise_correlation_loss"] = p.noise
	}
	if hidden > 0 && loss.HiddenRate > 0 {
		m["hidden_rate_loss"] = p.rate
	}
}

// Parameters counts what learns.
func (t *Trainer[F]) Parameters() int { return t.weights.Parameters() }

// Weights are those of the network: its own memory.
func (t *Trainer[F]) Weights() *fir.Weights[F] { return &t.value }

// Promising reports whether the mean of the last training losses is the least so far.
func (t *Trainer[F]) Promising() bool { return t.selector.least }

// FirstGradients are those of the first batch, by the name of their tensor, without
// learning.
func (t *Trainer[F]) FirstGradients() map[string][]F {
	t.gradients(t.lossNow(0), t.next(0), 0)
	all := map[string][]F{"w_rec": t.grad.Recurrent, "w_in": t.grad.Input, "b": t.grad.Bias}
	for i, g := range t.stimulusGrads {
		all[[]string{"stimulus_w1", "stimulus_b1", "stimulus_w2", "stimulus_b2"}[i]] = g
	}
	return all
}

// recent is the number of training losses whose mean is watched (section 4 of the
// method).
const recent = 4

// selector finds the steps after which a network deserves to be evaluated: when the mean
// of the recent training losses is the least so far. All its state is in losses: the
// recent ones, and the least mean.
type selector struct {
	losses [recent + 1]float64
	least  bool
}

func (s *selector) reset() {
	for i := range s.losses {
		s.losses[i] = math.Inf(1)
	}
	s.least = false
}

func (s *selector) add(loss float64) {
	copy(s.losses[:recent-1], s.losses[1:recent])
	s.losses[recent-1] = loss
	var sum float64
	for _, l := range s.losses[:recent] {
		sum += l
	}
	if s.least = sum/recent < s.losses[recent]; s.least {
		s.losses[recent] = sum / recent
	}
}
