package ttfsgrad

import (
	"math"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/metrics"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
)

// Options are the choices of a training.
type Options[F tensor.Float] struct {
	BatchSize int
	Seed      uint64
	plasticity.Options[F]

	// Pass is how training batches run, with their defects and the penalty L1;
	// evaluation runs the same defects, without the penalty.
	Pass Pass

	Windows Windows

	// EarlyFiring evaluates, in form alpha, with thresholds that are always tested,
	// as the code of 2212.12522 does: neurons fire on part of their input. That is
	// simulated event by event, without other defects.
	EarlyFiring bool
}

// Trainer is a network in training on labelled images.
type Trainer[F tensor.Float] struct {
	Options[F]
	Source  *pixels.Source[F]
	Network *Network[F]

	weights plasticity.Weights[F]
	tape    autodiff.Tape[F]
	batch   pixels.Batch[F]
	coded   []F

	calibrated bool // scaled windows and quantiles have been measured
}

// NewTrainer makes a trainer of a network, whose parameters go on from what they are.
func NewTrainer[F tensor.Float](n *Network[F], source *pixels.Source[F], o Options[F]) *Trainer[F] {
	t := &Trainer[F]{Options: o, Source: source, Network: n}
	t.Pass.Seed, t.Pass.Bound = o.Seed, o.Windows.Rule != Adaptive
	t.weights.Options = o.Options
	for i, l := range n.layers {
		if l == nil || l.weights == nil { // relays have nothing to learn
			continue
		}
		bias := biasName(n.Spiking, i)
		t.weights.Add(array(l.name+".weight", "weights of layer "+l.name, l.weights))
		drive := array(l.name+"."+bias, biasDocs[bias]+l.name, l.drive)
		drive.Undecayed = true
		t.weights.Add(drive)
	}
	return t
}

// biasName is what the second array of a stage is called.
func biasName[F tensor.Float](n *ttfs.Network[F], stage int) string {
	if _, spiking := n.Stages[stage].(*ttfs.Neurons[F]); spiking && n.Form == ttfs.Alpha {
		return "drive"
	}
	return "bias"
}

var biasDocs = map[string]string{
	"bias":  "bias, which the threshold makes, of layer ",
	"drive": "potential of silent inputs at the end of the window, less the threshold, of layer ",
}

func array[F tensor.Float](name, doc string, v *autodiff.Var[F]) plasticity.Array[F] {
	return plasticity.Array[F]{Name: name, Shape: v.Value.Shape, Value: v.Value.Data, Grad: v.Grad.Data, Doc: doc}
}

// Step takes training step number step, counted from 0.
func (t *Trainer[F]) Step(step int) (map[string]float64, error) {
	if err := t.calibrate(); err != nil {
		return nil, err
	}
	if err := t.Source.Train(&t.batch, step, t.BatchSize); err != nil {
		return nil, err
	}
	return t.learn(step)
}

// learn takes a step on t.batch.
func (t *Trainer[F]) learn(step int) (map[string]float64, error) {
	t.Pass.Step, t.Pass.First = uint64(step), 0
	loss, task, correct := t.gradients()
	if err := plasticity.FiniteLoss(step, loss); err != nil {
		return nil, err
	}
	m, err := t.weights.Update(step)
	if err != nil {
		return nil, err
	}
	if t.Windows.Rule == Adaptive {
		t.Network.GrowWindows(t.Windows.Value)
	}
	activity := t.Network.Activity()
	m["loss"], m["task_loss"], m["accuracy"] = loss, task, float64(correct)/float64(t.batch.Trials)
	t.describe(m, activity)
	return m, nil
}

// describe adds what the neurons did: spikes per neuron; spikes before their window;
// the latency in τ_c and, of rounded spike times, in steps; in form alpha the part of
// the neurons whose slope is not positive.
func (t *Trainer[F]) describe(m map[string]float64, a Activity) {
	m["spikes_per_neuron"], m["early_spikes"] = a.SpikesPerNeuron(), float64(a.Early)
	m["latency"] = t.Network.Spiking.Latency()
	if bits := t.Pass.Defects.TimeBits; bits != 0 {
		m["latency_steps"] = math.Ldexp(float64(1+len(t.windows())), bits)
	}
	if t.Network.Spiking.Form == ttfs.Alpha {
		m["flat_neurons"] = float64(a.Flat) / float64(max(1, a.Neurons))
	}
}

// gradients runs t.batch forward and back: the gradients of the loss are then those
// of t.weights.
func (t *Trainer[F]) gradients() (loss, task float64, correct int) {
	for _, l := range t.Network.layers {
		if l != nil {
			clear(l.drive.Grad.Data)
			if l.weights != nil {
				clear(l.weights.Grad.Data)
			}
		}
	}
	t.tape.Reset()
	t.code()
	logits, penalty := t.Network.Forward(&t.tape, t.coded, t.batch.Trials, &t.Pass)
	entropy := autodiff.SoftmaxCrossEntropy(&t.tape, logits, t.batch.Classes)
	total := entropy
	if penalty != nil {
		total = autodiff.Add(&t.tape, entropy, penalty)
	}
	t.tape.Backward(total)
	return float64(total.Value.Data[0]), float64(entropy.Value.Data[0]), metrics.Correct(logits.Value.Data, t.batch.Classes)
}

// code makes the input spikes of t.batch; outside counts the inputs beyond the range
// that can be coded.
func (t *Trainer[F]) code() (outside int) {
	if cap(t.coded) < len(t.batch.Values) {
		t.coded = make([]F, len(t.batch.Values))
	}
	t.coded = t.coded[:len(t.batch.Values)]
	return t.Network.Spiking.Code(t.coded, t.batch.Values)
}

// evaluationBatch is the number of images that are evaluated at once.
const evaluationBatch = 256

// evaluationNoise names noise that no training step has.
const evaluationNoise = 1 << 40

// Evaluate runs up to trials images of a split without learning, with the defects of
// training; 0 means all.
func (t *Trainer[F]) Evaluate(split string, trials int) (map[string]float64, error) {
	if err := t.calibrate(); err != nil {
		return nil, err
	}
	size := t.Source.Size(split)
	if trials == 0 || trials > size {
		trials = size
	}
	respond := t.respond
	if t.EarlyFiring {
		engine, err := ttfs.NewMembranes(t.Network.Export(), t.Network.Threads)
		if err != nil {
			return nil, err
		}
		engine.Always = true
		respond = func(int) ([]F, Activity) { return t.respondByEvents(engine) }
	}
	var activity Activity
	var loss float64
	var correct, outside int
	err := t.infer(func() error {
		for first := 0; first < trials; first += evaluationBatch {
			if err := t.Source.Evaluate(&t.batch, split, first, min(evaluationBatch, trials-first)); err != nil {
				return err
			}
			outside += t.code()
			logits, did := respond(first)
			loss += metrics.CrossEntropy(logits, t.batch.Classes)
			correct += metrics.Correct(logits, t.batch.Classes)
			activity.add(did)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	accuracy := float64(correct) / float64(trials)
	m := map[string]float64{"loss": loss / float64(trials), "accuracy": accuracy, "error": 1 - accuracy, "trials": float64(trials)}
	t.describe(m, activity)
	if outside > 0 {
		m["inputs_outside_range"] = float64(outside)
	}
	return m, nil
}

// respond gives the logits of t.batch, which starts with image first of its split, with
// the defects of training.
func (t *Trainer[F]) respond(first int) ([]F, Activity) {
	p := t.Pass
	p.L1, p.Step, p.First = 0, evaluationNoise, uint64(first)
	t.tape.Reset()
	logits, _ := t.Network.Forward(&t.tape, t.coded, t.batch.Trials, &p)
	return logits.Value.Data, t.Network.Activity()
}

// respondByEvents gives the logits of t.batch by a simulation of membranes.
func (t *Trainer[F]) respondByEvents(engine *ttfs.Membranes[F]) ([]F, Activity) {
	r := engine.Run(t.batch.Values, t.batch.Trials)
	var a Activity
	for i, x := range r.Values {
		s, ok := t.Network.Spiking.Stages[i].(*ttfs.Neurons[F])
		if !ok || s.Kind() != "spike" {
			continue
		}
		a.Neurons += len(x)
		for _, v := range x {
			if v > 0 {
				a.Spikes++
			}
			if v > F(s.Window) {
				a.Early++
			}
		}
	}
	return r.Logits, a
}

// infer calls f with a tape that keeps nothing for the way back.
func (t *Trainer[F]) infer(f func() error) error {
	training := t.tape
	t.tape = autodiff.Tape[F]{Inference: true}
	defer func() { t.tape = training }()
	return f()
}

// Parameters counts the trainable numbers.
func (t *Trainer[F]) Parameters() int { return t.weights.Parameters() }

// Gradients runs the first batch and returns the gradients of all parameters by
// name, without learning.
func (t *Trainer[F]) Gradients() (map[string][]F, error) {
	if err := t.calibrate(); err != nil {
		return nil, err
	}
	if err := t.Source.Train(&t.batch, 0, t.BatchSize); err != nil {
		return nil, err
	}
	t.Pass.Step, t.Pass.First = 0, 0
	t.gradients()
	g := map[string][]F{}
	for _, a := range t.weights.Model() {
		g[a.Name] = t.weights.Grad(a.Name)
	}
	return g, nil
}
