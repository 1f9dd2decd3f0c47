package laplaceem

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/snnctl/snnctl/pkg/models/lds"
)

// maximise moves the parameters to where the bound is highest for the posterior of now. How a
// path begins stays.
func maximise(m *lds.Model, q *Posterior, counts [][]float64) {
	for k := range m.Dynamics {
		dynamics(&m.Dynamics[k], q, k)
	}
	if m.States() > 1 {
		transitions(m, q)
	}
	for n := range m.Offset {
		o := observed{m: m, q: q, counts: counts, n: n}
		o.maximise()
	}
}

// leastWeight is how many bins a state must have for its dynamics to be fitted.
func leastWeight(d int) float64 { return float64(4 * (d + 1)) }

// ridge and floor keep regression and noise regular, in units of the latents' variance, which
// is about 1.
const (
	ridge      = 1e-6
	noiseFloor = 1e-8
)

// dynamics is a weighted regression of x_{t+1} on (x_t, 1).
func dynamics(k *lds.Dynamics, q *Posterior, state int) {
	d := len(k.B)
	xx, yx, yy := mat.NewSymDense(d+1, nil), mat.NewDense(d, d+1, nil), mat.NewSymDense(d, nil)
	total := 0.0
	for t := range q.Next {
		w := q.States[t+1][state]
		x, y := q.Mean[t], q.Mean[t+1]
		total += w
		for i := range d {
			for j := range i + 1 {
				xx.SetSym(i, j, xx.At(i, j)+w*(x[i]*x[j]+q.Covariance[t][i*d+j]))
				yy.SetSym(i, j, yy.At(i, j)+w*(y[i]*y[j]+q.Covariance[t+1][i*d+j]))
			}
			for j := range d {
				yx.Set(i, j, yx.At(i, j)+w*(y[i]*x[j]+q.Next[t][i*d+j]))
			}
			xx.SetSym(i, d, xx.At(i, d)+w*x[i])
			yx.Set(i, d, yx.At(i, d)+w*y[i])
		}
	}
	if total < leastWeight(d) {
		return
	}
	xx.SetSym(d, d, total)
	for i := range d + 1 {
		xx.SetSym(i, i, xx.At(i, i)+ridge)
	}
	var chol mat.Cholesky
	if !chol.Factorize(xx) {
		return
	}
	var w mat.Dense // [d+1][d]
	if err := chol.SolveTo(&w, yx.T()); err != nil {
		return
	}
	var explained, left mat.Dense
	explained.Mul(yx, &w)
	left.Mul(w.T(), xx)
	var again mat.Dense
	again.Mul(&left, &w)
	noise := mat.NewSymDense(d, nil)
	for i := range d {
		for j := range i + 1 {
			v := (yy.At(i, j) - explained.At(i, j) - explained.At(j, i) + (again.At(i, j)+again.At(j, i))/2) / total
			if i == j {
				v += noiseFloor
			}
			noise.SetSym(i, j, v)
		}
	}
	if !chol.Factorize(noise) {
		return
	}
	for i := range d {
		for j := range d {
			k.F.Set(i, j, w.At(j, i))
		}
		k.B[i] = w.At(d, i)
	}
	k.Q = noise
}

// transitions are those expected, and the part of the bound that changes with them.
func transitions(m *lds.Model, q *Posterior) {
	for j, row := range q.turns {
		sum := 0.0
		for _, v := range row {
			sum += v
		}
		if sum < 1e-9 {
			continue
		}
		for k, v := range row {
			p := max(v/sum, 1e-12)
			q.discreteH += v * (math.Log(p) - math.Log(m.Transition[j][k]))
			m.Transition[j][k] = p
		}
	}
}

// observed is the part of the bound that knows a neuron:
//
//	Σ_t y (C·m + d) - exp(C·m + d + ½ CᵀΣC) - ½ λ (|C|² + (d - ln ȳ)²)
//
// It is concave in C and d; the weak prior keeps silent neurons from -∞.
type observed struct {
	m      *lds.Model
	q      *Posterior
	counts [][]float64
	n      int
}

// observedPrior is λ, and observedSteps the most steps of Newton's method.
const (
	observedPrior = 1e-2
	observedSteps = 20
)

func (o *observed) level() float64 {
	total := 0.5
	for _, y := range o.counts {
		total += y[o.n]
	}
	return math.Log(total / float64(len(o.counts)))
}

// at is the value at w = (C, d), with slopes and minus the curvature.
func (o *observed) at(w []float64, slopes bool) (value float64, grad []float64, curve *mat.SymDense) {
	d := o.m.D
	level := o.level()
	if slopes {
		grad, curve = make([]float64, d+1), mat.NewSymDense(d+1, nil)
	}
	tilt := make([]float64, d+1) // m + ΣC, 1
	tilt[d] = 1
	h := make([]float64, (d+1)*(d+1))
	for t, y := range o.counts {
		mean, covariance := o.q.Mean[t], o.q.Covariance[t]
		u := w[d]
		for i := range d {
			u += w[i] * mean[i]
			tilt[i] = mean[i]
			for j := range d {
				tilt[i] += covariance[i*d+j] * w[j]
			}
		}
		rate := math.Exp(u + spread(w[:d], covariance)/2)
		value += y[o.n]*u - rate
		if !slopes {
			continue
		}
		for i := range d {
			grad[i] += y[o.n]*mean[i] - rate*tilt[i]
			for j := range i + 1 {
				h[i*(d+1)+j] += rate * (tilt[i]*tilt[j] + covariance[i*d+j])
			}
			h[d*(d+1)+i] += rate * tilt[i]
		}
		grad[d] += y[o.n] - rate
		h[d*(d+1)+d] += rate
	}
	for i := range d + 1 {
		x := w[i]
		if i == d {
			x -= level
		}
		value -= observedPrior * x * x / 2
		if slopes {
			grad[i] -= observedPrior * x
			h[i*(d+1)+i] += observedPrior
			for j := range i + 1 {
				curve.SetSym(i, j, h[i*(d+1)+j])
			}
		}
	}
	return value, grad, curve
}

func (o *observed) maximise() {
	d := o.m.D
	w := append(append([]float64(nil), o.m.Loading[o.n]...), o.m.Offset[o.n])
	for range observedSteps {
		value, grad, curve := o.at(w, true)
		var chol mat.Cholesky
		if !chol.Factorize(curve) {
			break
		}
		var move mat.VecDense
		if err := chol.SolveVecTo(&move, mat.NewVecDense(d+1, grad)); err != nil {
			break
		}
		gain := mat.Dot(&move, mat.NewVecDense(d+1, grad))
		if gain < 1e-9 {
			break
		}
		trial, moved := make([]float64, d+1), false
		for scale := 1.0; scale > 1e-6; scale /= 2 {
			for i := range trial {
				trial[i] = w[i] + scale*move.AtVec(i)
			}
			if v, _, _ := o.at(trial, false); v > value {
				w, moved = trial, true
				break
			}
		}
		if !moved {
			break
		}
	}
	o.m.Loading[o.n], o.m.Offset[o.n] = w[:d:d], w[d]
}
