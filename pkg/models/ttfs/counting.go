package ttfs

import "github.com/snnctl/snnctl/internal/tensor"

// Activity counts what a network does over the trials that it is shown (sections 7.6 and
// 7.7). A spike is one that comes before t_max: silent neurons, which form alpha makes fire
// at t_max, are none.
type Activity[F tensor.Float] struct {
	Trials int64
	Inputs int64   // spikes of inputs
	Spikes []int64 // of each stage's neurons

	// Synapses are the synaptic operations of each stage: the spikes that reach it,
	// each counted as often as it has synapses there. A pool passes on one spike of a
	// window.
	Synapses []int64

	network *Network[F]
	fan     [][]int // synapses out of each value that enters a stage with synapses
	neurons []int   // of each stage
}

// NewActivity is nothing yet.
func NewActivity[F tensor.Float](n *Network[F]) (*Activity[F], error) {
	shapes, err := n.Shapes()
	if err != nil {
		return nil, err
	}
	stages := len(n.Stages)
	a := &Activity[F]{Spikes: make([]int64, stages), Synapses: make([]int64, stages), network: n, fan: make([][]int, stages), neurons: make([]int, stages)}
	for i, stage := range n.Stages {
		switch s := stage.(type) {
		case *Neurons[F]:
			a.fan[i], a.neurons[i] = s.Synapses.FanOut(shapes[i]), shapes[i+1].Size()
		case *Readout[F]:
			a.fan[i] = s.Synapses.FanOut(shapes[i])
		}
	}
	return a, nil
}

// Add counts a response.
func (a *Activity[F]) Add(r *Response[F]) {
	a.Trials += int64(r.Trials)
	a.Inputs += fired(r.Coded)
	before := r.Coded
	for i, fan := range a.fan {
		if fan != nil {
			for j, x := range before {
				if x > 0 {
					a.Synapses[i] += int64(fan[j%len(fan)])
				}
			}
		}
		if i < len(r.Values) {
			before = r.Values[i]
			if a.neurons[i] > 0 {
				a.Spikes[i] += fired(before)
			}
		}
	}
}

func fired[F tensor.Float](x []F) (n int64) {
	for _, v := range x {
		if v > 0 {
			n++
		}
	}
	return n
}

// Neurons is the number of neurons of a stage.
func (a *Activity[F]) Neurons(stage int) int { return a.neurons[stage] }

// SpikesPerNeuron is the fraction of a stage's neurons that fire in a trial.
func (a *Activity[F]) SpikesPerNeuron(stage int) float64 {
	return float64(a.Spikes[stage]) / max(1, float64(a.Trials)*float64(a.neurons[stage]))
}

// Total is the fraction of all neurons but relays that fire in a trial, the number of
// spikes of a trial with those of relays and without those of inputs, and that of its
// synaptic operations.
func (a *Activity[F]) Total() (spikesPerNeuron, spikes, synapses float64) {
	var of, neurons, all, operations float64
	for i, stage := range a.network.Stages {
		if stage.Kind() == "spike" {
			of += float64(a.Spikes[i])
			neurons += float64(a.neurons[i])
		}
		all += float64(a.Spikes[i])
		operations += float64(a.Synapses[i])
	}
	trials := max(1, float64(a.Trials))
	return of / max(1, neurons*trials), all / trials, operations / trials
}
