// Package gateon protects what a network has learned by the availability of its neurons, or
// of its parameters, for learning: it falls with their relevance for the present task, and
// counts from the next one on (2306.01690). The gates are those of package gated.
package gateon

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/learning/continual"
	"github.com/snnctl/snnctl/pkg/models/gated"
)

// Options are the choices of the method.
type Options struct {
	Eta     float64 // η of availability
	Epsilon float64 // ε, the relevance below which availability grows again

	// Activity takes mean activity for relevance, which needs no gradient.
	Activity bool

	// EtaChannels is η of the channels of convolutions, whose relevance always is their
	// mean activity.
	EtaChannels float64
}

// Neurons is n-GateON: an availability of each hidden neuron.
type Neurons[F tensor.Float] struct {
	continual.Finetuning[F]
	Options

	available [][]F // [hidden layer][neuron] A, used now
	estimate  [][]F // Ã, of the present task

	channels, channelsNext [2][]F // A and Ã of the channels of convolutions; nil without them

	factors   [][]F // of the part
	relevance [][]float64
}

// NewNeurons makes all neurons of a network available.
func NewNeurons[F tensor.Float](n *gated.Network[F], o Options) *Neurons[F] {
	m := &Neurons[F]{Options: o}
	for l := range n.Hidden() {
		m.available = append(m.available, ones[F](n.Sizes[l+1]))
		m.estimate = append(m.estimate, ones[F](n.Sizes[l+1]))
	}
	m.relevance = make([][]float64, n.Hidden())
	if n.Front != nil {
		for k, filters := range n.Front.Filters {
			m.channels[k], m.channelsNext[k] = ones[F](filters), ones[F](filters)
		}
	}
	return m
}

func ones[F tensor.Float](n int) []F {
	x := make([]F, n)
	for i := range x {
		x[i] = 1
	}
	return x
}

// Start makes the estimate of the task that ends the availability of the next.
func (m *Neurons[F]) Start(*continual.Learner[F]) error {
	for l := range m.available {
		copy(m.available[l], m.estimate[l])
	}
	for k := range m.channels {
		copy(m.channels[k], m.channelsNext[k])
	}
	return nil
}

// Adjust estimates relevance and availability of the channels of convolutions.
func (m *Neurons[F]) Adjust(l *continual.Learner[F], _ int) error {
	for k, estimate := range m.channelsNext {
		if estimate == nil {
			continue
		}
		r := l.Pass.ChannelActivity(k)
		normalise(r, total(r), len(r))
		for j, a := range estimate {
			estimate[j] = F(next(float64(a), r[j], m.EtaChannels, m.Epsilon))
		}
	}
	return nil
}

// Load gives the part's neurons their factors.
func (m *Neurons[F]) Load(l *continual.Learner[F]) {
	m.factors = make([][]F, len(m.available))
	for layer, a := range m.available {
		for _, j := range l.Part.Neurons(layer) {
			m.factors[layer] = append(m.factors[layer], factor(a[j]))
		}
	}
}

// Plasticity is the availability of the part's neurons.
func (m *Neurons[F]) Plasticity() continual.Plasticity[F] {
	return continual.Plasticity[F]{Neurons: m.factors, Channels: m.channels}
}

// Reached estimates relevance and availability of a layer. Closed neurons have no relevance.
func (m *Neurons[F]) Reached(l *continual.Learner[F], layer int) {
	of, neurons, estimate := &l.Pass.Hidden[layer], l.Part.Neurons(layer), m.estimate[layer]
	if cap(m.relevance[layer]) < len(neurons) {
		m.relevance[layer] = make([]float64, len(estimate))
	}
	r := m.relevance[layer][:len(neurons)]
	m.relevance[layer] = r
	if m.Activity {
		activity(l.Threads, r, of.Activity)
	} else {
		full(l.Threads, r, of.Activity, of.Adjoint)
	}
	normalise(r, total(r), len(estimate))
	open := 0
	for j, a := range estimate {
		relevance := 0.0
		if open < len(neurons) && int(neurons[open]) == j {
			relevance = r[open]
			open++
		}
		estimate[j] = F(next(float64(a), relevance, m.Eta, m.Epsilon))
	}
}

// State is availability and its estimate.
func (m *Neurons[F]) State() []checkpoint.Tensor {
	var all []checkpoint.Tensor
	for l := range m.available {
		shape := []int{len(m.available[l])}
		all = append(all,
			checkpoint.Tensor{Name: fmt.Sprintf("availability/%d", l), Shape: shape, Data: m.available[l], Unit: "1", Doc: "availability of the neurons, used now"},
			checkpoint.Tensor{Name: fmt.Sprintf("availability-next/%d", l), Shape: shape, Data: m.estimate[l], Unit: "1", Doc: "availability estimated in the present task"})
	}
	for k, a := range m.channels {
		if a != nil {
			shape := []int{len(a)}
			all = append(all,
				checkpoint.Tensor{Name: fmt.Sprintf("availability/conv%d", k), Shape: shape, Data: a, Unit: "1", Doc: "availability of the channels, used now"},
				checkpoint.Tensor{Name: fmt.Sprintf("availability-next/conv%d", k), Shape: shape, Data: m.channelsNext[k], Unit: "1", Doc: "availability of the channels estimated in the present task"})
		}
	}
	return all
}

// Report says which part of each layer is no longer available.
func (m *Neurons[F]) Report() map[string]float64 { return fixed(m.estimate) }

// Available is the mean availability of each hidden layer, as it will be in the next task.
func (m *Neurons[F]) Available() []float64 { return means(m.estimate) }

func means[F tensor.Float](availability [][]F) []float64 {
	m := make([]float64, len(availability))
	for l, layer := range availability {
		for _, a := range layer {
			m[l] += float64(a) / float64(len(layer))
		}
	}
	return m
}

// spent is the availability below which a neuron counts as fixed.
const spent = 0.05

func fixed[F tensor.Float](availability [][]F) map[string]float64 {
	m := map[string]float64{}
	for l, layer := range availability {
		n := 0
		for _, a := range layer {
			if a < spent {
				n++
			}
		}
		m[fmt.Sprintf("fixed_%d", l)] = float64(n) / float64(len(layer))
	}
	return m
}

// Weights is p-GateON: an availability of each weight and bias of the hidden layers.
type Weights[F tensor.Float] struct {
	continual.Finetuning[F]
	Options

	available, estimate state[F] // A and Ã, of the whole network

	factors, part state[F] // of the part: A, and Ã

	filters, filtersNext filterState[F] // A and Ã of convolutions
}

// filterState is a number for each weight and bias of two convolutions; nil without them.
type filterState[F tensor.Float] struct{ W, B [2][]F }

// state is a number for each weight and bias of the hidden layers.
type state[F tensor.Float] struct{ W, B [][]F }

// NewWeights makes all parameters of a network available.
func NewWeights[F tensor.Float](n *gated.Network[F], o Options) *Weights[F] {
	m := &Weights[F]{Options: o}
	for l := range n.Hidden() {
		for _, s := range []*state[F]{&m.available, &m.estimate} {
			s.W, s.B = append(s.W, ones[F](len(n.W[l]))), append(s.B, ones[F](len(n.B[l])))
		}
	}
	if n.Front != nil {
		for _, s := range []*filterState[F]{&m.filters, &m.filtersNext} {
			for k := range s.W {
				s.W[k], s.B[k] = ones[F](len(n.Front.W[k])), ones[F](len(n.Front.B[k]))
			}
		}
	}
	return m
}

// Whole is needed where availability grows again, also of weights without a part in a context.
func (m *Weights[F]) Whole() bool { return m.Epsilon > 0 }

// Start makes the estimate of the task that ends the availability of the next.
func (m *Weights[F]) Start(*continual.Learner[F]) error {
	for l := range m.available.W {
		copy(m.available.W[l], m.estimate.W[l])
		copy(m.available.B[l], m.estimate.B[l])
	}
	for k := range m.filters.W {
		copy(m.filters.W[k], m.filtersNext.W[k])
		copy(m.filters.B[k], m.filtersNext.B[k])
	}
	return nil
}

// Load copies what belongs to the part.
func (m *Weights[F]) Load(l *continual.Learner[F]) {
	hidden := len(m.available.W)
	for _, s := range []struct{ part, whole *state[F] }{{&m.factors, &m.available}, {&m.part, &m.estimate}} {
		s.part.W, s.part.B = nil, nil
		for layer := range hidden {
			s.part.W = append(s.part.W, make([]F, len(l.Part.W[layer])))
			s.part.B = append(s.part.B, make([]F, len(l.Part.B[layer])))
			l.Part.GatherBias(layer, s.part.B[layer], s.whole.B[layer])
		}
		l.Part.Gather(l.Threads, s.part.W, s.whole.W)
	}
	for layer := range hidden {
		for _, x := range [][]F{m.factors.W[layer], m.factors.B[layer]} {
			for i, a := range x {
				x[i] = factor(a)
			}
		}
	}
}

// Store writes the estimates of the part back.
func (m *Weights[F]) Store(l *continual.Learner[F]) {
	l.Part.Scatter(l.Threads, m.estimate.W, m.part.W)
	for layer := range m.part.B {
		l.Part.ScatterBias(layer, m.estimate.B[layer], m.part.B[layer])
	}
}

// Plasticity is the availability of the part's weights and biases.
func (m *Weights[F]) Plasticity() continual.Plasticity[F] {
	return continual.Plasticity[F]{Weights: m.factors.W, Biases: m.factors.B, FilterWeights: m.filters.W, FilterBiases: m.filters.B}
}

// Adjust estimates the relevance R_w ∝ (∂L/∂w w)² of each parameter, with a mean of 1 over
// the weights of a layer and over its biases, and the availability.
func (m *Weights[F]) Adjust(l *continual.Learner[F], _ int) error {
	n := l.Network
	for layer := range m.part.W {
		rows, in := l.Part.Sizes[layer+1], l.Part.Sizes[layer]
		sums := make([]float64, rows)
		w, g, estimate := l.Part.W[layer], l.Gradients.W[layer], m.part.W[layer]
		parallel.For(l.Threads, rows, func(_, j int) {
			sums[j] = squaredEffects(g[j*in:(j+1)*in], w[j*in:(j+1)*in])
		})
		mean := total(sums) / float64(len(n.W[layer]))
		parallel.For(l.Threads, rows, func(_, j int) {
			m.estimateRow(estimate[j*in:(j+1)*in], g[j*in:(j+1)*in], w[j*in:(j+1)*in], mean)
		})
		b, gb := l.Part.B[layer], l.Gradients.B[layer]
		m.estimateRow(m.part.B[layer], gb, b, squaredEffects(gb, b)/float64(len(n.B[layer])))
	}
	if f := n.Front; f != nil {
		for k := range f.W {
			w, g := f.W[k], l.Gradients.Front.W[k]
			m.estimateRow(m.filtersNext.W[k], g, w, squaredEffects(g, w)/float64(len(w)))
			b, gb := f.B[k], l.Gradients.Front.B[k]
			m.estimateRow(m.filtersNext.B[k], gb, b, squaredEffects(gb, b)/float64(len(b)))
		}
	}
	return nil
}

// estimateRow moves estimates of availability, given the mean of the squared effects.
func (m *Weights[F]) estimateRow(estimate, g, w []F, mean float64) {
	if mean < vanishing {
		if m.Epsilon > 0 {
			for i, a := range estimate {
				estimate[i] = F(next(float64(a), 0, m.Eta, m.Epsilon))
			}
		}
		return
	}
	scale := 1 / mean
	for i, a := range estimate {
		x := float64(g[i] * w[i])
		estimate[i] = F(next(float64(a), x*x*scale, m.Eta, m.Epsilon))
	}
}

// State is availability and its estimate.
func (m *Weights[F]) State() []checkpoint.Tensor {
	var all []checkpoint.Tensor
	for l := range m.available.W {
		out := len(m.available.B[l])
		in := len(m.available.W[l]) / out
		for _, s := range []struct {
			name, doc string
			state     *state[F]
		}{{"availability", "availability, used now", &m.available}, {"availability-next", "availability estimated in the present task", &m.estimate}} {
			all = append(all,
				checkpoint.Tensor{Name: fmt.Sprintf("%s/%d.weight", s.name, l), Shape: []int{out, in}, Data: s.state.W[l], Unit: "1", Doc: s.doc},
				checkpoint.Tensor{Name: fmt.Sprintf("%s/%d.bias", s.name, l), Shape: []int{out}, Data: s.state.B[l], Unit: "1", Doc: s.doc})
		}
	}
	for k := range m.filters.W {
		for _, s := range []struct {
			name, doc string
			state     *filterState[F]
		}{{"availability", "availability of a convolution, used now", &m.filters}, {"availability-next", "availability of a convolution estimated in the present task", &m.filtersNext}} {
			if s.state.W[k] != nil {
				all = append(all,
					checkpoint.Tensor{Name: fmt.Sprintf("%s/conv%d.weight", s.name, k), Shape: []int{len(s.state.W[k])}, Data: s.state.W[k], Unit: "1", Doc: s.doc},
					checkpoint.Tensor{Name: fmt.Sprintf("%s/conv%d.bias", s.name, k), Shape: []int{len(s.state.B[k])}, Data: s.state.B[k], Unit: "1", Doc: s.doc})
			}
		}
	}
	return all
}

// Report says which part of each layer's weights is no longer available.
func (m *Weights[F]) Report() map[string]float64 { return fixed(m.estimate.W) }

// Available is the mean availability of each hidden layer's weights, as it will be in the next task.
func (m *Weights[F]) Available() []float64 { return means(m.estimate.W) }
