package lsnn

import "github.com/snnctl/snnctl/internal/tensor"

// State is where a group of trials stands between two steps: what the next
// trial starts from if state is carried over. It is a value: no network keeps
// one.
type State[F tensor.Float] struct {
	V, B     []F            // membrane potential and adaptation, [n][Lanes]
	Filtered []F            // z̄, [n][Lanes]
	Spikes   *tensor.Spikes // z of the last steps, the newest last
	Input    *tensor.Spikes // x of the last steps, the newest last; nil for analogue input
}

// ZeroState is the state before the first spike.
func (net *Network[F]) ZeroState() *State[F] {
	return &State[F]{
		V: make([]F, net.stride()), B: make([]F, net.stride()), Filtered: make([]F, net.stride()),
		Spikes: tensor.NewSpikes(net.memory(), net.Neurons()),
		Input:  tensor.NewSpikes(net.memory(), net.Inputs),
	}
}
