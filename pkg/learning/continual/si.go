package continual

import (
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/gated"
)

// SI is synaptic intelligence (1703.04200). Along the way of a task each parameter gathers
// what it did for the loss of the data, ω_i ← ω_i - g_i Δθ_i; at its end
//
//	Ω_i ← Ω_i + max(ω_i, 0)/((θ_i - θ_i^start)² + ξ)
//
// and from then on λ Σ Ω_i (θ_i - θ_i^start)² is added to the loss, with θ^start where the
// present task began.
type SI[F tensor.Float] struct {
	Finetuning[F]
	Lambda, Xi float64

	importance, omega, start [][]F // Ω, ω, θ^start
	gradient, before         [][]F // of the data in this step; θ before it
	names                    []string
}

// NewSI protects nothing yet; the network's first task begins where it is.
func NewSI[F tensor.Float](n *gated.Network[F], lambda, xi float64) *SI[F] {
	m := &SI[F]{Lambda: lambda, Xi: xi, names: newQuadratic(n).name}
	for _, x := range arrays(n.W, n.B) {
		for _, of := range []*[][]F{&m.importance, &m.omega, &m.gradient, &m.before} {
			*of = append(*of, make([]F, len(x)))
		}
		m.start = append(m.start, append([]F(nil), x...))
	}
	return m
}

// Whole is true: the penalty is on all weights.
func (*SI[F]) Whole() bool { return true }

// Start notes where the task begins.
func (m *SI[F]) Start(l *Learner[F]) error {
	for k, x := range arrays(l.Network.W, l.Network.B) {
		copy(m.start[k], x)
		clear(m.omega[k])
	}
	return nil
}

// Adjust keeps the gradient of the data, and adds that of the penalty.
func (m *SI[F]) Adjust(l *Learner[F], _ int) error {
	twice := F(2 * m.Lambda)
	g := arrays(l.Gradients.W, l.Gradients.B)
	for k, theta := range arrays(l.Part.W, l.Part.B) {
		copy(m.gradient[k], g[k])
		copy(m.before[k], theta)
		importance, start, to := m.importance[k], m.start[k], g[k]
		for i, v := range theta {
			to[i] += twice * importance[i] * (v - start[i])
		}
	}
	return nil
}

// Moved adds to ω what the step did.
func (m *SI[F]) Moved(l *Learner[F]) {
	for k, theta := range arrays(l.Part.W, l.Part.B) {
		pathIntegral(m.omega[k], m.gradient[k], theta, m.before[k])
	}
}

// Penalty is what is added to the loss.
func (m *SI[F]) Penalty(l *Learner[F]) float64 {
	var sum float64
	for k, theta := range arrays(l.Part.W, l.Part.B) {
		for i, v := range theta {
			d := float64(v - m.start[k][i])
			sum += float64(m.importance[k][i]) * d * d
		}
	}
	return m.Lambda * sum
}

// pathIntegral is ω ← ω - g Δθ.
func pathIntegral[F tensor.Float](omega, g, theta, before []F) {
	for i, d := range g {
		omega[i] -= d * (theta[i] - before[i])
	}
}

// End adds the importance of the task.
func (m *SI[F]) End(l *Learner[F]) error {
	for k, theta := range arrays(l.Network.W, l.Network.B) {
		consolidate(m.importance[k], m.omega[k], theta, m.start[k], F(m.Xi))
	}
	return nil
}

// consolidate is Ω ← Ω + max(ω, 0)/((θ - θ^start)² + ξ).
func consolidate[F tensor.Float](importance, omega, theta, start []F, xi F) {
	for i, w := range omega {
		d := theta[i] - start[i]
		importance[i] += max(w, 0) / (d*d + xi)
	}
}

// State is Ω, ω and θ^start.
func (m *SI[F]) State() []checkpoint.Tensor {
	var all []checkpoint.Tensor
	for k, name := range m.names {
		shape := []int{len(m.omega[k])}
		all = append(all,
			checkpoint.Tensor{Name: "si/importance/" + name, Shape: shape, Data: m.importance[k], Unit: "1", Doc: "importance of each entry"},
			checkpoint.Tensor{Name: "si/path/" + name, Shape: shape, Data: m.omega[k], Unit: "1", Doc: "what each entry did for the loss in the task so far"},
			checkpoint.Tensor{Name: "si/start/" + name, Shape: shape, Data: m.start[k], Unit: "1", Doc: "value where the task began"})
	}
	return all
}
