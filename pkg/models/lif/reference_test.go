package lif

// reference is one trial of the layer as the package comment states it, in
// float64, every step kept. Where smooth is set, spikes are replaced by z = S(u)
// with S' the surrogate: then the gradient is that of a differentiable function.
type reference struct {
	Params
	smooth bool
	resets [][]float64 // v_th z[t-1] of another run, used as constants; nil: this run's
}

func zeros(rows, columns int) [][]float64 {
	m := make([][]float64, rows)
	for i := range m {
		m[i] = make([]float64, columns)
	}
	return m
}

// run is equations (1) and (2).
func (r *reference) run(current [][]float64) (v, z, resets [][]float64) {
	for t, row := range current {
		vt, zt, reset := make([]float64, len(row)), make([]float64, len(row)), make([]float64, len(row))
		for j := range row {
			var vBefore float64
			if t > 0 {
				vBefore, reset[j] = v[t-1][j], r.Threshold*z[t-1][j]
			}
			if r.resets != nil {
				reset[j] = r.resets[t][j]
			}
			vt[j] = r.Beta*vBefore + row[j] - reset[j]
			switch {
			case r.smooth:
				zt[j] = r.antiderivative((vt[j] - r.Threshold) / r.Threshold)
			case vt[j] > r.Threshold:
				zt[j] = 1
			}
		}
		v, z, resets = append(v, vt), append(z, zt), append(resets, reset)
	}
	return v, z, resets
}

// surrogate is equations (3) and (4).
func (r *reference) surrogate(u float64) float64 {
	u = max(u, -u)
	if r.Surrogate == FastSigmoid {
		return r.Dampening / ((1 + r.Sharpness*u) * (1 + r.Sharpness*u))
	}
	return r.Dampening * max(0, 1-u)
}

// antiderivative is the integral of the surrogate from -∞, or from 0, to u.
func (r *reference) antiderivative(u float64) float64 {
	if r.Surrogate == FastSigmoid {
		return r.Dampening * u / (1 + r.Sharpness*max(u, -u))
	}
	switch {
	case u <= -1:
		return 0
	case u <= 0:
		return r.Dampening * (u + 1) * (u + 1) / 2
	case u <= 1:
		return r.Dampening * (1 - (1-u)*(1-u)/2)
	}
	return r.Dampening
}

// backward is equation (5), written from the paths of E to v[t].
func (r *reference) backward(v, gz [][]float64) [][]float64 {
	gv := zeros(len(v)+1, len(v[0]))
	for t := len(v) - 1; t >= 0; t-- {
		for j := range v[t] {
			g := gz[t][j]
			if !r.DetachReset {
				g -= r.Threshold * gv[t+1][j]
			}
			u := (v[t][j] - r.Threshold) / r.Threshold
			gv[t][j] = r.Beta*gv[t+1][j] + r.surrogate(u)*g/r.Threshold
		}
	}
	return gv[:len(v)]
}
