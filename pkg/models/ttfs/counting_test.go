package ttfs

import (
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// Synaptic operations, counted by fan-outs, are the spikes that membranes are delivered.
func TestSynapticOperationsAreDeliveredSpikes(t *testing.T) {
	for seed := range uint64(100) {
		r := newRandomNetwork(seed)
		const trials = 3
		x := uniform(r.Rand, 0, 1, trials*r.Network.Input.Size())
		for i := range x {
			x[i] = max(0, x[i]-0.5) // half of the inputs are silent
		}
		c, err := Convert(r.Network, Options{High: 1, Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		m, err := NewMembranes(c.Network, 1)
		if err != nil {
			t.Fatal(err)
		}
		a, err := NewActivity(c.Network)
		if err != nil {
			t.Fatal(err)
		}
		response := m.Run(x, trials)
		a.Add(response)
		for i, n := range m.Events {
			if a.Synapses[i] != n {
				t.Fatalf("network %d, stage %d: %d synaptic operations, %d delivered", seed, i, a.Synapses[i], n)
			}
		}
	}
}

func TestSpikesPerNeuronLeaveSilentOnesAndRelaysOut(t *testing.T) {
	once := relu.Axis{Stride: 1, Dilation: 1}
	n := &Network[float64]{Input: Shape{Channels: 1, Height: 1, Width: 4}, High: 1, Form: B1, Stages: []Stage[float64]{
		&Neurons[float64]{Synapses: &Conv[float64]{Weights: filledArray(1, 1, 1, 1, 1), Height: once, Width: once, Groups: 1}, Bias: filledArray(1, 1), Window: 9},
		&Neurons[float64]{Synapses: &Average[float64]{Height: relu.Window{Size: 1, Stride: 1}, Width: relu.Window{Size: 4, Stride: 4}, Gain: 1, Channels: 1}, Bias: tensor.New[float64](1), Window: 9},
		&Readout[float64]{Synapses: &Dense[float64]{filledArray(1, 1, 1)}, Bias: tensor.New[float64](1)},
	}}
	n.Stages[0].(*Neurons[float64]).Bias.Data[0] = -0.5
	e, err := NewClosedForm(n, 1)
	if err != nil {
		t.Fatal(err)
	}
	a, err := NewActivity(n)
	if err != nil {
		t.Fatal(err)
	}
	a.Add(e.Run([]float64{0, 0.25, 0.75, 1}, 1)) // two of four neurons fire, and the relay
	perNeuron, spikes, synapses := a.Total()
	if perNeuron != 0.5 || spikes != 3 || synapses != 3+2+1 || a.Inputs != 3 || a.SpikesPerNeuron(1) != 1 {
		t.Errorf("%g spikes per neuron, %g spikes, %g operations, %d inputs", perNeuron, spikes, synapses, a.Inputs)
	}
}

// filledArray is an array of one value.
func filledArray(value float64, shape ...int) *tensor.Dense[float64] {
	x := tensor.New[float64](shape...)
	copy(x.Data, filled(len(x.Data), value))
	return x
}
