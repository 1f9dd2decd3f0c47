package continual

import (
	"fmt"
	"math"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/gated"
)

// HAT is hard attention to the task (1801.01423): gates a = σ(s e) of embeddings e that
// learn, with a slope s that rises within a task from 1/s_max to s_max; the weights between
// neurons that earlier tasks use are kept.
type HAT[F tensor.Float] struct {
	Finetuning[F]
	SlopeMax float64 // s_max
	Strength float64 // c of the penalty on new neurons

	used [][]F // [hidden layer][neuron] a^{<t}, the greatest gate of earlier tasks
}

const (
	// greatestEmbedding is the limit of |e|.
	greatestEmbedding = 6
	// greatestExponent is the limit of |s e| where the gradient of e is compensated.
	greatestExponent = 50
)

// NewHAT draws the embeddings of a network with sigmoid gates from N(0, 1).
func NewHAT[F tensor.Float](n *gated.Network[F], slopeMax, strength float64, seed uint64) *HAT[F] {
	m := &HAT[F]{SlopeMax: slopeMax, Strength: strength}
	for l, v := range n.V {
		r := rng.Stream(seed, "hat-embeddings", 0, uint64(l))
		for i := range v {
			v[i] = F(r.NormFloat64())
		}
		m.used = append(m.used, make([]F, n.Sizes[l+1]))
	}
	n.GateSlope = slopeMax
	return m
}

// Whole is true: no sigmoid gate is ever closed.
func (*HAT[F]) Whole() bool { return true }

// Prepare sets the slope of the step: s = 1/s_max + (s_max - 1/s_max) (b-1)/(B-1) in step
// b of the B of a task.
func (m *HAT[F]) Prepare(l *Learner[F], step int) error {
	at := 1.0
	if l.StepsPerTask > 1 {
		at = float64(step%l.StepsPerTask) / float64(l.StepsPerTask-1)
	}
	l.Network.GateSlope = 1/m.SlopeMax + (m.SlopeMax-1/m.SlopeMax)*at
	return nil
}

// Adjust keeps the weights of earlier tasks, and adds the penalty to the gradient of the
// embeddings, which it then compensates for the slope.
func (m *HAT[F]) Adjust(l *Learner[F], _ int) error {
	hidden := l.Network.Hidden()
	for layer := range l.Part.W {
		in := l.Part.Sizes[layer]
		for j := range l.Part.Sizes[layer+1] {
			out := F(1) // the output layer is of all tasks: its columns of used neurons are kept
			if layer < hidden {
				out = m.used[layer][j]
			}
			row := l.Gradients.W[layer][j*in : (j+1)*in]
			for i := range row {
				from := F(1)
				if layer > 0 {
					from = m.used[layer-1][i]
				}
				row[i] *= hatMask(out, from)
			}
			if layer < hidden {
				l.Gradients.B[layer][j] *= 1 - out
			} else if l.Task > 0 {
				l.Gradients.B[layer][j] = 0
			}
		}
	}
	var room float64
	for layer, used := range m.used {
		_, r := newlyUsed(l.Pass.Hidden[layer].Gates, used)
		room += r
	}
	for layer, e := range l.Part.V {
		g, gates := l.Gradients.V[layer], l.Pass.Hidden[layer].Gates
		for j, v := range e {
			d := float64(g[j])
			if room > 0 {
				d += m.Strength * penaltySlope(float64(gates[j]), float64(m.used[layer][j]), room, l.Network.GateSlope)
			}
			g[j] = F(compensate(d, float64(v), l.Network.GateSlope, m.SlopeMax))
		}
	}
	return nil
}

// hatMask is 1 - min(a_out^{<t}, a_in^{<t}): how much a weight may still learn.
func hatMask[F tensor.Float](out, in F) F { return 1 - min(out, in) }

// Penalty is what is added to the loss: c Σ a (1 - a^{<t}) / Σ (1 - a^{<t}).
func (m *HAT[F]) Penalty(l *Learner[F]) float64 {
	var sum, room float64
	for layer, used := range m.used {
		s, r := newlyUsed(l.Pass.Hidden[layer].Gates, used)
		sum, room = sum+s, room+r
	}
	if room == 0 {
		return 0
	}
	return m.Strength * sum / room
}

// newlyUsed is Σ a (1 - a^{<t}) and Σ (1 - a^{<t}) of some neurons.
func newlyUsed[F tensor.Float](a, used []F) (sum, room float64) {
	for j, u := range used {
		sum += float64(a[j]) * (1 - float64(u))
		room += 1 - float64(u)
	}
	return sum, room
}

// penaltySlope is the derivative of the penalty by an embedding, given Σ (1 - a^{<t}).
func penaltySlope(a, used, room, slope float64) float64 {
	return (1 - used) / room * slope * a * (1 - a)
}

// compensate makes the gradient of an embedding independent of the slope of its gate:
// g s_max (cosh(clip(s e)) + 1)/(s (cosh e + 1)).
func compensate(g, e, slope, slopeMax float64) float64 {
	clipped := max(-greatestExponent, min(greatestExponent, slope*e))
	return g * slopeMax * (math.Cosh(clipped) + 1) / (slope * (math.Cosh(e) + 1))
}

// Moved limits the embeddings.
func (m *HAT[F]) Moved(l *Learner[F]) {
	for _, e := range l.Part.V {
		for j, v := range e {
			e[j] = max(-greatestEmbedding, min(greatestEmbedding, v))
		}
	}
}

// Answer is the part that answers a task, with gates as steep as they become.
func (m *HAT[F]) Answer(l *Learner[F], task int) *gated.Part[F] {
	l.Network.GateSlope = m.SlopeMax // until the next Prepare
	return l.Network.Whole(l.contextOf(task))
}

// End notes which neurons the task uses.
func (m *HAT[F]) End(l *Learner[F]) error {
	l.Network.GateSlope = m.SlopeMax
	for layer, used := range m.used {
		for j, a := range l.Network.Gates(layer, l.Context) {
			used[j] = max(used[j], F(a))
		}
	}
	return nil
}

// State is which neurons are used.
func (m *HAT[F]) State() []checkpoint.Tensor {
	var all []checkpoint.Tensor
	for layer, used := range m.used {
		all = append(all, checkpoint.Tensor{Name: fmt.Sprintf("hat/used/%d", layer), Shape: []int{len(used)}, Data: used, Unit: "1", Doc: "greatest gate of each neuron in the tasks that are past"})
	}
	return all
}
