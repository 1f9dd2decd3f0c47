// Package laplaceem fits the linear dynamical systems of pkg/models/lds to spike counts by
// variational Laplace-EM: the posterior is taken to be q(x) q(s), q(x) the normal distribution
// around the most probable path with the curvature there, q(s) exact given q(x). With
// one state s this is Laplace-EM of a PLDS. Every quantity is compared with, and every step but
// the first of each round moves up, the bound
//
//	ln p(y) ≥ E ln p(y | x) + E ln p(x | s) + E ln p(s) + H[q(x)] + H[q(s)]
//
// (section 7 of the method of arXiv:2205.13493, B2 and B3).
package laplaceem

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/metrics"
	"github.com/snnctl/snnctl/pkg/models/lds"
)

// Options are how a system is fitted.
type Options struct {
	Dimensions int
	States     int     // 1: a PLDS
	Iterations int     // of EM
	Sigma      float64 // of the Gaussian that smooths the counts into a first path, bins
	Bins       float64 // the time in which a first path forgets, bins
}

// Check says what cannot be fitted.
func (o Options) Check(counts [][]float64) error {
	switch {
	case len(counts) < 2:
		return fault.Inputf("there are %d bins, expected at least 2", len(counts))
	case o.Dimensions < 1 || o.Dimensions > len(counts[0]):
		return fault.Inputf("the linear dynamical system has %d dimensions, expected 1 to %d, as many as there are neurons", o.Dimensions, len(counts[0]))
	case o.States < 1:
		return fault.Inputf("the linear dynamical system has %d states, expected at least 1", o.States)
	}
	return nil
}

// Fit fits a system to counts, [T][N]. It returns the posterior too, and the bound after
// each iteration.
func Fit(o Options, counts [][]float64) (m *lds.Model, q *Posterior, bounds []float64, err error) {
	if err := o.Check(counts); err != nil {
		return nil, nil, nil, err
	}
	m, q = first(o, counts)
	for range o.Iterations {
		if err := q.path(m, counts); err != nil {
			return nil, nil, nil, err
		}
		q.discrete(m)
		maximise(m, q, counts)
		bounds = append(bounds, q.Bound(m, counts))
	}
	return m, q, bounds, nil
}

// Infer is the posterior of counts under a given system. The path begins from what is usual,
// see Usual.
func Infer(m *lds.Model, counts [][]float64, rounds int) (*Posterior, error) {
	q := newPosterior(m, len(counts))
	for range rounds {
		if err := q.path(m, counts); err != nil {
			return nil, err
		}
		q.discrete(m)
		if m.States() == 1 {
			break // nothing else to wait for
		}
	}
	return q, nil
}

// Usual makes a path begin as the posterior is at any time, instead of as it began in the counts
// that were fitted: for other counts.
func Usual(m *lds.Model, q *Posterior) {
	d := m.D
	mean, square := make([]float64, d), make([]float64, d*d)
	start := make([]float64, m.States())
	for t, x := range q.Mean {
		for i, v := range x {
			mean[i] += v
			for j, w := range x {
				square[i*d+j] += v*w + q.Covariance[t][i*d+j]
			}
		}
		for k, g := range q.States[t] {
			start[k] += g / float64(len(q.Mean))
		}
	}
	n := float64(len(q.Mean))
	for i := range mean {
		mean[i] /= n
	}
	c := mat.NewSymDense(d, nil)
	for i := range d {
		for j := range i + 1 {
			c.SetSym(i, j, square[i*d+j]/n-mean[i]*mean[j])
		}
	}
	m.StartMean, m.StartCovariance, m.Start = mean, c, start
}

// first makes a system from the principal components of the logarithm of smoothed counts, whose
// states divide the first component into equal parts.
func first(o Options, counts [][]float64) (*lds.Model, *Posterior) {
	bins, n, d := len(counts), len(counts[0]), o.Dimensions
	logs := mat.NewDense(bins, n, nil)
	m := &lds.Model{D: d, Offset: make([]float64, n)}
	for i := range n {
		y, total := make([]float64, bins), 0.0
		for t := range y {
			y[t] = counts[t][i]
			total += y[t]
		}
		level := (total + 0.5) / float64(bins) // of half a spike more, that silent neurons have a logarithm
		m.Offset[i] = math.Log(level)
		for t, v := range metrics.SmoothGaussian(y, o.Sigma) {
			logs.Set(t, i, math.Log(v+level/4)-math.Log(level*1.25))
		}
	}
	var svd mat.SVD
	svd.Factorize(logs, mat.SVDThin)
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	values, root := svd.Values(nil), math.Sqrt(float64(bins))
	m.Loading = make([][]float64, n)
	for i := range m.Loading {
		for j := range d {
			m.Loading[i] = append(m.Loading[i], v.At(i, j)*values[j]/root)
		}
	}
	m.StartMean, m.StartCovariance = make([]float64, d), diagonal(d, 1)
	for k := range o.States {
		m.Start = append(m.Start, 1/float64(o.States))
		row := make([]float64, o.States)
		for j := range row {
			row[j] = 1
			if o.States > 1 {
				row[j] = 1 / o.Bins / float64(o.States-1)
				if j == k {
					row[j] = 1 - 1/o.Bins
				}
			}
		}
		m.Transition = append(m.Transition, row)
	}
	q := newPosterior(m, bins)
	q.States = parts(u.ColView(0), o.States)
	kept := math.Exp(-1 / o.Bins)
	for k := range o.States {
		centre, weight := make([]float64, d), 0.0
		for t := range bins {
			weight += q.States[t][k]
			for j := range centre {
				centre[j] += q.States[t][k] * u.At(t, j) * root
			}
		}
		for j := range centre {
			centre[j] *= (1 - kept) / weight
		}
		m.Dynamics = append(m.Dynamics, lds.Dynamics{F: mat.DenseCopyOf(diagonal(d, kept)), B: centre, Q: diagonal(d, 1-kept*kept)})
	}
	for t := range bins {
		for j := range d {
			q.Mean[t][j] = u.At(t, j) * root
		}
	}
	return m, q
}

func diagonal(n int, x float64) *mat.SymDense {
	s := mat.NewSymDense(n, nil)
	for i := range n {
		s.SetSym(i, i, x)
	}
	return s
}

// parts are chances of k states, [T][k], that divide x at its quantiles; the right one has nine
// tenths.
func parts(x mat.Vector, k int) [][]float64 {
	order := argsort(x)
	chances := make([][]float64, x.Len())
	for rank, t := range order {
		chances[t] = make([]float64, k)
		for j := range k {
			chances[t][j] = 1
			if k > 1 {
				chances[t][j] = 0.1 / float64(k-1)
			}
		}
		if k > 1 {
			chances[t][rank*k/len(order)] = 0.9
		}
	}
	return chances
}
