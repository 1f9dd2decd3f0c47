package continual

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/gated"
)

// EWC is elastic weight consolidation (1612.00796): a penalty for each task that is past,
//
//	L + (λ/2) Σ_k Σ_i F_{k,i} (θ_i - θ*_{k,i})²
//
// with F the mean of the squared gradients of log p(y|x) of single training examples. Of
// the sum over tasks Σ F, Σ F θ* and Σ F θ*² are kept, so memory does not grow with them.
type EWC[F tensor.Float] struct {
	Finetuning[F]
	Lambda   float64
	Examples int  // of each task, for F
	Sampled  bool // y is drawn from p instead of the label of the example

	penalty quadratic[F]
}

// quadratic is Σ_k Σ_i F_{k,i} (θ_i - θ*_{k,i})² over the weights and biases of a network.
type quadratic[F tensor.Float] struct {
	f, c  [][]F     // [array][entry]: Σ F, Σ F θ*
	least []float64 // Σ F θ*² over all entries
	name  []string
}

// newQuadratic is 0.
func newQuadratic[F tensor.Float](n *gated.Network[F]) quadratic[F] {
	q := quadratic[F]{least: []float64{0}}
	for _, x := range arrays(n.W, n.B) {
		q.f, q.c = append(q.f, make([]F, len(x))), append(q.c, make([]F, len(x)))
		q.name = append(q.name, "")
	}
	for l := range n.W {
		q.name[l], q.name[l+len(n.W)] = fmt.Sprintf("%d.weight", l), fmt.Sprintf("%d.bias", l)
	}
	return q
}

// arrays lists weights, then biases.
func arrays[F tensor.Float](w, b [][]F) [][]F { return append(append([][]F{}, w...), b...) }

// add adds a term f_i (θ_i - θ*_i)² of one entry.
func (q *quadratic[F]) add(array, i int, f, at F) {
	q.f[array][i] += f
	q.c[array][i] += f * at
	q.least[0] += float64(f * at * at)
}

// penalty is (λ/2) Σ_k Σ_i F_{k,i} (θ_i - θ*_{k,i})².
func (q *quadratic[F]) penalty(lambda float64, theta [][]F) float64 {
	sum := q.least[0]
	for k, x := range theta {
		for i, v := range x {
			sum += float64(v) * (float64(q.f[k][i])*float64(v) - 2*float64(q.c[k][i]))
		}
	}
	return lambda / 2 * sum
}

// gradient adds λ (Σ F θ - Σ F θ*) to g.
func (q *quadratic[F]) gradient(lambda F, theta, g [][]F) {
	for k, x := range theta {
		f, c := q.f[k], q.c[k]
		for i, v := range x {
			g[k][i] += lambda * (f[i]*v - c[i])
		}
	}
}

func (q *quadratic[F]) state(prefix string) []checkpoint.Tensor {
	all := []checkpoint.Tensor{{Name: prefix + "least", Shape: []int{1}, Data: q.least, Unit: "1", Doc: "importance times the square of the value held on to, summed over entries and tasks"}}
	for k, name := range q.name {
		all = append(all,
			checkpoint.Tensor{Name: prefix + "importance/" + name, Shape: []int{len(q.f[k])}, Data: q.f[k], Unit: "1", Doc: "importance of each entry, summed over tasks"},
			checkpoint.Tensor{Name: prefix + "anchor/" + name, Shape: []int{len(q.c[k])}, Data: q.c[k], Unit: "1", Doc: "importance times the value that it holds on to, summed over tasks"})
	}
	return all
}

// NewEWC protects nothing yet. The network must not normalise over the batch, as F is of
// single examples.
func NewEWC[F tensor.Float](n *gated.Network[F], lambda float64, examples int, sampled bool) *EWC[F] {
	return &EWC[F]{Lambda: lambda, Examples: examples, Sampled: sampled, penalty: newQuadratic(n)}
}

// Whole is true: the penalty is on all weights.
func (*EWC[F]) Whole() bool { return true }

// Adjust adds the gradient of the penalty.
func (m *EWC[F]) Adjust(l *Learner[F], _ int) error {
	m.penalty.gradient(F(m.Lambda), arrays(l.Part.W, l.Part.B), arrays(l.Gradients.W, l.Gradients.B))
	return nil
}

// Penalty is what is added to the loss.
func (m *EWC[F]) Penalty(l *Learner[F]) float64 {
	return m.penalty.penalty(m.Lambda, arrays(l.Part.W, l.Part.B))
}

// End adds the penalty of the task.
func (m *EWC[F]) End(l *Learner[F]) error {
	r := rng.Stream(l.Seed, "fisher", uint64(l.Task), 0)
	n := min(m.Examples, l.Stream.Size(l.Task, "train"))
	squares := l.Network.Empty()
	sums := arrays(squares.W, squares.B)
	examples := append([]int(nil), l.Stream.Pick(r.IntN, l.Stream.Size(l.Task, "train"), n)...)
	for _, example := range examples {
		if err := l.Stream.Examples(&l.memory, l.Task, "train", []int{example}); err != nil {
			return err
		}
		l.memoryPass.Forward(l.Part, l.memory.Values, 1)
		classes := l.memory.Classes
		if m.Sampled {
			classes = []int{l.memoryPass.Sample(l.Head(l.Task), r.Float64())}
		}
		l.memoryPass.Loss(gated.CrossEntropy, l.Head(l.Task), classes)
		l.memoryPass.Backward(&l.memoryGradients, nil, nil)
		for k, g := range arrays(l.memoryGradients.W, l.memoryGradients.B) {
			for i, v := range g {
				sums[k][i] += v * v
			}
		}
	}
	for k, theta := range arrays(l.Network.W, l.Network.B) {
		for i, v := range theta {
			m.penalty.add(k, i, sums[k][i]/F(n), v)
		}
	}
	return nil
}

// State is what the penalty is made of.
func (m *EWC[F]) State() []checkpoint.Tensor { return m.penalty.state("ewc/") }
