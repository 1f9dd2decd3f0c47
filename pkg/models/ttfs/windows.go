package ttfs

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/tensor"
)

// deadWindow is the window of a layer that is silent on the whole sample.
const deadWindow = 1e-3

// Sample calls f with batches of inputs, [trials][input], until they end.
type Sample func(f func(inputs []float64, trials int) error) error

// calibrate sets each window to B_n = (1 + zeta) X_n, X_n being the greatest ReLU value
// of the layer over the sample: over its trials, channels and places, before pooling
// (section 2). The network is of form b1, rescaled if it is to become alpha.
func calibrate(n *Network[float64], zeta float64, sample Sample, threads int) (*calibration, error) {
	engine, err := NewClosedForm(n, threads)
	if err != nil {
		return nil, err
	}
	engine.Unbounded = true
	c := &calibration{Largest: make([]float64, len(n.Stages))}
	err = sample(func(inputs []float64, trials int) error {
		r := engine.Run(inputs, trials)
		c.Trials += trials
		c.Outside += r.Outside
		for i, x := range r.Largest {
			c.Largest[i] = max(c.Largest[i], x)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	n.eachFree(func(stage int, neurons *Neurons[float64]) { neurons.Window = (1 + zeta) * c.Largest[stage] })
	return c, nil
}

// calibration is what a sample says.
type calibration struct {
	Trials, Outside int
	Largest         []float64 // X_n of each stage
}

// boundMargin is how much longer a bounded window is than the value that bounds it: a
// neuron whose value is its bias alone would otherwise start at its threshold.
const boundMargin = 1e-3

// bound sets each window to a little more than what its neurons can reach at all,
//
//	max_i (b_i + Σ_j max(W_ij, 0) U_j),
//
// with U_j that of neuron j before, 1 of an input. No potential crosses its threshold
// before t_min then either (section 9.1).
func bound(n *Network[float64], threads int) error {
	upper := n.positive()
	engine, err := NewClosedForm(upper, threads)
	if err != nil {
		return err
	}
	engine.Unbounded = true
	r := engine.Run(filled(n.Input.Size(), 1), 1)
	n.eachFree(func(stage int, neurons *Neurons[float64]) { neurons.Window = (1 + boundMargin) * r.Largest[stage] })
	return nil
}

// positive is the network without its negative weights, and with input range [0, 1].
func (n *Network[F]) positive() *Network[F] {
	only := func(s Synapses[F]) Synapses[F] {
		rectified := func(w *tensor.Dense[F]) *tensor.Dense[F] {
			w = clone(w)
			for i, v := range w.Data {
				w.Data[i] = max(v, 0)
			}
			return w
		}
		switch s := s.(type) {
		case *Dense[F]:
			return &Dense[F]{rectified(s.Weights)}
		case *Conv[F]:
			return &Conv[F]{rectified(s.Weights), s.Height, s.Width, s.Groups}
		default:
			return s
		}
	}
	p := &Network[F]{Input: n.Input, High: 1, Form: B1}
	for _, stage := range n.Stages {
		switch s := stage.(type) {
		case *Neurons[F]:
			stage = &Neurons[F]{Synapses: only(s.Synapses), Bias: s.Bias, Window: s.Window, Clipped: s.Clipped}
		case *Readout[F]:
			stage = &Readout[F]{Synapses: only(s.Synapses), Bias: s.Bias}
		}
		p.Stages = append(p.Stages, stage)
	}
	return p
}

// eachFree goes over the neurons whose window is not that of a clipped activation.
func (n *Network[F]) eachFree(f func(stage int, neurons *Neurons[F])) {
	for i, stage := range n.Stages {
		if neurons, ok := stage.(*Neurons[F]); ok && !neurons.Clipped {
			f(i, neurons)
		}
	}
}

// wakeDead gives layers that are silent on the sample a small window, and says so.
func wakeDead(n *Network[float64]) (warnings []string) {
	n.eachFree(func(_ int, neurons *Neurons[float64]) {
		if neurons.Window <= 0 {
			neurons.Window = deadWindow
			warnings = append(warnings, fmt.Sprintf("%s is silent on the whole sample; its window is %g", neurons.Name, deadWindow))
		}
	})
	return warnings
}
