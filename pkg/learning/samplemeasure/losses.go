// Package samplemeasure fits a stochastic spiking network to recorded spikes: by
// likelihood, and by statistics of the spikes that it makes when it runs freely
// (arXiv:2106.10064, section 3 of the method).
//
// Data are y [K][T][Nv], zeros and ones; a run of the network has u and p = σ(βu),
// [K][T][n], of which the first Nv neurons are the recorded ones. Every loss is a
// mean, and adds weight times its gradient with respect to u to gu.
package samplemeasure

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/rsnn/fir"
)

// Likelihood is the mean negative log likelihood of data in nats, of a clamped run:
//
//	L_MLE = 1/(K T Nv) Σ_{k,t,j} [ softplus(βu) - βu y ],   dL/du = β (p - y) / (K T Nv)
//
// data start with the history that the run was clamped to. With hidden neurons it
// is an upper bound of it.
func Likelihood[F tensor.Float](net *fir.Network[F], r *fir.Run[F], data []tensor.Raster, weight float64, gu []F) float64 {
	n, beta := net.Neurons(), float64(net.Steepness)
	count := float64(r.Trials * r.Steps * net.Visible)
	scale := F(weight * beta / count)
	sums := make([]float64, r.Trials)
	parallel.For(net.Threads, r.Trials, func(_, k int) {
		u, p, g := r.UAt(k), r.PAt(k), gu[k*r.Steps*n:(k+1)*r.Steps*n]
		var sum float64
		var log [64]F // of 1 + exp(-|βu|), which softplus has besides max(βu, 0)
		for t := range r.Steps {
			for first := 0; first < net.Visible; first += len(log) {
				at := t*n + first
				row := log[:min(len(log), net.Visible-first)]
				for i, x := range u[at : at+len(row)] {
					x *= net.Steepness
					sum += float64(max(x, 0))
					row[i] = -max(x, -x)
					g[at+i] += scale * p[at+i]
				}
				kernel.Exp(row, row)
				for i := range row {
					row[i]++
				}
				kernel.Log(row, row)
				for _, x := range row {
					sum += float64(x)
				}
			}
			for _, i := range data[k].At(t + net.Delays) {
				j := t*n + int(i)
				sum -= beta * float64(u[j])
				g[j] -= scale
			}
		}
		sums[k] = sum
	})
	return total(sums) / count
}

func total(x []float64) (sum float64) {
	for _, v := range x {
		sum += v
	}
	return sum
}

// leastProbability keeps the logarithms of PSTH finite; above it they are exact.
const leastProbability = 1e-7

// PSTH is the cross-entropy of the trial-averaged response of a free run, pM, with
// that of the data, pD [T][Nv]:
//
//	L_PSTH = mean_{t,j} [ -pD log pM - (1-pD) log(1 - pM) ],   pM = 1/K Σ_k p
func PSTH[F tensor.Float](net *fir.Network[F], r *fir.Run[F], data []float64, weight float64, gu []F) float64 {
	model := MeanProbability(net, r)
	gradient := make([]F, len(model))
	var sum float64
	for i, m := range model {
		d, fires, silent := data[i], max(m, leastProbability), max(1-m, leastProbability)
		sum -= d*math.Log(fires) + (1-d)*math.Log(silent)
		gradient[i] = F(weight / float64(len(model)) * ((1-d)/silent - d/fires))
	}
	throughMean(net, r, gradient, gu)
	return sum / float64(len(model))
}

// SquaredPSTH is mean_{t,j} (pM - pD)², in the place of PSTH.
func SquaredPSTH[F tensor.Float](net *fir.Network[F], r *fir.Run[F], data []float64, weight float64, gu []F) float64 {
	model := MeanProbability(net, r)
	gradient := make([]F, len(model))
	var sum float64
	for i, m := range model {
		e := m - data[i]
		sum += e * e
		gradient[i] = F(2 * weight / float64(len(model)) * e)
	}
	throughMean(net, r, gradient, gu)
	return sum / float64(len(model))
}

// MeanProbability is pM [T][Nv], the mean of p over the trials of a run.
func MeanProbability[F tensor.Float](net *fir.Network[F], r *fir.Run[F]) []float64 {
	n := net.Neurons()
	mean := make([]float64, r.Steps*net.Visible)
	parallel.For(net.Threads, r.Steps, func(_, t int) {
		to := mean[t*net.Visible : (t+1)*net.Visible]
		for k := range r.Trials {
			for j, p := range r.PAt(k)[t*n : t*n+net.Visible] {
				to[j] += float64(p)
			}
		}
		for j := range to {
			to[j] /= float64(r.Trials)
		}
	})
	return mean
}

// throughMean carries a gradient with respect to pM back to u: dpM/du = βp(1-p)/K.
func throughMean[F tensor.Float](net *fir.Network[F], r *fir.Run[F], gradient []F, gu []F) {
	n := net.Neurons()
	scale := net.Steepness / F(r.Trials)
	parallel.For(net.Threads, r.Trials, func(_, k int) {
		p, g := r.PAt(k), gu[k*r.Steps*n:]
		for t := range r.Steps {
			for j, gj := range gradient[t*net.Visible : (t+1)*net.Visible] {
				x := p[t*n+j]
				g[t*n+j] += scale * gj * x * (1 - x)
			}
		}
	})
}

// HiddenRate is L_FR = mean_j ( mean_{k,t} z - target )² over the hidden neurons,
// with the target in spikes per bin (0.17 for bins of 40 ms). It writes to gz, [n],
// what ∂L/∂z_j[t] is for every trial and step.
func HiddenRate[F tensor.Float](net *fir.Network[F], r *fir.Run[F], target, weight float64, gz []F) float64 {
	if net.Hidden == 0 {
		return 0
	}
	counts := make([]float64, net.Neurons())
	for k := range r.Spikes {
		for _, i := range r.Spikes[k].Active {
			counts[i]++
		}
	}
	bins := float64(r.Trials * r.Steps)
	var sum float64
	for j := net.Visible; j < net.Neurons(); j++ {
		e := counts[j]/bins - target
		sum += e * e
		gz[j] += F(2 * weight * e / (float64(net.Hidden) * bins))
	}
	return sum / float64(net.Hidden)
}
