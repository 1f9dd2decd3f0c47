// Package plasticity moves the weights of a network along their gradients,
// whatever rule has given these: clipping, optimiser, learning rate, rewiring; it
// stops a training whose numbers are no longer finite, and gives and takes the
// weights of a checkpoint.
package plasticity

import (
	"fmt"
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/learning/deepr"
	"github.com/snnctl/snnctl/pkg/learning/optim"
)

// Options are the choices of a training.
type Options[F tensor.Float] struct {
	Optimizer optim.Optimizer[F]
	Schedule  optim.Schedule
	ClipNorm  float64   // longest gradient; 0 for no limit
	ClipEach  float64   // longest gradient of each array by itself; 0 for no limit
	L2        float64   // the loss gets L2 Σ w² over all parameters that decay; not with rewiring
	Rewiring  *Rewiring // nil for dense matrices
}

// Rewiring chooses DEEP R.
type Rewiring struct {
	Connectivity       float64
	L1, Temperature    float64
	Signed             bool
	ExcitatoryFraction float64
}

// Array is a trainable array with its gradient.
type Array[F tensor.Float] struct {
	Name        string
	Shape       []int
	Value, Grad []F
	Doc         string // what it means, for checkpoints
	Undecayed   bool   // L2 leaves it out: biases and scales, where the method says so
}

// Weights are the arrays of a network in training. The zero value, with options,
// is ready for Add and Rewire.
type Weights[F tensor.Float] struct {
	Options[F]

	params   []*optim.Param[F]
	docs     map[string]string // of params
	decayed  []*optim.Param[F] // those of params that L2 acts on
	rewiring *deepr.Rewiring[F]
	rewired  []Array[F] // the weights of rewired matrices, which come first in params
}

// Add makes an array a parameter.
func (w *Weights[F]) Add(a Array[F]) {
	if w.docs == nil {
		w.docs = map[string]string{}
	}
	w.docs[a.Name] = a.Doc
	p := &optim.Param[F]{Name: a.Name, Shape: a.Shape, Value: a.Value, Grad: a.Grad}
	w.params = append(w.params, p)
	if !a.Undecayed {
		w.decayed = append(w.decayed, p)
	}
}

// Rewire puts the matrices of a recurrent network, named "w_in" [n_in][n], "w_rec"
// [n][n] and "w_out" [n][outputs], under DEEP R, and draws their start. It comes
// before any Add.
//
// The sign of a synapse is that of its presynaptic neuron; the inhibitory neurons
// come first, among the LIF neurons.
func (w *Weights[F]) Rewire(seed uint64, in, rec, out Array[F]) {
	r := w.Rewiring
	w.rewiring = &deepr.Rewiring[F]{L1: r.L1, Temperature: r.Temperature, Seed: seed}
	w.rewired = []Array[F]{in, rec, out}
	signsIn := deepr.Signs(in.Shape[0], r.ExcitatoryFraction, true, seed, "signs-in")
	signs := deepr.Signs(rec.Shape[0], r.ExcitatoryFraction, false, seed, "")
	for k, m := range []struct {
		name  string
		signs []float64
	}{{"in", signsIn}, {"rec", signs}, {"out", signs}} {
		a := w.rewired[k]
		var matrix *deepr.Matrix[F]
		if r.Signed {
			matrix = deepr.NewSigned[F](m.name, a.Shape[1], r.Connectivity, m.signs, seed)
		} else {
			matrix = deepr.NewUnsigned[F](m.name, len(m.signs), a.Shape[1], r.Connectivity, seed)
		}
		w.rewiring.Matrices = append(w.rewiring.Matrices, matrix)
		w.Add(Array[F]{Name: "theta_" + m.name, Shape: a.Shape, Value: matrix.Theta, Grad: make([]F, len(matrix.Theta)),
			Doc: "DEEP R parameters of " + a.Doc + ": w = sign·theta where theta > 0, else 0"})
	}
	w.showWeights()
}

// showWeights writes the weights of rewired matrices where the network reads them.
func (w *Weights[F]) showWeights() {
	for k, a := range w.rewired {
		w.rewiring.Matrices[k].Weights(a.Value)
	}
}

// Grad is the gradient of the parameter called name; nil if there is none.
func (w *Weights[F]) Grad(name string) []F {
	for _, p := range w.params {
		if p.Name == name {
			return p.Grad
		}
	}
	return nil
}

// Update moves the parameters by their gradients in training step number step,
// counted from 0, and reports on it.
func (w *Weights[F]) Update(step int) (metrics map[string]float64, err error) {
	rate := w.Schedule(step)
	if w.rewiring != nil {
		w.rewiring.Before()
		for k, a := range w.rewired {
			w.rewiring.Matrices[k].Gradient(w.params[k].Grad, a.Grad)
		}
	}
	if w.L2 != 0 {
		for _, p := range w.decayed {
			for i, x := range p.Value {
				p.Grad[i] += F(F(2*w.L2) * x)
			}
		}
	}
	if w.ClipEach > 0 {
		for i := range w.params {
			optim.ClipNorm(w.params[i:i+1], w.ClipEach)
		}
	}
	limit := w.ClipNorm
	if limit == 0 {
		limit = math.Inf(1)
	}
	norm := optim.ClipNorm(w.params, limit)
	if err := finite(step, "gradient", norm); err != nil {
		return nil, err
	}
	w.Optimizer.Step(w.params, step+1, rate)
	for _, p := range w.params { // before such weights reach a checkpoint
		if _, squares := kernel.CentredSums(p.Value, 0); squares-squares == 0 {
			continue // all are finite
		}
		for _, x := range p.Value {
			if x-x != 0 { // infinite or NaN
				return nil, finite(step, "new value of "+p.Name, float64(x))
			}
		}
	}
	metrics = map[string]float64{"learning_rate": rate, "gradient_norm": norm}
	if w.rewiring != nil {
		w.rewiring.After(step, rate)
		w.showWeights()
		metrics["synapses"] = float64(w.rewiring.Active())
	}
	return metrics, nil
}

// Parameters counts the trainable numbers that exist at a time: with rewiring
// the budget of synapses and what else there is.
func (w *Weights[F]) Parameters() int {
	count := 0
	for _, p := range w.params {
		count += len(p.Value)
	}
	if w.rewiring != nil {
		for _, m := range w.rewiring.Matrices {
			count -= len(m.Theta)
		}
		count += w.rewiring.Budget()
	}
	return count
}

// NotFinite says that a training went astray: its loss, its gradient or a
// parameter is NaN or infinite.
type NotFinite struct {
	Step  int // counted from 0; the message counts from 1, as the records of a run do
	What  string
	Value float64
}

func (e *NotFinite) Error() string {
	return fmt.Sprintf("the %s is %v in step %d", e.What, e.Value, e.Step+1)
}

// FiniteLoss refuses the loss of a training step that is not a number.
func FiniteLoss(step int, loss float64) error { return finite(step, "loss", loss) }

func finite(step int, what string, x float64) error {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return &NotFinite{Step: step, What: what, Value: x}
	}
	return nil
}
