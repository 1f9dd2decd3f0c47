package autoencoder

import (
	"math"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Sparsity says how events are made rare (section 4.2 of the method).
//
//	free    nothing
//	sparse  λ(t) mean(z)
//	mu      λ max(0, mean(z) - ρ*): λ is moved until the density is the one of the target rate
type Sparsity struct {
	Variant string
	Lambda  float64   // of sparse; of mu at the start
	Starts  []float64 // sparse: from this part of the steps on, λ is multiplied by the factor beside it; before the first it is 0
	Factors []float64
	Density float64 // ρ* of mu

	Floor         float64 // weight of mean_n max(0, 1e-3 - mean_{b,t} z_n), against silent units
	Decorrelation float64 // weight of the mean over pairs of units of their squared correlation, against copies
}

const (
	muStart    = 0.4 // part of the steps without penalty
	muEvery    = 50  // steps between two moves of λ
	muStep     = 0.3
	muAverage  = 0.95
	muLeast    = 0.01
	muMost     = 3
	leastShare = 1e-3 // of frames with an event, that the floor asks of each unit
)

// lambda is the weight of the penalty in a step of so many.
func (s *Sparsity) lambda(step, steps int, controlled float64) float64 {
	progress := float64(step) / float64(steps)
	switch s.Variant {
	case "sparse":
		factor := 0.0
		for i, start := range s.Starts {
			if progress >= start {
				factor = s.Factors[i]
			}
		}
		return factor * s.Lambda
	case "mu":
		if progress >= muStart {
			return controlled
		}
	}
	return 0
}

// control moves λ of mu: state holds λ and the average density.
func (s *Sparsity) control(state []float64, step, steps int, density float64) {
	state[1] = muAverage*state[1] + (1-muAverage)*density
	if s.Variant == "mu" && float64(step)/float64(steps) >= muStart && step%muEvery == 0 {
		state[0] = min(max(state[0]*math.Exp(muStep*sign(state[1]-s.Density)), muLeast), muMost)
	}
}

// density is mean(z).
func density[F tensor.Float](z *autodiff.Var[F]) float64 {
	sum := 0.0
	for _, v := range z.Value.Data {
		sum += float64(v)
	}
	return sum / float64(len(z.Value.Data))
}

// floor is weight · mean_n max(0, 1e-3 - mean_{b,t} z_n).
func floor[F tensor.Float](t *autodiff.Tape[F], z *autodiff.Var[F], weight float64) *autodiff.Var[F] {
	batch, units, frames := z.Value.Shape[0], z.Value.Shape[1], z.Value.Shape[2]
	loss := t.Result(1)
	low := make([]bool, units)
	for n := range units {
		mean := 0.0
		for b := range batch {
			for _, v := range z.Value.Data[(b*units+n)*frames:][:frames] {
				mean += float64(v) / float64(batch*frames)
			}
		}
		if mean < leastShare {
			low[n] = true
			loss.Value.Data[0] += F(weight * (leastShare - mean) / float64(units))
		}
	}
	t.Record(func() {
		g := F(-weight/float64(units*batch*frames)) * loss.Grad.Data[0]
		for n := range units {
			if low[n] {
				for b := range batch {
					gz := z.Grad.Data[(b*units+n)*frames:][:frames]
					for i := range gz {
						gz[i] += g
					}
				}
			}
		}
	})
	return loss
}

// decorrelation is weight · mean over pairs n ≠ m of c_nm², with c the correlation of z_n and
// z_m over batch and time. A unit that does not vary correlates with none.
func decorrelation[F tensor.Float](t *autodiff.Tape[F], threads int, z *autodiff.Var[F], weight float64) *autodiff.Var[F] {
	batch, units, frames := z.Value.Shape[0], z.Value.Shape[1], z.Value.Shape[2]
	n := batch * frames
	u := make([]F, units*n)          // unit vectors: centred, and of length 1
	length := make([]float64, units) // before
	for i := range units {
		row := u[i*n : (i+1)*n]
		for b := range batch {
			copy(row[b*frames:], z.Value.Data[(b*units+i)*frames:][:frames])
		}
		sum, _ := kernel.CentredSums(row, 0)
		mean := F(sum / float64(n))
		_, squares := kernel.CentredSums(row, mean)
		length[i] = math.Sqrt(squares)
		scale := F(0)
		if length[i] > 1e-6 {
			scale = F(1 / length[i])
		}
		for k := range row {
			row[k] = (row[k] - mean) * scale
		}
	}
	c := make([]F, units*units)
	kernel.Gemm(threads, false, true, units, units, n, 1, u, n, u, n, 0, c, units)
	pairs := float64(max(1, units*(units-1)))
	total := 0.0
	for i := range units {
		c[i*units+i] = 0
		for _, v := range c[i*units : (i+1)*units] {
			total += float64(v) * float64(v)
		}
	}
	loss := t.Result(1)
	loss.Value.Data[0] = F(weight * total / pairs)
	t.Record(func() {
		// ∂/∂u_i = 4w/pairs Σ_j c_ij u_j, of which only what is across u_i and has mean 0 goes back.
		g := make([]F, units*n)
		kernel.Gemm(threads, false, false, units, n, units, F(4*weight/pairs)*loss.Grad.Data[0], c, units, u, n, 0, g, n)
		for i := range units {
			if length[i] <= 1e-6 {
				continue
			}
			gi, ui := g[i*n:(i+1)*n], u[i*n:(i+1)*n]
			along, sum := 0.0, 0.0
			for k, v := range gi {
				along += float64(v) * float64(ui[k])
				sum += float64(v)
			}
			mean, scale := F(sum/float64(n)), F(1/length[i])
			for b := range batch {
				gz := z.Grad.Data[(b*units+i)*frames:][:frames]
				for k := range gz {
					at := b*frames + k
					gz[k] += scale * (gi[at] - F(along)*ui[at] - mean)
				}
			}
		}
	})
	return loss
}
