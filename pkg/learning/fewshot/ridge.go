package fewshot

// Ridge is linear regression on the examples seen so far,
//
//	(1) y ≈ prior + wᵀφ,  φ = (1, x),
//	    w = argmin Σ (y - prior - wᵀφ)² + Intercept w_0² + Slope Σ_(i>0) w_i²
//
// by recursive least squares: with P = (Σ φφᵀ + diag(Intercept, Slope, …))⁻¹, an example
// moves w by Pφ (y - prior - wᵀφ) and P by -Pφ(Pφ)ᵀ/(1+φᵀPφ), P taken after the move.
type Ridge struct {
	Prior            float64 // what is predicted before the first example
	Intercept, Slope float64 // penalties, above 0

	w []float64
	p [][]float64 // P
}

func (r *Ridge) start(inputs int) {
	r.w, r.p = make([]float64, inputs+1), make([][]float64, inputs+1)
	for i := range r.p {
		r.p[i] = make([]float64, inputs+1)
		r.p[i][i] = 1 / r.Slope
	}
	r.p[0][0] = 1 / r.Intercept
}

// feature is φ_i.
func feature(x []float64, i int) float64 {
	if i == 0 {
		return 1
	}
	return x[i-1]
}

// Predict implements Learner.
func (r *Ridge) Predict(x []float64) float64 {
	y := r.Prior
	for i, w := range r.w {
		y += w * feature(x, i)
	}
	return y
}

// Learn implements Learner.
func (r *Ridge) Learn(x []float64, y float64) {
	if r.w == nil {
		r.start(len(x))
	}
	gain := make([]float64, len(r.w)) // Pφ
	scale := 1.0                      // 1 + φᵀPφ
	for i := range gain {
		for j, p := range r.p[i] {
			gain[i] += p * feature(x, j)
		}
		scale += feature(x, i) * gain[i]
	}
	miss := y - r.Predict(x)
	for i := range r.w {
		r.w[i] += gain[i] * miss / scale
		for j := range r.p[i] {
			r.p[i][j] -= gain[i] * gain[j] / scale
		}
	}
}
