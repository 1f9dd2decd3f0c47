package gateon

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/pkg/datasets/tasksequence"
	"github.com/snnctl/snnctl/pkg/learning/continual"
	"github.com/snnctl/snnctl/pkg/models/gated"
)

// learner learns two tasks of made-up features in ten steps each.
func learner(method func(*gated.Network[float64]) continual.Method[float64], change func(*continual.Options)) *continual.Learner[float64] {
	source := tasksequence.Synthetic{Tasks: 2, Classes: 3, Features: 6, Rank: 3, Noise: 0.5, Offset: 0.5, ShuffledLabels: true,
		Examples: map[string]int{"train": 60, "validation": 30, "test": 30}, Seed: 1}.Source()
	n := gated.New[float64]([]int{6, 12, 10, 3}, 2, gated.BatchL2, gated.ReTanh2)
	n.Initialise(1)
	o := continual.Options{BatchSize: 20, StepsPerTask: 10, Loss: gated.DoubleSoftmax, Seed: 1, Threads: 1,
		Optimizer: continual.Optimizer{Rate: 0.005, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}}
	if change != nil {
		change(&o)
	}
	return continual.New(n, &tasksequence.Stream[float64]{Source: source, Seed: 1, Threads: 1}, method(n), nil, o)
}

func steps(t *testing.T, l *continual.Learner[float64], first, last int) {
	t.Helper()
	for step := first; step < last; step++ {
		if _, err := l.Step(step); err != nil {
			t.Fatal(err)
		}
	}
	l.Store()
}

func perNeuron(o Options) func(*gated.Network[float64]) continual.Method[float64] {
	return func(n *gated.Network[float64]) continual.Method[float64] { return NewNeurons(n, o) }
}

func perWeight(o Options) func(*gated.Network[float64]) continual.Method[float64] {
	return func(n *gated.Network[float64]) continual.Method[float64] { return NewWeights(n, o) }
}

func unprotected(*gated.Network[float64]) continual.Method[float64] {
	return continual.Finetuning[float64]{}
}

func different(a, b []checkpoint.Tensor) int {
	n := 0
	for i := range a {
		x, ok := a[i].Data.([]float64)
		if !ok {
			continue
		}
		y := b[i].Data.([]float64)
		for k := range x {
			if x[k] != y[k] {
				n++
			}
		}
	}
	return n
}

func weights(n *gated.Network[float64]) (all []checkpoint.Tensor) {
	for _, of := range [][][]float64{n.W, n.B, n.V} {
		for _, x := range of {
			all = append(all, checkpoint.Tensor{Data: append([]float64(nil), x...)})
		}
	}
	return all
}

// Without a rate of availability all learn as if nothing were protected, and in the first
// task they do with one, too: availability counts from the next task on.
func TestAvailabilityCountsFromTheNextTaskOn(t *testing.T) {
	for name, method := range map[string]func(*gated.Network[float64]) continual.Method[float64]{
		"n": perNeuron(Options{Eta: 0.3}), "p": perWeight(Options{Eta: 0.3}), "n, η = 0": perNeuron(Options{}), "p, η = 0": perWeight(Options{}),
	} {
		plain, protected := learner(unprotected, nil), learner(method, nil)
		steps(t, plain, 0, 10)
		steps(t, protected, 0, 10)
		if n := different(weights(plain.Network), weights(protected.Network)); n > 0 {
			t.Errorf("%s: %d parameters differ after the first task", name, n)
		}
		steps(t, plain, 10, 20)
		steps(t, protected, 10, 20)
		n := different(weights(plain.Network), weights(protected.Network))
		if zero := len(name) > 1; zero != (n == 0) {
			t.Errorf("%s: %d parameters differ after the second task", name, n)
		}
	}
}

// What leads to a neuron that is not available does not move at all, with either optimiser and
// either place of the factor.
func TestNeuronsThatAreNotAvailableStay(t *testing.T) {
	for _, plain := range []bool{true, false} {
		for _, onUpdate := range []bool{true, false} {
			l := learner(perNeuron(Options{}), func(o *continual.Options) { o.Optimizer.Plain, o.Optimizer.OnUpdate = plain, onUpdate })
			m := l.Method.(*Neurons[float64])
			for layer := range m.estimate {
				m.estimate[layer][3], m.available[layer][3] = 0, 0
			}
			before := weights(l.Network)
			steps(t, l, 0, 10)
			for layer := range m.estimate {
				in := l.Network.Sizes[layer]
				moved := 0
				for i, w := range l.Network.W[layer] {
					if w != before[layer].Data.([]float64)[i] {
						if i/in == 3 {
							t.Fatalf("plain %v, on update %v: weight %d to the neuron moved", plain, onUpdate, i%in)
						}
						moved++
					}
				}
				if moved == 0 {
					t.Errorf("nothing moved in layer %d", layer)
				}
			}
		}
	}
}

// With gradient descent it makes no difference whether gradient or step is scaled.
func TestPlaceOfTheFactorDoesNotMatterToGradientDescent(t *testing.T) {
	for name, method := range map[string]func(*gated.Network[float64]) continual.Method[float64]{"n": perNeuron(Options{Eta: 0.05}), "p": perWeight(Options{Eta: 0.05})} {
		var ends [2][]checkpoint.Tensor
		for k, onUpdate := range []bool{false, true} {
			l := learner(method, func(o *continual.Options) {
				o.Optimizer.Plain, o.Optimizer.Rate, o.Optimizer.OnUpdate = true, 0.5, onUpdate
			})
			steps(t, l, 0, 20)
			ends[k] = weights(l.Network)
		}
		for i := range ends[0] {
			for k, w := range ends[0][i].Data.([]float64) {
				if d := math.Abs(w - ends[1][i].Data.([]float64)[k]); d > 1e-12 {
					t.Fatalf("%s: parameter %d of array %d differs by %v", name, k, i, d)
				}
			}
		}
	}
}

func TestAvailability(t *testing.T) {
	if a := next(1, 120, 0.01, 0); a != 0 {
		t.Errorf("availability is %v after a step with η (R - ε) above 1", a)
	}
	falling := 1.0
	for range 1000 {
		a := next(falling, 1, 0.01, 0)
		if a > falling || a < 0 {
			t.Fatalf("availability rose from %v to %v", falling, a)
		}
		falling = a
	}
	if want := math.Pow(0.99, 1000); math.Abs(falling/want-1) > 1e-9 {
		t.Errorf("availability is %v after 1000 steps of relevance 1, expected %v", falling, want)
	}
	rising := 0.5
	for range 1000 {
		rising = next(rising, 0.1, 0.01, 0.5)
	}
	if rising != 1 {
		t.Errorf("availability of a neuron without relevance is %v, expected to come back to 1", rising)
	}
	if next(0, 0, 0.01, 0.5) != 0 {
		t.Error("an availability of 0 grew")
	}
}

// Relevance is 1 on the mean of a layer, whatever the loss is multiplied by.
func TestRelevance(t *testing.T) {
	l := learner(perNeuron(Options{Eta: 0.01}), nil)
	m := l.Method.(*Neurons[float64])
	steps(t, l, 0, 1)
	for layer, r := range m.relevance {
		if mean := total(r) / float64(l.Network.Sizes[layer+1]); math.Abs(mean-1) > 1e-12 {
			t.Errorf("mean relevance of layer %d is %v", layer, mean)
		}
	}
	h, d := []float64{0.3, 0.4, 0, 0.5}, []float64{-1, 2, 3, 0.1}
	once, seven := make([]float64, 2), make([]float64, 2)
	full(1, once, h, d)
	for i := range d {
		d[i] *= 7
	}
	full(1, seven, h, d)
	normalise(once, total(once), 2)
	normalise(seven, total(seven), 2)
	for j := range once {
		if math.Abs(once[j]-seven[j]) > 1e-14 {
			t.Errorf("relevance is %v, of seven times the loss %v", once[j], seven[j])
		}
	}
	none := []float64{1e-40, 1e-41}
	normalise(none, total(none), 2)
	if none[0] != 0 || none[1] != 0 {
		t.Errorf("relevances of rounding are %v, expected 0", none)
	}
}

// Scaling a neuron by 1-δ changes the loss by -δ Σ_s h ∂L/∂h: what relevance squares.
func TestRelevanceIsTheChangeOfTheLossWithoutTheNeuron(t *testing.T) {
	l := learner(unprotected, nil)
	var b tasksequence.Batch[float64]
	if err := l.Stream.Train(&b, 0, 0, 20); err != nil {
		t.Fatal(err)
	}
	last := l.Network.Hidden() - 1
	loss := l.Show(b.Values, b.Classes)
	var g gated.Gradients[float64]
	effect := make([]float64, len(l.Part.Neurons(last)))
	l.Pass.Backward(&g, func(layer int) {
		if layer != last {
			return
		}
		of := &l.Pass.Hidden[layer]
		for j := range effect {
			for s := range 20 {
				effect[j] += of.Activity[j*20+s] * of.Adjoint[j*20+s]
			}
		}
	}, nil)
	const delta = 1e-6
	out := l.Part.W[last+1]
	in := len(effect)
	for j := range effect {
		for c := range 3 {
			out[c*in+j] *= 1 - delta // the neuron's only way out
		}
		scaled := l.Show(b.Values, b.Classes)
		for c := range 3 {
			out[c*in+j] /= 1 - delta
		}
		if change := (scaled - loss) / delta; math.Abs(change+effect[j]) > 1e-5 {
			t.Errorf("neuron %d: the loss changes by %v, expected %v", j, change, -effect[j])
		}
	}
}

// Only the gates of the present context move, and a closed gate never does.
func TestOnlyThePresentGatesLearn(t *testing.T) {
	l := learner(perNeuron(Options{Eta: 0.01}), nil)
	before := weights(l.Network)[2*l.Network.Layers():]
	steps(t, l, 0, 10)
	for layer, v := range l.Network.V {
		moved := 0
		for i, now := range v {
			was := before[layer].Data.([]float64)[i]
			if now == was {
				continue
			}
			moved++
			if i%2 == 1 || was <= 0 {
				t.Errorf("layer %d: gate %d of context %d moved from %v to %v in context 0", layer, i/2, i%2, was, now)
			}
		}
		if moved == 0 {
			t.Errorf("no gate of layer %d moved", layer)
		}
	}
}
