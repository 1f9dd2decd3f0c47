package trialmatch

// patience counts the steps since the mean loss of so many steps was at its least.
type patience struct {
	sum, best    float64
	steps, since float64 // in the window that is open; since the best one was closed
	windows      float64 // closed
}

func (p *patience) see(loss float64, window int) {
	p.sum += loss
	p.steps++
	p.since++
	if p.steps < float64(window) {
		return
	}
	mean := p.sum / p.steps
	if p.windows == 0 || mean < p.best {
		p.best, p.since = mean, 0
	}
	p.sum, p.steps = 0, 0
	p.windows++
}

func (p *patience) waited() int { return int(p.since) }

// numbers and restore are for checkpoints.
func (p *patience) numbers() []float64 { return []float64{p.sum, p.best, p.steps, p.since, p.windows} }

func (p *patience) restore(x []float64) {
	*p = patience{sum: x[0], best: x[1], steps: x[2], since: x[3], windows: x[4]}
}
