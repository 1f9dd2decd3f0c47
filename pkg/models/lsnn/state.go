package lsnn

import "github.com/snnctl/snnctl/internal/tensor"

// State is where a group of trials stands between two steps: what the next
// trial starts from if state is carried over. It is a value: no network keeps
// one.
type State[F tensor.Float] struct {
	V, B     []F            // membrane potential and adaptation, [n][Lanes]
	Filtered []F            // z̄, [n][Lanes]
	Spikes   *tensor.Spikes // z of the last steps, the newest last

	// x of the last steps, the newest last, as spikes or as currents like the
	// input; nil for none.
	Input    *tensor.Spikes
	Currents *tensor.Currents
}

// ZeroState is the state before the first spike, of a network that is shown
// spikes, or else currents.
func (net *Network[F]) ZeroState(spikes bool) *State[F] {
	s := &State[F]{
		V: make([]F, net.stride()), B: make([]F, net.stride()), Filtered: make([]F, net.stride()),
		Spikes: tensor.NewSpikes(net.memory(), net.Neurons()),
	}
	if spikes {
		s.Input = tensor.NewSpikes(net.memory(), net.Inputs)
	} else {
		s.Currents = tensor.NewCurrents(net.memory(), net.Inputs)
	}
	return s
}
