package eprop

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
)

// Target is what the outputs of a batch should be.
type Target[F tensor.Float] interface {
	// Error takes the output y of step t of a group of trials, both [K][Lanes],
	// writes δ = ∂E/∂y to delta, which holds zeros, and returns what the step adds
	// to the loss E. Lane l is trial group·Lanes+l, for l below trials; the
	// others keep their zeros. It is called once for each step and group, in the
	// order of the steps, for different groups at the same time.
	Error(delta, y []F, group, trials, t int) (loss float64)
}

// Regression is the loss E = ½ Σ (y - y*)² over trials, steps and outputs, with
// δ = y - y*.
type Regression[F tensor.Float] struct {
	Values *tensor.Dense[F] // y*, [B][T][K]
}

// Error implements Target.
func (r *Regression[F]) Error(delta, y []F, group, trials, t int) (loss float64) {
	steps, outputs := r.Values.Shape[1], r.Values.Shape[2]
	for l := range trials {
		want := r.Values.Data[((group*lanes+l)*steps+t)*outputs:]
		for k := range outputs {
			d := y[k*lanes+l] - want[k]
			delta[k*lanes+l] = d
			loss += float64(d) * float64(d) / 2
		}
	}
	return loss
}

// Reset takes the curves of a batch, [B][T][K].
func (r *Regression[F]) Reset(curves []float32, steps, outputs int) {
	if r.Values == nil {
		r.Values = &tensor.Dense[F]{}
	}
	r.Values.Shape = append(r.Values.Shape[:0], len(curves)/(steps*outputs), steps, outputs)
	r.Values.Data = r.Values.Data[:0]
	for _, y := range curves {
		r.Values.Data = append(r.Values.Data, F(y))
	}
}

// Variation is Σ (y* - mean)² over trials, steps and outputs, the mean being that
// of a curve over its steps: twice the loss of the best constant output.
func (r *Regression[F]) Variation() float64 {
	steps, outputs := r.Values.Shape[1], r.Values.Shape[2]
	var total float64
	for trial := range r.Values.Shape[0] {
		curves := r.Values.Data[trial*steps*outputs : (trial+1)*steps*outputs]
		for k := range outputs {
			var sum, squares float64
			for t := range steps {
				y := float64(curves[t*outputs+k])
				sum += y
				squares += y * y
			}
			total += squares - sum*sum/float64(steps)
		}
	}
	return total
}

// Classification is the loss E = -1/N Σ log π_class over the N steps that
// decisions cover, π = softmax(y), with δ = (π - π*)/N. The zero value is ready
// for Reset.
type Classification[F tensor.Float] struct {
	decisions []datasets.Decision
	first     []int // decisions of group i: first[i] … first[i+1]-1
	scored    int   // N
	outputs   int
	sums      []float64 // Σ y over each decision's steps, [decisions][K]
}

// Reset takes the decisions of a batch, in the order of their trials, between
// outputs classes.
func (c *Classification[F]) Reset(decisions []datasets.Decision, groups, outputs int) {
	c.decisions, c.outputs, c.scored = decisions, outputs, 0
	c.first = append(c.first[:0], 0)
	for i := range decisions {
		for len(c.first) <= decisions[i].Trial/lanes {
			c.first = append(c.first, i)
		}
		c.scored += decisions[i].End - decisions[i].Start
	}
	for len(c.first) <= groups {
		c.first = append(c.first, len(decisions))
	}
	c.sums = c.sums[:0]
	for range len(decisions) * outputs {
		c.sums = append(c.sums, 0)
	}
}

// Error implements Target.
func (c *Classification[F]) Error(delta, y []F, group, trials, t int) (loss float64) {
	for i := c.first[group]; i < c.first[group+1]; i++ {
		d := &c.decisions[i]
		if t < d.Start || t >= d.End {
			continue
		}
		l := d.Trial % lanes
		sums := c.sums[i*c.outputs : (i+1)*c.outputs]
		most := y[l]
		for k := range sums {
			sums[k] += float64(y[k*lanes+l])
			most = max(most, y[k*lanes+l])
		}
		var total float64
		for k := range sums {
			total += math.Exp(float64(y[k*lanes+l] - most))
		}
		for k := range sums {
			p := math.Exp(float64(y[k*lanes+l]-most)) / total
			if k == d.Class {
				p--
			}
			delta[k*lanes+l] += F(p / float64(c.scored))
		}
		loss += (math.Log(total) + float64(most-y[d.Class*lanes+l])) / float64(c.scored)
	}
	return loss
}

// Scored is N, the number of steps that are scored.
func (c *Classification[F]) Scored() int { return c.scored }

// Correct counts the decisions whose class has the largest mean output.
func (c *Classification[F]) Correct() int {
	correct := 0
	for i, d := range c.decisions {
		best := 0
		sums := c.sums[i*c.outputs : (i+1)*c.outputs]
		for k, s := range sums {
			if s > sums[best] {
				best = k
			}
		}
		if best == d.Class {
			correct++
		}
	}
	return correct
}
