package em

import (
	"math"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/models/neulvm"
)

// Posterior is how the trajectory given the spikes is described: innovations (see
// neulvm.Likelihood.NegLogSpikes) are taken to be normal around a mean m, and
//
//	F = ½ |m|² - mean over ε of ln p(y | Z(m + ε))
//
// is moved down, by L-BFGS, over m and the parameters together. With Samples draws of ε from the
// standard normal, F bounds -ln p(y) from above: the spikes of few neurons leave the
// innovations of single bins as uncertain as they were, so that their covariance is that of
// the prior. The draws are fixed, and F an ordinary function. Without any, ε = 0, and
// the minimum is the most probable trajectory.
type Posterior struct {
	Samples int
	Seed    uint64
	Threads int
}

const purposeSamples rng.Purpose = "neulvm-posterior"

// Descend takes up to iterations of L-BFGS, over m, and with parameters set over these too. It
// returns F for each bin and population and the iterations taken, and leaves the mean
// trajectory of the samples.
func (f *Fit) Descend(post Posterior, iterations int, parameters bool) (loss float64, taken int, err error) {
	if err := f.Restart(); err != nil {
		return 0, 0, err
	}
	d := f.descent(post)
	p := f.options.Parameters
	free := 0
	if parameters {
		free = p.Len()
	}
	bins, m := f.problem.Bins, len(f.xi)
	x, ratios, slope := make([]float64, free+bins*m), p.Ratios(f.Network), make([]float64, p.Len())
	p.toFree(ratios, x[:free:free])
	for q := range f.xi {
		copy(x[free+q*bins:], f.xi[q])
	}
	byParameter := make([]float64, p.Len())
	set := func(x []float64) {
		if free > 0 {
			p.fromFree(x[:free], ratios, slope)
			p.Set(f.Network, ratios)
		}
		for q := range f.xi {
			copy(f.xi[q], x[free+q*bins:])
		}
	}
	value, taken := minimise(x, iterations, func(x, grad []float64) float64 {
		set(x)
		d.evaluate()
		clear(grad)
		sum, share := 0.0, 1/float64(len(d.samples))
		for k := range d.samples {
			s := &d.samples[k]
			sum += share * s.nll
			if free > 0 {
				p.gradient(s.grad, byParameter)
				for i := range grad[:free] {
					grad[i] += share * byParameter[i] * slope[i]
				}
			}
			for q := range s.gxi {
				to := grad[free+q*bins : free+(q+1)*bins]
				for t, g := range s.gxi[q] {
					to[t] += share * g
				}
			}
		}
		for i, v := range x[free:] {
			sum += v * v / 2
			grad[free+i] += v
		}
		return sum + p.penalty(x[:free], grad[:free])
	})
	set(x)
	d.evaluate()
	for q := range f.Z {
		to := f.Z[q][f.options.Grid.Ages:]
		clear(to)
		for k := range d.samples {
			for t, z := range d.samples[k].z[q][f.options.Grid.Ages:] {
				to[t] += z / float64(len(d.samples))
			}
		}
	}
	return value / f.terms(), taken, nil
}

// descent is the memory of the samples.
type descent struct {
	fit     *Fit
	threads int
	like    []*neulvm.Likelihood // of each thread
	samples []sample
}

// sample is a trajectory with its own noise.
type sample struct {
	noise, xi, gxi, z [][]float64
	nll               float64
	grad              *neulvm.Gradient
}

func (f *Fit) descent(post Posterior) *descent {
	m, bins := len(f.Z), f.problem.Bins
	d := &descent{fit: f, samples: make([]sample, max(post.Samples, 1))}
	d.threads = max(min(post.Threads, len(d.samples)), 1)
	for i := range d.threads {
		if i == 0 {
			d.like = append(d.like, f.like)
		} else {
			d.like = append(d.like, neulvm.NewLikelihood(f.problem, m))
		}
	}
	for k := range d.samples {
		s := &d.samples[k]
		s.noise, s.xi, s.gxi, s.z, s.grad = rows(m, bins), rows(m, bins), rows(m, bins), rows(m, f.options.Grid.Ages+bins), neulvm.NewGradient(f.problem, m)
		for q := range s.z {
			copy(s.z[q], f.Z[q][:f.options.Grid.Ages])
		}
		if post.Samples == 0 {
			continue
		}
		// Samples come in pairs of opposite noise, which balance to first order.
		random, sign := rng.Stream(post.Seed, purposeSamples, 0, uint64(k/2)), 1.0
		if k%2 == 1 {
			sign = -1
		}
		for q := range s.noise {
			for t := range s.noise[q] {
				s.noise[q][t] = sign * random.NormFloat64()
			}
		}
	}
	return d
}

// evaluate runs all samples at the fit's network and means.
func (d *descent) evaluate() {
	parallel.For(d.threads, len(d.samples), func(worker, k int) {
		s := &d.samples[k]
		for q := range s.xi {
			for t, e := range s.noise[q] {
				s.xi[q][t] = d.fit.xi[q][t] + e
			}
		}
		s.nll = d.like[worker].NegLogSpikes(d.fit.Network, s.xi, s.z)
		d.like[worker].SpikesGradient(s.xi, s.z, s.gxi, s.grad)
	})
}

// Innovate sets m to what is new in each bin of the trajectory, but at most limit either way: a
// smoothed trajectory is far from what the network would do.
func (f *Fit) Innovate(limit float64) {
	f.like.NegLogLikelihood(f.Network, f.Z)
	for p := range f.xi {
		for t := range f.xi[p] {
			zbar := f.like.Terms(t, p).Zbar
			x := (f.Z[p][f.options.Grid.Ages+t] - zbar) / math.Sqrt(neulvm.Variance(zbar, f.Network.Neurons[p], f.options.Grid.Dt))
			f.xi[p][t] = min(max(x, -limit), limit)
		}
	}
}
