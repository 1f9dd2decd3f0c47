package samplemeasure

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/rsnn/fir"
)

// centred is c [K][T][Nv], activity less its mean over trials.
type centred[F tensor.Float] struct {
	trials, steps, neurons int
	values                 []F
}

func (c *centred[F]) at(k int) []F {
	size := c.steps * c.neurons
	return c.values[k*size : (k+1)*size]
}

// centreData is y - pD of data, after history bins of history.
func centreData[F tensor.Float](data []tensor.Raster, psth []float64, history, neurons int) *centred[F] {
	steps := len(psth) / neurons
	c := &centred[F]{len(data), steps, neurons, make([]F, len(data)*len(psth))}
	for k := range data {
		to := c.at(k)
		for i, m := range psth {
			to[i] = F(-m)
		}
		for t := range steps {
			for _, i := range data[k].At(t + history) {
				to[t*neurons+int(i)]++
			}
		}
	}
	return c
}

// centreRun is p - pM of a run.
func centreRun[F tensor.Float](net *fir.Network[F], r *fir.Run[F]) *centred[F] {
	n, visible := net.Neurons(), net.Visible
	mean := MeanProbability(net, r)
	c := &centred[F]{r.Trials, r.Steps, visible, make([]F, r.Trials*len(mean))}
	parallel.For(net.Threads, r.Trials, func(_, k int) {
		p, to := r.PAt(k), c.at(k)
		for t := range r.Steps {
			for j := range visible {
				to[t*visible+j] = F(float64(p[t*n+j]) - mean[t*visible+j])
			}
		}
	})
	return c
}

// covariances is M [lags][Nv][Nv],
//
//	M[l,i,j] = 1/(K T) Σ_{k,t} c[k,t,i] c[k,(t-l) mod T,j],
//
// the time shift going round.
func (c *centred[F]) covariances(threads, lags int) []F {
	n, size := c.neurons, c.neurons*c.neurons
	m := make([]F, lags*size)
	scale := 1 / F(c.trials*c.steps)
	parallel.For(threads, lags, func(_, l int) {
		to, shift := m[l*size:(l+1)*size], l%c.steps
		for k := range c.trials {
			x := c.at(k)
			// Steps l … T-1 look back to 0 …, steps 0 … l-1 to the trial's end.
			kernel.Gemm(1, true, false, n, n, c.steps-shift, scale, x[shift*n:], n, x, n, 1, to, n)
			kernel.Gemm(1, true, false, n, n, shift, scale, x, n, x[(c.steps-shift)*n:], n, 1, to, n)
		}
	})
	return m
}

// LaggedCovariances is the data's M of NoiseCovariance, for so many lags from 0 on.
func LaggedCovariances[F tensor.Float](net *fir.Network[F], data []tensor.Raster, psth []float64, lags int) []F {
	return centreData[F](data, psth, net.Delays, net.Visible).covariances(net.Threads, lags)
}

// NoiseCovariance compares how pairs of neurons vary together from trial to trial,
// in the data (wanted, of LaggedCovariances) and in a free run:
//
//	L_NC = mean_{l,i,j} ( M_D - M_M )²,   l = 0 … D-1 in the paper, here all lags of wanted
//
// with c = p - pM of the run: probabilities, not spikes, so that M_M lacks the
// variance of the draws at i = j and l = 0.
func NoiseCovariance[F tensor.Float](net *fir.Network[F], r *fir.Run[F], wanted []F, weight float64, gu []F) float64 {
	visible, size := net.Visible, net.Visible*net.Visible
	lags := len(wanted) / size
	c := centreRun(net, r)
	m := c.covariances(net.Threads, lags)
	var sum float64
	slope := 2 * F(weight) / F(len(m)) / F(r.Trials*r.Steps)
	for i, x := range m {
		e := x - wanted[i]
		sum += float64(e) * float64(e)
		m[i] = slope * e // from here on ∂L/∂M / (K T)
	}
	g := centred[F]{c.trials, c.steps, c.neurons, make([]F, len(c.values))}
	parallel.For(net.Threads, r.Trials, func(_, k int) {
		x, to, steps := c.at(k), g.at(k), c.steps
		for l := range lags {
			e, shift := m[l*size:(l+1)*size], l%steps
			// ∂L/∂c[t] += ∂L/∂M c[t-l] and ∂L/∂c[t-l] += (∂L/∂M)ᵀ c[t], as rows.
			late, early := x[shift*visible:], x[:(steps-shift)*visible]
			kernel.Gemm(1, false, true, steps-shift, visible, visible, 1, early, visible, e, visible, 1, to[shift*visible:], visible)
			kernel.Gemm(1, false, false, steps-shift, visible, visible, 1, late, visible, e, visible, 1, to, visible)
			last := (steps - shift) * visible
			kernel.Gemm(1, false, true, shift, visible, visible, 1, x[last:], visible, e, visible, 1, to, visible)
			kernel.Gemm(1, false, false, shift, visible, visible, 1, x[:shift*visible], visible, e, visible, 1, to[last:], visible)
		}
	})
	g.throughCentre(net, r, gu)
	return sum / float64(len(m))
}

// mean is that over trials, [T][Nv].
func (c *centred[F]) mean() []F {
	mean := make([]F, c.steps*c.neurons)
	for k := range c.trials {
		kernel.AddRow(mean, c.at(k))
	}
	for i := range mean {
		mean[i] /= F(c.trials)
	}
	return mean
}

// throughCentre carries ∂L/∂c back to u: ∂L/∂p = ∂L/∂c - mean over trials of it.
func (c *centred[F]) throughCentre(net *fir.Network[F], r *fir.Run[F], gu []F) {
	n := net.Neurons()
	mean := c.mean()
	parallel.For(net.Threads, c.trials, func(_, k int) {
		gc, p, g := c.at(k), r.PAt(k), gu[k*c.steps*n:]
		for t := range c.steps {
			for j := range c.neurons {
				x := p[t*n+j]
				g[t*n+j] += net.Steepness * x * (1 - x) * (gc[t*c.neurons+j] - mean[t*c.neurons+j])
			}
		}
	})
}
