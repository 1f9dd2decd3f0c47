// Package deepr is DEEP R, the rewiring of Bellec et al. (1711.05136) as used
// by 1803.09574: training under a budget of synapses whose signs are fixed.
//
// Each rewired matrix has parameters θ and signs s; its weights are w = s·θ
// where θ > 0, and 0 where the synapse is dormant.
package deepr

import (
	"math"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// reconnected is θ of a synapse that has just come to life.
const reconnected = 1e-12

// Matrix is a rewired matrix [Pre][Post].
type Matrix[F tensor.Float] struct {
	Name         string
	Pre, Post    int
	Theta        []F
	Sign         []F     // +1 or -1, fixed
	Connectivity float64 // p, the part of its entries that the budget counts

	active []bool // θ > 0 before the update
}

// Weights writes w = s·θ for active synapses, 0 for dormant ones.
func (m *Matrix[F]) Weights(w []F) {
	for i, theta := range m.Theta {
		w[i] = 0
		if theta > 0 {
			w[i] = m.Sign[i] * theta
		}
	}
}

// Gradient turns ∂E/∂w into ∂E/∂θ = s ∂E/∂w, for dormant synapses too.
func (m *Matrix[F]) Gradient(theta, w []F) {
	for i, g := range w {
		theta[i] = m.Sign[i] * g
	}
}

// Active counts the synapses with θ > 0.
func (m *Matrix[F]) Active() int {
	n := 0
	for _, theta := range m.Theta {
		if theta > 0 {
			n++
		}
	}
	return n
}

// Rewiring keeps the active synapses of its matrices, taken together, at a budget.
type Rewiring[F tensor.Float] struct {
	Matrices    []*Matrix[F]
	L1          float64 // decay of active synapses per unit of learning rate
	Temperature float64 // T of the random walk
	Seed        uint64
}

// Budget is floor(Σ_k p_k size_k), the number of synapses over all matrices.
func (r *Rewiring[F]) Budget() int {
	total := 0.0
	for _, m := range r.Matrices {
		total += m.Connectivity * float64(len(m.Theta))
	}
	return int(math.Floor(total + 1e-9)) // 0.12·100 must count as 12
}

// Active counts the active synapses over all matrices.
func (r *Rewiring[F]) Active() int {
	n := 0
	for _, m := range r.Matrices {
		n += m.Active()
	}
	return n
}

// Before marks which synapses are active; call it before the optimiser's update.
func (r *Rewiring[F]) Before() {
	for _, m := range r.Matrices {
		if m.active == nil {
			m.active = make([]bool, len(m.Theta))
		}
		for i, theta := range m.Theta {
			m.active[i] = theta > 0
		}
	}
}

// After completes a training step of learning rate η, following the
// optimiser's update of all θ: dormant synapses stay dormant, active ones
// decay and diffuse, and new ones take the place of those that have died.
func (r *Rewiring[F]) After(step int, rate float64) {
	r.decay(rate, func(matrix int) func() float64 {
		return rng.Stream(r.Seed, "deep-r-noise", uint64(step), uint64(matrix)).NormFloat64
	})
	r.reconnect(step)
}

// decay sets entries that were dormant back to 0, and those with θ > 0 to
// θ - η·l1 + √(2ηT)·N(0,1). noise yields the normal numbers of a matrix, one
// for each entry in order.
func (r *Rewiring[F]) decay(rate float64, noise func(matrix int) func() float64) {
	shrink, diffusion := F(rate*r.L1), math.Sqrt(2*rate*r.Temperature)
	for k, m := range r.Matrices {
		draw := func() float64 { return 0 }
		if diffusion > 0 {
			draw = noise(k)
		}
		for i := range m.Theta {
			if !m.active[i] {
				m.Theta[i] = 0
			}
			kick := F(diffusion * draw())
			if m.Theta[i] > 0 {
				m.Theta[i] += kick - shrink
			}
		}
	}
}

// reconnect fills the deficit. It is split over the matrices by draws with
// probability ∝ p_k size_k; within one, distinct sites are drawn uniformly from
// those with θ ≤ 0.
func (r *Rewiring[F]) reconnect(step int) {
	deficit := r.Budget() - r.Active()
	if deficit <= 0 {
		return
	}
	random := rng.Stream(r.Seed, "deep-r-sites", uint64(step), 0)
	total := 0.0
	for _, m := range r.Matrices {
		total += m.Connectivity * float64(len(m.Theta))
	}
	wanted := make([]int, len(r.Matrices))
	for range deficit {
		x, k := random.Float64()*total, 0
		for ; k < len(r.Matrices)-1; k++ {
			x -= r.Matrices[k].Connectivity * float64(len(r.Matrices[k].Theta))
			if x < 0 {
				break
			}
		}
		wanted[k]++
	}
	for k, m := range r.Matrices {
		if wanted[k] == 0 {
			continue
		}
		var sites []int32
		for i, theta := range m.Theta {
			if theta <= 0 {
				sites = append(sites, int32(i))
			}
		}
		for n := range min(wanted[k], len(sites)) {
			pick := n + random.IntN(len(sites)-n)
			sites[n], sites[pick] = sites[pick], sites[n]
			m.Theta[sites[n]] = reconnected
		}
	}
}
