package eprop

import "math"

// reference is the network of one trial as the package comment states it, and
// the rule as its definition: float64, dense loops, two-dimensional eligibility
// vectors that follow their Jacobian.
type reference struct {
	alpha, kappa, gv, g, threshold, gamma float64
	c, rho, beta                          []float64 // by neuron
	byThreshold, resetToBase              bool
	blockedSteps                          int
	in, rec, out, feedback                [][]float64 // [pre][post]
	bias                                  []float64
	delayIn, delayRec                     []uint8 // [pre][n]

	// Where smooth is set, spikes are replaced by z = ∫ψ du, blocked in given
	// steps, so that the loss has a derivative. Where constant is set, its z[t-1]
	// and R are used in equation (3) instead of this run's: what "detached" means.
	smooth   func(t, j int) (blocked bool)
	constant *history
}

func newReference(p *problem) *reference {
	n := p.Neurons()
	r := &reference{
		alpha: math.Exp(-1 / p.TauMembrane), kappa: math.Exp(-1 / p.TauReadout), threshold: p.Threshold, gamma: p.Dampening,
		byThreshold: p.Form == UnitGain, resetToBase: p.Form != LSNN, blockedSteps: max(p.Refractory-1, 0),
		in: rows(p.in, n), rec: rows(p.rec, n), out: rows(p.out, p.Outputs), feedback: rows(p.feedback, p.Outputs), bias: p.bias,
	}
	r.delayIn, r.delayRec = p.delays()
	r.gv, r.g = 1-r.alpha, 1-r.kappa
	if p.Form == UnitGain {
		r.gv = 1
	}
	if p.UnitReadout {
		r.g = 1
	}
	for j := range n {
		rho := math.Exp(-1 / p.TauAdaptation[j%len(p.TauAdaptation)])
		c, beta := 1-rho, 0.0
		if p.Form == UnitGain {
			c = 1
		}
		if j >= p.LIF {
			beta = p.Beta
		}
		r.rho, r.c, r.beta = append(r.rho, rho), append(r.c, c), append(r.beta, beta)
	}
	return r
}

func rows(x []float64, n int) [][]float64 {
	var m [][]float64
	for ; len(x) > 0; x = x[n:] {
		m = append(m, x[:n])
	}
	return m
}

func zeros(r, c int) [][]float64 { return rows(make([]float64, r*c), c) }

// history is what a trial did, [steps][n] or [steps][K].
type history struct {
	x, v, b, a, u, z, zbar, y, psi, q [][]float64
	blocked                           [][]bool
}

func (r *reference) scale(a float64) float64 {
	if r.byThreshold {
		return r.threshold
	}
	return a
}

// reset is R.
func (r *reference) reset(a float64) float64 {
	if r.resetToBase {
		return r.threshold
	}
	return a
}

// run is equations (1) to (9).
func (r *reference) run(x [][]float64) *history {
	T, n, K := len(x), len(r.rho), len(r.out[0])
	h := &history{x: x, v: zeros(T, n), b: zeros(T, n), a: zeros(T, n), u: zeros(T, n), z: zeros(T, n), zbar: zeros(T, n),
		y: zeros(T, K), psi: zeros(T, n), q: zeros(T, n)}
	for t := range T {
		h.blocked = append(h.blocked, make([]bool, n))
		for j := range n {
			var own, v0, b0, zbar0 float64
			if t > 0 {
				own, v0, b0, zbar0 = h.z[t-1][j], h.v[t-1][j], h.b[t-1][j], h.zbar[t-1][j]
			}
			h.b[t][j] = r.rho[j]*b0 + r.c[j]*own
			a := r.threshold + r.beta[j]*h.b[t][j]
			var current float64
			spikes, reset := h, r.reset(a)
			if r.constant != nil {
				spikes, reset = r.constant, r.reset(r.constant.a[t][j])
			}
			for i := range r.in {
				current += r.arriving(spikes, t, i, j) * r.in[i][j]
			}
			for i := range n {
				if i != j {
					current += r.arriving(spikes, t, len(r.in)+i, j) * r.rec[i][j]
				}
			}
			v := r.alpha*v0 + r.gv*current - reset*spikes.before(t, n)[j]
			u := (v - a) / r.scale(a)
			h.v[t][j], h.a[t][j], h.u[t][j] = v, a, u
			for back := 1; back <= r.blockedSteps && r.smooth == nil; back++ {
				h.blocked[t][j] = h.blocked[t][j] || t >= back && h.z[t-back][j] != 0
			}
			switch {
			case r.smooth != nil:
				h.blocked[t][j] = r.smooth(t, j)
				if !h.blocked[t][j] {
					h.z[t][j] = r.gamma * integral(u)
				}
			case u > 0 && !h.blocked[t][j]:
				h.z[t][j] = 1
			}
			h.q[t][j] = 1
			if !r.byThreshold {
				h.q[t][j] = v / a
			}
			if !h.blocked[t][j] {
				h.psi[t][j] = r.gamma / r.scale(a) * max(0, 1-math.Abs(u))
			}
			h.zbar[t][j] = r.kappa*zbar0 + r.g*h.z[t][j]
		}
		for k := range K {
			h.y[t][k] = r.bias[k]
			for j := range n {
				h.y[t][k] += r.out[j][k] * h.zbar[t][j]
			}
		}
	}
	return h
}

// before is z[t-1].
func (h *history) before(t, n int) []float64 {
	if t == 0 {
		return make([]float64, n)
	}
	return h.z[t-1]
}

// delay is d of the synapse from pre, an input line or n_in + a neuron, onto j.
func (r *reference) delay(pre, j int) int {
	if n := len(r.rho); pre >= len(r.in) {
		return int(r.delayRec[(pre-len(r.in))*n+j])
	}
	return int(r.delayIn[pre*len(r.rho)+j])
}

// arriving is x_i or z_i of the step before, as long ago as the delay says.
func (r *reference) arriving(h *history, t, pre, j int) float64 {
	t -= r.delay(pre, j)
	switch {
	case t < 0:
		return 0
	case pre < len(r.in):
		return h.x[t][pre]
	}
	return h.before(t, len(r.rho))[pre-len(r.in)]
}

// integral is ∫ max(0, 1-|u|) du from -∞.
func integral(u float64) float64 {
	switch {
	case u <= -1:
		return 0
	case u <= 0:
		return (1 + u) * (1 + u) / 2
	case u <= 1:
		return 1 - (1-u)*(1-u)/2
	}
	return 1
}

// traces returns e[t] of all synapses, [T][n_in+n][n], by the definition:
// ε[t] = D[t] ε[t-1] + ∂s[t]/∂W with the state s = (v, b), e = ∂z/∂s · ε.
func (r *reference) traces(h *history) (e [][][]float64) {
	n, inputs := len(r.rho), len(r.in)
	vec := make([][2]float64, (inputs+n)*n)
	for t := range h.x {
		step := zeros(inputs+n, n)
		for i := range inputs + n {
			for j := range n {
				eps := &vec[i*n+j]
				var dzdv, dzdb float64 // of the step before
				if t > 0 {
					dzdv, dzdb = h.psi[t-1][j], -r.beta[j]*h.psi[t-1][j]*h.q[t-1][j]
				}
				D := [2][2]float64{{r.alpha, 0}, {r.c[j] * dzdv, r.rho[j] + r.c[j]*dzdb}}
				*eps = [2]float64{D[0][0]*eps[0] + D[0][1]*eps[1] + r.gv*r.arriving(h, t, i, j), D[1][0]*eps[0] + D[1][1]*eps[1]}
				if i-inputs != j {
					step[i][j] = h.psi[t][j]*eps[0] - r.beta[j]*h.psi[t][j]*h.q[t][j]*eps[1]
				}
			}
		}
		e = append(e, step)
	}
	return e
}

// eprop is equations (13) to (15) of one trial: δ [T][K], R [n].
func (r *reference) eprop(h *history, delta [][]float64, R []float64) (grads [][]float64) {
	n, pre := len(r.rho), len(r.in)+len(r.rho)
	grads, ebar := zeros(pre, n), zeros(pre, n)
	for t, e := range r.traces(h) {
		for j := range n {
			var L float64
			for k, d := range delta[t] {
				L += r.feedback[j][k] * d
			}
			for i := range pre {
				ebar[i][j] = r.kappa*ebar[i][j] + r.g*e[i][j]
				grads[i][j] += L*ebar[i][j] + R[j]*e[i][j]
			}
		}
	}
	return grads
}

// total is the total derivative dE/dz_j[t] with B = Wout: what a spike does through
// synapses, readout and reset, but not through its own neuron's b. Not for the
// form LSNN, whose reset leads through b, too.
func (r *reference) total(h *history, delta [][]float64, R []float64) (dz [][]float64) {
	T, n := len(h.x), len(r.rho)
	dz = zeros(T, n)
	gv, gb, q := zeros(T, n), make([]float64, n), make([]float64, n)
	for t := T - 1; t >= 0; t-- {
		next := make([]float64, n)
		if t+1 < T {
			next = gv[t+1]
		}
		for j := range n {
			var L float64
			for k, d := range delta[t] {
				L += r.out[j][k] * d
			}
			q[j] = r.kappa*q[j] + r.g*L
			dz[t][j] = q[j] + R[j]
			for k := range n {
				if at := t + 1 + r.delay(len(r.in)+j, k); k != j && at < T {
					dz[t][j] += r.gv * r.rec[j][k] * gv[at][k]
				}
			}
			if t+1 < T {
				dz[t][j] -= r.reset(h.a[t+1][j]) * next[j]
			}
			gz := dz[t][j] + r.c[j]*gb[j]
			gv[t][j] = r.alpha*next[j] + h.psi[t][j]*gz
			gb[j] = r.rho[j]*gb[j] - r.beta[j]*h.psi[t][j]*h.q[t][j]*gz
		}
	}
	return dz
}

// factorised is Σ_t dE/dz_j[t] e_ij[t], equation (1) of the 2020 article.
func (r *reference) factorised(h *history, dz [][]float64) [][]float64 {
	n := len(r.rho)
	grads := zeros(len(r.in)+n, n)
	for t, e := range r.traces(h) {
		for i := range e {
			for j := range n {
				grads[i][j] += dz[t][j] * e[i][j]
			}
		}
	}
	return grads
}
