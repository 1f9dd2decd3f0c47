package continual

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/gated"
)

// Separate gives each task a network of its own, which begins as the first one began: what
// a method would reach that neither forgets nor transfers.
type Separate[F tensor.Float] struct {
	Finetuning[F]
	networks []*gated.Network[F]
	initial  *gated.Network[F]
}

// NewSeparate makes a network for each task.
func NewSeparate[F tensor.Float](n *gated.Network[F], tasks int) *Separate[F] {
	m := &Separate[F]{initial: clone(n)}
	for range tasks {
		m.networks = append(m.networks, clone(n))
	}
	return m
}

func clone[F tensor.Float](n *gated.Network[F]) *gated.Network[F] {
	c := *n
	c.W, c.B, c.V = nil, nil, nil
	for _, of := range []struct{ to, from *[][]F }{{&c.W, &n.W}, {&c.B, &n.B}, {&c.V, &n.V}} {
		for _, x := range *of.from {
			*of.to = append(*of.to, append([]F(nil), x...))
		}
	}
	return &c
}

// Start begins again.
func (m *Separate[F]) Start(l *Learner[F]) error {
	assign(l.Network, m.initial)
	return nil
}

// End keeps the network of the task.
func (m *Separate[F]) End(l *Learner[F]) error {
	assign(m.networks[l.Task], l.Network)
	return nil
}

func assign[F tensor.Float](to, from *gated.Network[F]) {
	for _, of := range []struct{ to, from [][]F }{{to.W, from.W}, {to.B, from.B}, {to.V, from.V}} {
		for k := range of.from {
			copy(of.to[k], of.from[k])
		}
	}
}

// Answer is the network of a task.
func (m *Separate[F]) Answer(_ *Learner[F], task int) *gated.Part[F] {
	return m.networks[task].Open(task)
}

// State is all the networks.
func (m *Separate[F]) State() []checkpoint.Tensor {
	var all []checkpoint.Tensor
	for task, n := range append(m.networks[:len(m.networks):len(m.networks)], m.initial) {
		name := fmt.Sprintf("task-%d/", task)
		if task == len(m.networks) {
			name = "initial/"
		}
		for _, t := range parameterTensors(n) {
			t.Name = name + t.Name
			all = append(all, t)
		}
	}
	return all
}
