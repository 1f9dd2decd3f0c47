package trialmatch

import (
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/trialset"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/rsnn/multiarea"
)

// Options are the choices of a training.
type Options[F tensor.Float] struct {
	plasticity.Options[F]
	BatchSize int // simulated trials

	Matching     string  // what the trial loss is: "none", "hard", "soft", "gan" or "mle"
	NeuronWeight float64 // of the neuron loss; 10
	TrialWeight  float64 // of the trial loss; 100
	TaskSplitter bool
	Second       int     // r of filter 2
	LeastNeurons int     // of an area in a session that has features; 10
	Subset       string  // recorded trials that hard matching pairs: the "first" ones or "random" ones
	Subsets      [][]int // types of recorded trials that steps take in turn; nil for all
	L1           float64 // weights shrink by L1 times the learning rate

	DiscriminatorRate, DiscriminatorDecay float64 // of AdamW, with gan
	DiscriminatorEvery                    int     // steps between its updates

	Patience int // stop after so many steps in which the mean loss of Window steps has not improved; 0 for never
	Window   int

	Stimuli          multiarea.Stimuli
	RunInSteps       int // before a trial
	EvaluationTrials int // simulated for an evaluation
	Threshold        *Threshold
}

// Threshold calls a trial a hit if the activity of an area, after filter 1, has a peak
// above Hz.
type Threshold struct {
	Area int
	Hz   float64 // 0: midway between the mean peaks of recorded hits and other trials
	Type int     // of a hit
}

// Trainer is a network that is fitted to recorded trials.
type Trainer[F tensor.Float] struct {
	Options[F]
	Set *trialset.Set
	Net *multiarea.Network[F]

	seed     uint64
	first    Filter
	second   Filter
	w, grad  multiarea.Weights[F]
	weights  plasticity.Weights[F]
	splitter Splitter
	subsets  []*target // in turn
	gradient spikeGradient[F]
	batch    batch[F]
	scratch  []featureScratch // of workers
	gjaw     []F

	discriminators []*discriminator // of the sessions, with gan; nil where a session is not matched
	likelihood     likelihood[F]
	patience       patience
	licks          *lickClassifier // nil until it is wanted
}

// New draws the initial weights of a network for the trials of a set.
func New[F tensor.Float](net *multiarea.Network[F], set *trialset.Set, seed uint64, o Options[F]) *Trainer[F] {
	t := &Trainer[F]{Options: o, Set: set, Net: net, seed: seed, first: First(net.StepMS), second: Second(o.Second),
		scratch: make([]featureScratch, max(1, net.Threads))}
	t.w = multiarea.InitialWeights[F](&net.Params, seed)
	t.grad = multiarea.NewWeights[F](&net.Params)
	t.weights.Options = o.Options
	for _, a := range t.arrays() {
		if len(a.Value) > 0 {
			t.weights.Add(a)
		}
	}
	net.SetWeights(&t.w)
	if o.Subsets == nil {
		t.subsets = []*target{newTarget(t, nil, func(s *trialset.Session) []int { return s.Train })}
	}
	for _, types := range o.Subsets {
		target := newTarget(t, types, func(s *trialset.Session) []int { return s.Train })
		if len(target.stimuli) > 0 { // there are such trials
			t.subsets = append(t.subsets, target)
		}
	}
	t.group()
	if o.Matching == "gan" {
		for i, s := range t.subsets[0].sessions {
			var d *discriminator
			if s.usable {
				d = newDiscriminator(i, s.features.Length(), seed, o.DiscriminatorRate, o.DiscriminatorDecay)
			}
			t.discriminators = append(t.discriminators, d)
		}
	}
	net.KeepProbabilities = o.Matching == "mle"
	return t
}

// arrays are the parameters.
func (t *Trainer[F]) arrays() []plasticity.Array[F] {
	p := &t.Net.Params
	n, d := p.Neurons, p.TrialNoise
	array := func(name, doc string, value, grad []F, shape ...int) plasticity.Array[F] {
		return plasticity.Array[F]{Name: name, Doc: doc, Shape: shape, Value: value, Grad: grad}
	}
	return []plasticity.Array[F]{
		array("w_in", "input weights [n_in][n], at least 0; the sign is that of the input", t.w.Input, t.grad.Input, p.Inputs, n),
		array("w_rec", "recurrent weights [delay][n pre][n post], at least 0; the sign is that of the presynaptic neuron", t.w.Recurrent, t.grad.Recurrent, len(p.Delays), n, n),
		array("v_rest", "resting potential [n]", t.w.Rest, t.grad.Rest, n),
		array("offset_in", "A1 of the trial's offset [d][d], as [out][in]", t.w.OffsetIn, t.grad.OffsetIn, d, d),
		array("offset_bias", "c1 of the trial's offset [d]", t.w.OffsetBias, t.grad.OffsetBias, d),
		array("offset_out", "A2 of the trial's offset [n][d]", t.w.OffsetOut, t.grad.OffsetOut, n, d),
		array("w_jaw", "weights of the jaw [motor neurons]", t.w.Jaw, t.grad.Jaw, len(p.Motor)),
		array("b_jaw", "bias b of the jaw [1], or mean and deviation of a linear one [2]", t.w.JawBias, t.grad.JawBias, len(t.w.JawBias)),
		array("w_feedback", "feedback of the jaw [delay][n]", t.w.JawFeedback, t.grad.JawFeedback, len(p.JawTaps), n),
	}
}

// group numbers the populations that the features average over: areas of sessions. A
// neuron was recorded in one session, and is in one of them at most.
func (t *Trainer[F]) group() {
	g := &t.gradient
	n := t.Net.Neurons
	g.steps, g.neurons = t.Set.Steps, n
	g.group, g.average = make([]int32, n), make([]F, g.steps*n)
	for i := range g.group {
		g.group[i] = -1
	}
	for s := range t.Set.Sessions {
		f := t.features(s)
		for _, subset := range t.subsets {
			subset.sessions[s].group = len(g.sizes)
		}
		for _, neurons := range f.Areas {
			for _, i := range neurons {
				g.group[i] = int32(len(g.sizes))
			}
			g.sizes = append(g.sizes, len(neurons))
		}
	}
}

// features are those of session s, which all subsets share.
func (t *Trainer[F]) features(s int) *Features { return t.subsets[0].sessions[s].features }

// Step takes training step number step, counted from 0.
func (t *Trainer[F]) Step(step int) (map[string]float64, error) {
	target := t.subsets[step%len(t.subsets)]
	t.simulate(&t.batch, address{"training", step}, target.stimuli, t.BatchSize, true)
	metrics, err := t.loss(target, step)
	if err != nil {
		return nil, err
	}
	if err := plasticity.FiniteLoss(step, metrics["loss"]); err != nil {
		return nil, err
	}
	t.back()
	moved, err := t.weights.Update(step)
	if err != nil {
		return nil, err
	}
	t.Net.Constrain(&t.w, t.L1*moved["learning_rate"])
	t.Net.SetWeights(&t.w)
	metrics["gradient_norm"], metrics["learning_rate"] = moved["gradient_norm"], moved["learning_rate"]
	metrics["rate_hz"] = t.batch.rateHz(t.Net.Neurons, t.Net.StepMS)
	t.patience.see(metrics["loss"], t.Window)
	return metrics, nil
}

// Done reports whether the loss has not improved for as long as patience lasts.
func (t *Trainer[F]) Done() bool { return t.Patience > 0 && t.patience.waited() >= t.Patience }

// back computes the gradient of the losses.
func (t *Trainer[F]) back() {
	t.clearGradient()
	var potentials multiarea.SpikeGradient[F]
	if t.Matching == "mle" {
		potentials = t.likelihood.write
	}
	t.Net.Backward(&t.grad, &t.batch.run, &t.w, t.gradient.write, potentials, t.gjaw)
}

func (t *Trainer[F]) clearGradient() {
	for _, a := range t.arrays() {
		clear(a.Grad)
	}
}

// loss computes the losses of the batch, and leaves their gradient with respect to
// spikes and jaw in t.gradient and t.gjaw.
func (t *Trainer[F]) loss(target *target, step int) (map[string]float64, error) {
	run := &t.batch.run
	g := &t.gradient
	g.reset(run.Trials)
	neuron, average := target.neurons.Loss(run.Spikes)
	for i, x := range average {
		g.average[i] = F(t.NeuronWeight * x)
	}
	metrics := map[string]float64{"neuron_loss": neuron, "loss": t.NeuronWeight * neuron}
	t.gjaw = nil
	if t.Matching == "none" {
		return metrics, nil
	}
	if len(run.Jaw) > 0 {
		t.gjaw = make([]F, len(run.Jaw))
	}
	var trial float64
	used := target.used()
	t.likelihood = likelihood[F]{probability: run.Probability, steps: run.Steps, row: t.Net.Row(), most: t.Net.StepMS / 2,
		slope: t.Net.Steepness / t.Net.Threshold, pairs: t.likelihood.pairs[:0]}
	for _, s := range used {
		share := 1 / float64(len(used))
		if t.Matching == "mle" {
			trial += share * t.likelihood.match(t.Net.Threads, run.Trials, &s.recorded, t.TrialWeight*share)
			continue
		}
		loss, err := t.match(s, step)
		if err != nil {
			return nil, err
		}
		trial += share * loss
	}
	if len(used) > 0 {
		scale := F(t.TrialWeight / float64(len(used)))
		for i := range g.population {
			g.population[i] *= scale
		}
		for i := range t.gjaw {
			t.gjaw[i] *= scale
		}
	}
	metrics["trial_loss"] = trial
	metrics["loss"] += t.TrialWeight * trial
	if t.TaskSplitter {
		g.split(&t.splitter)
	}
	return metrics, nil
}

// match adds to the gradient that of one session's trial loss, and returns the loss.
func (t *Trainer[F]) match(s *session, step int) (float64, error) {
	run := &t.batch.run
	model := t.featuresOf(s.features, &t.batch)
	if d := t.discriminator(s); d != nil && step%t.DiscriminatorEvery == 0 {
		if err := d.learn(model, s.data); err != nil {
			return 0, err
		}
	}
	loss, gradient := t.matching(s).Match(model, t.chosen(s, len(model), step))
	parallel.For(t.Net.Threads, run.Trials, func(worker, k int) {
		s.features.back(&t.scratch[worker], gradient[k], func(a int, area []float64) {
			for step, x := range area {
				t.gradient.at(k, step)[s.group+a] += F(x)
			}
		}, func(jaw []float64) {
			for step, x := range jaw {
				t.gjaw[k*run.Steps+step] += F(x)
			}
		})
	})
	return loss, nil
}

// matching is the trial loss of a session.
func (t *Trainer[F]) matching(s *session) Matching {
	switch t.Matching {
	case "soft":
		return Soft{Sinkhorn{Blur: 0.01, Scaling: 0.5, Threads: t.Net.Threads}}
	case "gan":
		return t.discriminator(s)
	}
	return Hard{Threads: t.Net.Threads}
}

// discriminator is that of a session; nil without gan.
func (t *Trainer[F]) discriminator(s *session) *discriminator {
	if t.discriminators == nil {
		return nil
	}
	return t.discriminators[s.number]
}

// chosen are the recorded trials that a step matches. Hard pairs as many as there are
// simulated ones.
func (t *Trainer[F]) chosen(s *session, trials, step int) [][]float64 {
	if t.Matching != "hard" || t.Subset == "first" || len(s.data) <= trials {
		return s.data
	}
	r := rng.Stream(t.seed, "matched-trials", uint64(step), uint64(s.number))
	some := make([][]float64, trials)
	for i, j := range r.Perm(len(s.data))[:trials] {
		some[i] = s.data[j]
	}
	return some
}

// featuresOf describes each simulated trial. The result is overwritten by the next call
// with the same batch.
func (t *Trainer[F]) featuresOf(f *Features, b *batch[F]) [][]float64 {
	length := f.Length()
	b.features = grown(b.features, b.run.Trials*length)
	b.rows = grown(b.rows, b.run.Trials)
	parallel.For(t.Net.Threads, b.run.Trials, func(worker, k int) {
		b.rows[k] = b.features[k*length : (k+1)*length]
		f.write(b.rows[k], &t.scratch[worker], &b.run.Spikes[k], b.jaw(k))
	})
	return b.rows
}

// Parameters counts the trainable numbers.
func (t *Trainer[F]) Parameters() int { return t.weights.Parameters() }

// FirstGradients are those of the first batch, by the name of the parameter.
func (t *Trainer[F]) FirstGradients() (map[string][]F, error) {
	target := t.subsets[0]
	t.simulate(&t.batch, address{"training", 0}, target.stimuli, t.BatchSize, true)
	if _, err := t.loss(target, 0); err != nil {
		return nil, err
	}
	t.back()
	gradients := map[string][]F{}
	for _, a := range t.arrays() {
		if len(a.Grad) > 0 {
			gradients[a.Name] = a.Grad
		}
	}
	return gradients, nil
}
