package oneshot

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/armtrajectory"
)

// reference is the method as its equations stand, one neuron and one synapse at a
// time, for any spike function. With a smooth one its gradient is a derivative,
// which finite differences prove; with the step and the pseudo-derivative it is
// what the Network must compute.
type reference struct {
	Params
	clock *tensor.Bits
	spike func(u float64) (z, slope float64) // slope: dz/du
}

// step is the spike function of the method.
func step(dampening float64) func(u float64) (z, slope float64) {
	return func(u float64) (z, slope float64) {
		if u > 0 {
			z = 1
		}
		return z, dampening * max(0, 1-math.Abs(u))
	}
}

// smooth is one that has a derivative.
func smooth(u float64) (z, slope float64) {
	z = 1 / (1 + math.Exp(-3*u))
	return z, 3 * z * (1 - z)
}

// rows is an array [T][n].
type rows [][]float64

func newRows(t, n int) rows {
	r := make(rows, t)
	for i := range r {
		r[i] = make([]float64, n)
	}
	return r
}

func rowsOf(b *tensor.Bits) rows {
	r := newRows(b.Rows, b.Cols)
	for t := range r {
		for i := range r[t] {
			if b.At(t, i) {
				r[t][i] = 1
			}
		}
	}
	return r
}

// filter is x̄[t] = decay x̄[t-1] + x[t].
func (r rows) filter(decay float64) rows {
	f := newRows(len(r), len(r[0]))
	for t := range r {
		for i, x := range r[t] {
			f[t][i] = x
			if t > 0 {
				f[t][i] += decay * f[t-1][i]
			}
		}
	}
	return f
}

// filterBack is its adjoint.
func (r rows) filterBack(decay float64) rows {
	f := newRows(len(r), len(r[0]))
	for t := len(r) - 1; t >= 0; t-- {
		for i, x := range r[t] {
			f[t][i] = x
			if t < len(r)-1 {
				f[t][i] += decay * f[t+1][i]
			}
		}
	}
	return f
}

// lif is what one network did: v, z and ∂z/∂v.
type lif struct{ x, v, z, slope rows }

func (r *reference) run(x rows, in, rec []float64, n int) *lif {
	steps, alpha := len(x), math.Exp(-1/r.TauMembrane)
	a := &lif{x, newRows(steps, n), newRows(steps, n), newRows(steps, n)}
	for t := range steps {
		for j := range n {
			var v float64
			for i, xi := range x[t] {
				v += xi * in[i*n+j]
			}
			blocked := false
			if t > 0 {
				v += alpha*a.v[t-1][j] - r.Threshold*a.z[t-1][j]
				for i, zi := range a.z[t-1] {
					if i != j {
						v += zi * rec[i*n+j]
					}
				}
				for back := 1; back < r.Refractory && back <= t; back++ {
					blocked = blocked || a.z[t-back][j] == 1
				}
			}
			a.v[t][j] = v
			if !blocked {
				z, slope := r.spike((v - r.Threshold) / r.Threshold)
				a.z[t][j], a.slope[t][j] = z, slope/r.Threshold
			}
		}
	}
	return a
}

// back takes ∂E/∂z and what else is ∂E/∂v to the weights, which it adds to, and to
// the input.
func (r *reference) back(a *lif, in, rec, dIn, dRec []float64, gz, direct rows) (gx rows) {
	steps, n, alpha := len(a.v), len(a.v[0]), math.Exp(-1/r.TauMembrane)
	gv := newRows(steps+1, n)
	gx = newRows(steps, len(a.x[0]))
	for t := steps - 1; t >= 0; t-- {
		for j := range n {
			g := gz[t][j] - r.Threshold*gv[t+1][j]
			for k := range n {
				if k != j {
					g += rec[j*n+k] * gv[t+1][k]
				}
			}
			gv[t][j] = alpha*gv[t+1][j] + a.slope[t][j]*g
			if direct != nil {
				gv[t][j] += direct[t][j]
			}
		}
		for j := range n {
			for i, x := range a.x[t] {
				dIn[i*n+j] += x * gv[t][j]
				gx[t][i] += in[i*n+j] * gv[t][j]
			}
			for i := range n {
				if t > 0 && i != j {
					dRec[i*n+j] += a.z[t-1][i] * gv[t][j]
				}
			}
		}
	}
	return gx
}

// trialState is one trial.
type trialState struct {
	main, errors               *lif
	ebar, signals              rows
	zbar                       rows
	velocities, angles, tipPos []float64
}

func (r *reference) trial(w *Weights[float64], in, rec []float64, task *armtrajectory.Task, trial int) *trialState {
	n, m, kappa := r.Neurons, r.ErrorNeurons, math.Exp(-1/r.TauReadout)
	clock, code := rowsOf(r.clock), rowsOf(task.Code[trial])
	s := &trialState{main: r.run(clock, in, rec, n)}
	s.zbar = s.main.z.filter(kappa)
	for t := range clock {
		for k := range motors {
			var y float64
			for j := range n {
				y += w.Out[j*motors+k] * s.zbar[t][j]
			}
			s.velocities = append(s.velocities, y)
		}
	}
	s.angles, s.tipPos = make([]float64, len(s.velocities)), make([]float64, len(s.velocities))
	armtrajectory.Move(s.angles, s.tipPos, s.velocities)
	x := newRows(len(clock), r.ErrorInputs())
	for t := range x {
		copy(x[t], code[t])
		copy(x[t][r.CodeLines:], s.main.z[t])
		copy(x[t][r.CodeLines+n:], clock[t])
	}
	s.errors = r.run(x, w.ErrorIn, w.ErrorRec, m)
	s.ebar = s.errors.z.filter(kappa)
	s.signals = newRows(len(clock), n)
	for t := range s.signals {
		for j := range n {
			for i := range m {
				s.signals[t][j] += w.Projection[i*n+j] * s.ebar[t][i]
			}
		}
	}
	return s
}

// psiHat is ψ̂ and its derivative.
func (r *reference) psiHat(v float64) (psi, slope float64) {
	u := (v - r.Threshold) / r.Threshold
	if math.Abs(u) >= 1 {
		return 0, 0
	}
	return r.Dampening * (1 - math.Abs(u)), -r.Dampening * math.Copysign(1, u) / r.Threshold
}

// loss runs a batch; if g is not nil, it takes the gradient.
func (r *reference) loss(w *Weights[float64], tasks []armtrajectory.Task, g *Gradients) float64 {
	steps, n, m := r.clock.Rows, r.Neurons, r.ErrorNeurons
	alpha, kappa := math.Exp(-1/r.TauMembrane), math.Exp(-1/r.TauReadout)
	clock := rowsOf(r.clock)
	xhat := clock.filter(alpha)
	rates, errorRates := make([]float64, n), make([]float64, m)
	samples := float64(len(tasks) * 2 * steps)
	var first, second []*trialState
	var changedIn, changedRec [][]float64
	var e float64
	for b := range tasks {
		one := r.trial(w, w.In, w.Rec, &tasks[b], 0)
		zhat := one.main.z.filter(alpha)
		in, rec := append([]float64(nil), w.In...), append([]float64(nil), w.Rec...)
		for t := range steps {
			for j := range n {
				psi, _ := r.psiHat(one.main.v[t][j])
				for i := range xhat[t] {
					in[i*n+j] -= r.InnerRate * one.signals[t][j] * psi * xhat[t][i]
				}
				for i := range n {
					if t > 0 && i != j {
						rec[i*n+j] -= r.InnerRate * one.signals[t][j] * psi * zhat[t-1][i]
					}
				}
			}
		}
		two := r.trial(w, in, rec, &tasks[b], 1)
		for _, s := range []*trialState{one, two} {
			for t := range steps {
				for j, z := range s.main.z[t] {
					rates[j] += z / samples
				}
				for i, z := range s.errors.z[t] {
					errorRates[i] += z / samples
				}
			}
		}
		for i := range two.tipPos {
			tip, motor := two.tipPos[i]-tasks[b].Tip[i], two.velocities[i]-tasks[b].Velocities[i]
			e += (tip*tip + r.MotorWeight*motor*motor) / 2 / samples // of two components, not trials
		}
		first, second = append(first, one), append(second, two)
		changedIn, changedRec = append(changedIn, in), append(changedRec, rec)
	}
	for _, x := range rates {
		e += r.RateStrength * (x - r.TargetRate) * (x - r.TargetRate)
	}
	for _, x := range errorRates {
		e += r.RateStrength * (x - r.ErrorTargetRate) * (x - r.ErrorTargetRate)
	}
	if g == nil {
		return e
	}
	*g = NewWeights[float64](&r.Params)
	penalty := func(x rows, rates []float64, target float64) {
		for t := range x {
			for j := range rates {
				x[t][j] += 2 * r.RateStrength * (rates[j] - target) / samples
			}
		}
	}
	for b := range tasks {
		one, two := first[b], second[b]
		// Trial 2.
		omegaGrad, tipGrad := make([]float64, steps*motors), make([]float64, steps*motors)
		for i := range omegaGrad {
			omegaGrad[i] = r.MotorWeight * (two.velocities[i] - tasks[b].Velocities[i]) / samples
			tipGrad[i] = (two.tipPos[i] - tasks[b].Tip[i]) / samples
		}
		armtrajectory.MoveAdjoint(omegaGrad, two.angles, tipGrad)
		zbarGrad := newRows(steps, n)
		for t := range steps {
			for j := range n {
				for k := range motors {
					g.Out[j*motors+k] += two.zbar[t][j] * omegaGrad[t*motors+k]
					zbarGrad[t][j] += w.Out[j*motors+k] * omegaGrad[t*motors+k]
				}
			}
		}
		gz := zbarGrad.filterBack(kappa)
		penalty(gz, rates, r.TargetRate)
		errorGz := newRows(steps, m)
		penalty(errorGz, errorRates, r.ErrorTargetRate)
		gx := r.back(two.errors, w.ErrorIn, w.ErrorRec, g.ErrorIn, g.ErrorRec, errorGz, nil)
		for t := range steps {
			for j := range n {
				gz[t][j] += gx[t][r.CodeLines+j]
			}
		}
		dIn, dRec := make([]float64, len(w.In)), make([]float64, len(w.Rec))
		r.back(two.main, changedIn[b], changedRec[b], dIn, dRec, gz, nil)
		for i, d := range dIn {
			g.In[i] += d
		}
		for i, d := range dRec {
			g.Rec[i] += d
		}
		// The update.
		zhat, zhatGrad := one.main.z.filter(alpha), newRows(steps, n)
		signalGrad, direct := newRows(steps, n), newRows(steps, n)
		for t := range steps {
			for j := range n {
				psi, slope := r.psiHat(one.main.v[t][j])
				signal := one.signals[t][j]
				h := 0.0
				for i := range xhat[t] {
					h -= r.InnerRate * xhat[t][i] * dIn[i*n+j]
				}
				for i := range n {
					if t > 0 && i != j {
						h -= r.InnerRate * zhat[t-1][i] * dRec[i*n+j]
						zhatGrad[t-1][i] -= r.InnerRate * signal * psi * dRec[i*n+j]
					}
				}
				signalGrad[t][j], direct[t][j] = h*psi, h*signal*slope
			}
		}
		// Trial 1.
		ebarGrad := newRows(steps, m)
		for t := range steps {
			for i := range m {
				for j := range n {
					g.Projection[i*n+j] += one.ebar[t][i] * signalGrad[t][j]
					ebarGrad[t][i] += w.Projection[i*n+j] * signalGrad[t][j]
				}
			}
		}
		errorGz = ebarGrad.filterBack(kappa)
		penalty(errorGz, errorRates, r.ErrorTargetRate)
		gx = r.back(one.errors, w.ErrorIn, w.ErrorRec, g.ErrorIn, g.ErrorRec, errorGz, nil)
		gz = zhatGrad.filterBack(alpha)
		penalty(gz, rates, r.TargetRate)
		for t := range steps {
			for j := range n {
				gz[t][j] += gx[t][r.CodeLines+j]
			}
		}
		r.back(one.main, w.In, w.Rec, g.In, g.Rec, gz, direct)
	}
	return e
}
