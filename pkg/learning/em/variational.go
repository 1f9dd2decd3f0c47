package em

import (
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/models/neulvm"
)

// Posterior is how the trajectory given the spikes is described: innovations (see
// neulvm.Likelihood.NegLogSpikes) are taken to be normal around a mean m, with the deviation s_b
// in each band b of frequencies, of n_b dimensions, and
//
//	F = ½ |m|² + Σ_b n_b (½ (s_b² - 1) - ln s_b) - mean over ε of ln p(y | Z(m + Σ_b s_b ε_b))
//
// is moved down, by L-BFGS, over m, s and the parameters together. With Samples draws of ε from
// the standard normal, ε_b being its part in the band, F bounds -ln p(y) from above. The
// spikes of few neurons leave the innovations of single bins as uncertain as they were, s = 1,
// but not their slow course: with s = 1 there too, the bound would be the looser the more a network
// amplifies what is slow, and so favour networks that do not. The draws are fixed, and F an
// ordinary function. Without any, ε = 0, and the minimum is the most probable trajectory.
type Posterior struct {
	Samples int
	Seed    uint64
	Threads int
}

const purposeSamples rng.Purpose = "neulvm-posterior"

// Descend takes up to iterations of L-BFGS, over m and s, and with parameters set over these too.
// It returns F for each bin and population and the iterations taken, and leaves the mean
// trajectory of the samples.
func (f *Fit) Descend(post Posterior, iterations int, parameters bool) (loss float64, taken int, err error) {
	if err := f.Restart(); err != nil {
		return 0, 0, err
	}
	d := f.descent(post, parameters)
	x := d.coordinates()
	value, taken := minimise(x, iterations, d.bound)
	d.set(x)
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

// descent is F as a function of coordinates, and its memory. The coordinates are those of the
// parameters, if they move, then, if there is noise, √(2 n_b) ln s_b of each population, in
// which F is as curved as in m, and m of each population.
type descent struct {
	fit     *Fit
	threads int
	like    []*neulvm.Likelihood // of each thread
	bands   *bands
	unit    []float64 // √(2 n_b)
	samples []sample

	free, means                int       // parameters, and where m begins
	ratios, slope, byParameter []float64 // of the parameters
}

// sample is a trajectory with its own noise.
type sample struct {
	noise      [][][]float64 // [M][bands][T]; nil: none
	xi, gxi, z [][]float64
	nll        float64
	grad       *neulvm.Gradient
}

func (f *Fit) descent(post Posterior, parameters bool) *descent {
	p, m, bins := f.options.Parameters, len(f.Z), f.problem.Bins
	d := &descent{fit: f, samples: make([]sample, max(post.Samples, 1)), bands: newBands(bins, f.options.Grid.Dt),
		ratios: p.Ratios(f.Network), slope: make([]float64, p.Len()), byParameter: make([]float64, p.Len())}
	for _, n := range d.bands.modes {
		d.unit = append(d.unit, math.Sqrt(2*max(n, 1)))
	}
	if parameters {
		d.free = p.Len()
	}
	d.means = d.free
	if post.Samples > 0 {
		d.means += m * bandCount
	}
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
		s.xi, s.gxi, s.z, s.grad = rows(m, bins), rows(m, bins), rows(m, f.options.Grid.Ages+bins), neulvm.NewGradient(f.problem, m)
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
		white := make([]float64, bins)
		for range m {
			for t := range white {
				white[t] = sign * random.NormFloat64()
			}
			s.noise = append(s.noise, d.bands.split(white))
		}
	}
	return d
}

// coordinates are where the fit is.
func (d *descent) coordinates() []float64 {
	f := d.fit
	x := make([]float64, d.free)
	f.options.Parameters.toFree(d.ratios, x)
	if d.means > d.free {
		for _, spread := range f.spread {
			for b, l := range spread {
				x = append(x, l*d.unit[b])
			}
		}
	}
	for _, xi := range f.xi {
		x = append(x, xi...)
	}
	return x
}

// set moves the fit to coordinates.
func (d *descent) set(x []float64) {
	f := d.fit
	if d.free > 0 {
		f.options.Parameters.fromFree(x[:d.free], d.ratios, d.slope)
		f.options.Parameters.Set(f.Network, d.ratios)
	}
	for i, v := range x[d.free:d.means] {
		f.spread[i/bandCount][i%bandCount] = v / d.unit[i%bandCount]
	}
	for q := range f.xi {
		copy(f.xi[q], x[d.means+q*f.problem.Bins:])
	}
}

// evaluate runs all samples at the fit's network, means and deviations.
func (d *descent) evaluate() {
	f := d.fit
	parallel.For(d.threads, len(d.samples), func(worker, k int) {
		s := &d.samples[k]
		for q := range s.xi {
			copy(s.xi[q], f.xi[q])
			if s.noise == nil {
				continue
			}
			for b, part := range s.noise[q] {
				floats.AddScaled(s.xi[q], math.Exp(f.spread[q][b]), part)
			}
		}
		s.nll = d.like[worker].NegLogSpikes(f.Network, s.xi, s.z)
		d.like[worker].SpikesGradient(s.xi, s.z, s.gxi, s.grad)
	})
}

// bound is F with -ln of the prior of the parameters; it writes its gradient.
func (d *descent) bound(x, grad []float64) (sum float64) {
	f, share := d.fit, 1/float64(len(d.samples))
	d.set(x)
	d.evaluate()
	clear(grad)
	spread, means := grad[d.free:d.means], grad[d.means:]
	for k := range d.samples {
		s := &d.samples[k]
		sum += share * s.nll
		if d.free > 0 {
			f.options.Parameters.gradient(s.grad, d.byParameter)
			for i, g := range d.byParameter {
				grad[i] += share * g * d.slope[i]
			}
		}
		for q, g := range s.gxi {
			floats.AddScaled(means[q*len(g):(q+1)*len(g)], share, g)
			if s.noise == nil {
				continue
			}
			for b, part := range s.noise[q] {
				spread[q*bandCount+b] += share * math.Exp(f.spread[q][b]) / d.unit[b] * floats.Dot(g, part)
			}
		}
	}
	for i := range spread {
		b := i % bandCount
		n, l := d.bands.modes[b], f.spread[i/bandCount][b]
		variance := math.Exp(2 * l)
		sum += n * ((variance-1)/2 - l)
		spread[i] += n * (variance - 1) / d.unit[b]
	}
	for i, v := range x[d.means:] {
		sum += v * v / 2
		means[i] += v
	}
	if d.free > 0 {
		sum += f.options.Parameters.penalty(x[:d.free], grad[:d.free])
		if f.held {
			f.options.Parameters.still(grad[:d.free])
		}
	}
	return sum
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
