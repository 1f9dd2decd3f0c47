package em

// MStep moves the parameters to where spikes and trajectory together are most probable, by
// L-BFGS within the box (section 5.1 of the method, point 4). It returns the loss and the
// iterations taken. slack is that of the problem, 1 for the likelihood itself.
func (f *Fit) MStep(iterations int, slack float64) (loss float64, taken int, err error) {
	if err := f.Restart(); err != nil {
		return 0, 0, err
	}
	f.problem.Slack = slack
	defer func() { f.problem.Slack = 0 }()
	loss, taken = f.fitParameters(iterations)
	return loss, taken, nil
}

// fitParameters is the descent from the present state.
func (f *Fit) fitParameters(iterations int) (loss float64, taken int) {
	p := f.options.Parameters
	x, ratios, slope := make([]float64, p.Len()), p.Ratios(f.Network), make([]float64, p.Len())
	p.toFree(ratios, x)
	value, taken := minimise(x, iterations, func(x, grad []float64) float64 {
		p.fromFree(x, ratios, slope)
		p.Set(f.Network, ratios)
		nll := f.like.NegLogLikelihood(f.Network, f.Z)
		f.like.Gradient(f.Z, f.grad)
		p.gradient(f.grad, grad)
		for i := range grad {
			grad[i] *= slope[i]
		}
		nll += p.penalty(x, grad)
		if f.held {
			p.still(grad)
		}
		return nll
	})
	p.fromFree(x, ratios, slope)
	p.Set(f.Network, ratios)
	return value / f.terms(), taken
}
