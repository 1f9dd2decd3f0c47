package samplemeasure

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/rsnn/fir"
)

// ConsistentCovariance is NoiseCovariance with an estimate of M_M whose mean is the
// covariance of the network's spikes, so that with the true weights L_NC is at its least:
//
//	M[l,i,j] = 1/(K T) Σ_{k,t} c_i[t] s_j[t-l]                  l ≥ 1
//	M[0,i,j] = 1/(K T) Σ_{k,t} c_i[t] c_j[t]                    i ≠ j
//	M[0,i,i] = 1/(K T) Σ_{k,t} ( c_i[t]² + (1-1/K) p(1-p) )
//
// with c = p - mean p and s = z - mean z over trials. Given the past, spikes of one step
// are independent, and p is their mean: of two spikes the later one may be replaced by
// its probability, the earlier one may not, as the probability of the later one follows
// it. (NoiseCovariance replaces both, and so leaves out what a synapse does to the
// covariance; weights grow until their indirect effects make up for it.) Where the time
// shift goes round, t-l+T is the later step.
//
// Besides gu it adds to gz, [trials][T][n], the gradient with respect to spikes.
func ConsistentCovariance[F tensor.Float](net *fir.Network[F], r *fir.Run[F], wanted []F, weight float64, gu, gz []F) float64 {
	n, visible, size := net.Neurons(), net.Visible, net.Visible*net.Visible
	lags := len(wanted) / size
	c, s := centreRun(net, r), centreSpikes(net, r)
	m := make([]F, lags*size)
	scale := 1 / F(r.Trials*r.Steps)
	unseen := F(r.Trials-1) / F(r.Trials) // of a variance, after the mean over trials is taken off
	parallel.For(net.Threads, lags, func(_, l int) {
		to, shift := m[l*size:(l+1)*size], l%r.Steps
		for k := range r.Trials {
			p, z := c.at(k), s.at(k)
			if shift == 0 {
				kernel.Gemm(1, true, false, visible, visible, r.Steps, scale, p, visible, p, visible, 1, to, visible)
				all := r.PAt(k)
				for t := range r.Steps {
					for i, x := range all[t*n : t*n+visible] {
						to[i*visible+i] += unseen * scale * x * (1 - x)
					}
				}
				continue
			}
			kernel.Gemm(1, true, false, visible, visible, r.Steps-shift, scale, p[shift*visible:], visible, z, visible, 1, to, visible)
			kernel.Gemm(1, true, false, visible, visible, shift, scale, z, visible, p[(r.Steps-shift)*visible:], visible, 1, to, visible)
		}
	})
	var sum float64
	slope := 2 * F(weight) / F(len(m)) * scale
	for i, x := range m {
		e := x - wanted[i]
		sum += float64(e) * float64(e)
		m[i] = slope * e // from here on ∂L/∂M / (K T)
	}
	gc := centred[F]{c.trials, c.steps, visible, make([]F, len(c.values))}
	gs := centred[F]{c.trials, c.steps, visible, make([]F, len(c.values))}
	parallel.For(net.Threads, r.Trials, func(_, k int) {
		p, z, toP, toZ, steps := c.at(k), s.at(k), gc.at(k), gs.at(k), r.Steps
		for l := range lags {
			e, shift := m[l*size:(l+1)*size], l%steps
			if shift == 0 {
				kernel.Gemm(1, false, true, steps, visible, visible, 1, p, visible, e, visible, 1, toP, visible)
				kernel.Gemm(1, false, false, steps, visible, visible, 1, p, visible, e, visible, 1, toP, visible)
				continue
			}
			// ∂L/∂c[t] += ∂L/∂M s[t-l] and ∂L/∂s[t-l] += (∂L/∂M)ᵀ c[t], as rows.
			kernel.Gemm(1, false, true, steps-shift, visible, visible, 1, z, visible, e, visible, 1, toP[shift*visible:], visible)
			kernel.Gemm(1, false, false, steps-shift, visible, visible, 1, p[shift*visible:], visible, e, visible, 1, toZ, visible)
			last := (steps - shift) * visible
			kernel.Gemm(1, false, true, shift, visible, visible, 1, p[last:], visible, e, visible, 1, toZ, visible)
			kernel.Gemm(1, false, false, shift, visible, visible, 1, z, visible, e, visible, 1, toP[last:], visible)
		}
	})
	gc.throughCentre(net, r, gu)
	mean := gs.mean()
	parallel.For(net.Threads, r.Trials, func(_, k int) {
		g, p, u, z := gs.at(k), r.PAt(k), gu[k*r.Steps*n:], gz[k*r.Steps*n:]
		for t := range r.Steps {
			for j := range visible {
				z[t*n+j] += g[t*visible+j] - mean[t*visible+j]
				x := p[t*n+j]
				u[t*n+j] += net.Steepness * x * (1 - x) * unseen * m[j*visible+j] * (1 - 2*x)
			}
		}
	})
	return sum / float64(len(m))
}

// centreSpikes is z - mean z over trials of the visible neurons of a run.
func centreSpikes[F tensor.Float](net *fir.Network[F], r *fir.Run[F]) *centred[F] {
	visible := net.Visible
	c := &centred[F]{r.Trials, r.Steps, visible, make([]F, r.Trials*r.Steps*visible)}
	for k := range r.Spikes {
		to := c.at(k)
		for t := range r.Steps {
			for _, i := range r.Spikes[k].At(t) {
				if int(i) < visible {
					to[t*visible+int(i)] = 1
				}
			}
		}
	}
	mean := c.mean()
	parallel.For(net.Threads, r.Trials, func(_, k int) {
		to := c.at(k)
		for i, m := range mean {
			to[i] -= m
		}
	})
	return c
}
