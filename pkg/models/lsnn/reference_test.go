package lsnn

// reference is the network of one trial as the package comment states it:
// float64, dense loops, every step kept. The network proper is tested against
// it, and it against finite differences.
type reference struct {
	alpha, kappa, threshold, gamma float64
	rho, beta                      []float64
	refractory                     int
	resetAtSpike, detached         bool
	in, rec                        [][]float64 // [pre][post]
	delayIn, delayRec              [][]int

	// Where smooth is set, spikes are replaced by z = S(u), with S' = ψ, and
	// the steps in which a neuron is refractory are given instead of following
	// from its spikes. Then the gradient is that of a differentiable function.
	smooth  bool
	blocked func(t, j int) bool
	// The reset terms R z[t-1] of another run, used instead of this one's: what
	// "detached" means is that they are constants.
	resets [][]float64
}

// trial is what a trial starts from and is shown. Rows of x and z begin past
// steps before the trial.
type trial struct {
	past, steps int
	x           [][]float64 // [past+steps][n_in]
	z           [][]float64 // [past][n]
	v, b, zbar  []float64   // before step 0
	noise       [][]float64 // [steps][n], nil for none
}

// history is what a trial did: everything but z in rows [steps][n]; z begins
// past steps before the trial.
type history struct {
	*trial
	v, a, b, u, z, zbar, resets [][]float64
	blocked                     [][]bool
}

// at is row t of a series that begins past steps before step 0; before that,
// nothing.
func at(series [][]float64, past, t, i int) float64 {
	if t+past < 0 {
		return 0
	}
	return series[t+past][i]
}

func zeros(rows, columns int) [][]float64 {
	m := make([][]float64, rows)
	for i := range m {
		m[i] = make([]float64, columns)
	}
	return m
}

// run is equations (1) to (7).
func (r *reference) run(s *trial) *history {
	n, past := len(r.rho), s.past
	h := &history{trial: s, z: append([][]float64(nil), s.z...)}
	vBefore, bBefore, zbarBefore := s.v, s.b, s.zbar
	for t := range s.steps {
		v, a, b, u, z, zbar, resets := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
		blocked := make([]bool, n)
		for j := range n {
			zBefore := at(h.z, past, t-1, j)
			b[j] = r.rho[j]*bBefore[j] + (1-r.rho[j])*zBefore // (1)
			a[j] = r.threshold + r.beta[j]*b[j]               // (2)
			var current float64                               // (3)
			for i := range r.in {
				current += r.in[i][j] * at(s.x, past, t-r.delayIn[i][j], i)
			}
			for i := range r.rec {
				if i != j {
					current += r.rec[i][j] * at(h.z, past, t-1-r.delayRec[i][j], i)
				}
			}
			if s.noise != nil {
				current += s.noise[t][j]
			}
			resets[j] = a[j] * zBefore
			if r.resetAtSpike {
				resets[j] = (r.threshold + r.beta[j]*bBefore[j]) * zBefore
			}
			if r.resets != nil {
				resets[j] = r.resets[t][j]
			}
			v[j] = r.alpha*vBefore[j] + (1-r.alpha)*current - resets[j] // (4)
			u[j] = (v[j] - a[j]) / a[j]                                 // (5)
			z[j], blocked[j] = r.fire(h.z, past, t, j, u[j])            // (6)
			zbar[j] = r.kappa*zbarBefore[j] + (1-r.kappa)*z[j]          // (7)
		}
		h.v, h.a, h.b, h.u = append(h.v, v), append(h.a, a), append(h.b, b), append(h.u, u)
		h.z, h.zbar, h.resets, h.blocked = append(h.z, z), append(h.zbar, zbar), append(h.resets, resets), append(h.blocked, blocked)
		vBefore, bBefore, zbarBefore = v, b, zbar
	}
	return h
}

// fire is equation (6).
func (r *reference) fire(z [][]float64, past, t, j int, u float64) (spike float64, blocked bool) {
	if r.smooth {
		if r.blocked(t, j) {
			return 0, true
		}
		return r.antiderivative(u), false
	}
	for back := 1; back <= r.refractory; back++ {
		if at(z, past, t-back, j) != 0 {
			return 0, true
		}
	}
	if u > 0 {
		return 1, false
	}
	return 0, false
}

// pseudoDerivative is ψ(u) = γ max(0, 1-|u|).
func (r *reference) pseudoDerivative(u float64) float64 {
	return r.gamma * max(0, 1-max(u, -u))
}

// antiderivative is S(u) = ∫ψ from -∞ to u.
func (r *reference) antiderivative(u float64) float64 {
	switch {
	case u <= -1:
		return 0
	case u <= 0:
		return r.gamma * (u + 1) * (u + 1) / 2
	case u <= 1:
		return r.gamma * (1 - (1-u)*(1-u)/2)
	}
	return r.gamma
}

// backward is the adjoint: from ∂E/∂z̄ of each step [steps][n], and what E
// owes to z of every step directly ([n]), to ∂E/∂Win and ∂E/∂Wrec.
func (r *reference) backward(h *history, gzbar [][]float64, every []float64) (in, rec [][]float64) {
	n, T, past := len(r.rho), h.steps, h.past
	longest := 1
	for i := range r.delayRec {
		for _, d := range r.delayRec[i] {
			longest = max(longest, d+1)
		}
	}
	for i := range r.delayIn {
		for _, d := range r.delayIn[i] {
			longest = max(longest, d+1)
		}
	}
	gv := zeros(T+longest+1, n) // zero beyond T-1
	gb, q := make([]float64, n), make([]float64, n)
	for t := T - 1; t >= 0; t-- {
		for j := range n {
			q[j] = r.kappa*q[j] + (1-r.kappa)*gzbar[t][j]
			gz := q[j] + every[j] + (1-r.rho[j])*gb[j]
			for k := range n {
				if k != j {
					gz += r.rec[j][k] * (1 - r.alpha) * gv[t+1+r.delayRec[j][k]][k]
				}
			}
			if !r.detached && t+1 < T {
				reset := h.a[t+1][j]
				if r.resetAtSpike {
					reset = h.a[t][j]
				}
				gz -= reset * gv[t+1][j]
			}
			var gu float64
			if !h.blocked[t][j] {
				gu = r.pseudoDerivative(h.u[t][j]) * gz
			}
			a := h.a[t][j]
			gv[t][j] = r.alpha*gv[t+1][j] + gu/a
			ga := -gu * h.v[t][j] / (a * a)
			switch {
			case r.detached:
			case r.resetAtSpike:
				ga -= at(h.z, past, t, j) * gv[t+1][j]
			default:
				ga -= at(h.z, past, t-1, j) * gv[t][j]
			}
			gb[j] = r.rho[j]*gb[j] + r.beta[j]*ga
		}
	}
	in, rec = zeros(len(r.in), n), zeros(n, n)
	for t := range T {
		for j := range n {
			for i := range in {
				in[i][j] += (1 - r.alpha) * at(h.x, past, t-r.delayIn[i][j], i) * gv[t][j]
			}
			for i := range rec {
				if i != j {
					rec[i][j] += (1 - r.alpha) * at(h.z, past, t-1-r.delayRec[i][j], i) * gv[t][j]
				}
			}
		}
	}
	return in, rec
}
