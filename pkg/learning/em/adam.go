package em

import "math"

// Published is the published step to the trajectory (section 5.1 of the method, point 4): steps
// of Adam down the loss, which are kept only where the losses of spikes and of the
// trajectory are both the lowest of the whole fit so far.
type Published struct {
	StepSize    float64
	Steps       int  // at most
	Patience    int  // steps without one to keep, after which it ends
	TotalLowest bool // keep where the sum of the losses is lowest instead
}

// adamState goes through a whole fit.
type adamState struct {
	m, v                    [][]float64 // [M][T] moments
	steps                   int
	lowZ, lowSpikes, lowSum float64 // losses of the best step so far
}

const (
	adamBeta1   = 0.9
	adamBeta2   = 0.999
	adamEpsilon = 1e-7 // outside the root
)

// EStep takes the published steps. It returns how many were taken, and whether any was kept; the
// trajectory is then that of the last one kept, else as it was.
func (f *Fit) EStep(o Published) (taken int, kept bool, err error) {
	if err := f.Restart(); err != nil {
		return 0, false, err
	}
	best := rows(len(f.Z), f.problem.Bins)
	keep := func() {
		for p := range best {
			copy(best[p], f.Z[p][f.options.Grid.Ages:])
		}
	}
	keep()
	for since := 0; taken < o.Steps; {
		z, spikes := f.like.Parts(f.Network, f.Z)
		a := f.moments()
		lower := z < a.lowZ && -spikes < a.lowSpikes
		if o.TotalLowest {
			lower = z-spikes < a.lowSum
		}
		if lower {
			a.lowZ, a.lowSpikes, a.lowSum = z, -spikes, z-spikes
			kept, since = true, 0
			keep()
		} else if since++; since >= o.Patience {
			break
		}
		f.adamStep(o.StepSize)
		taken++
	}
	for p := range best {
		copy(f.Z[p][f.options.Grid.Ages:], best[p])
	}
	return taken, kept, nil
}

// adamStep moves the trajectory by the gradient of the loss; fractions stay in [1e-5, 1].
func (f *Fit) adamStep(rate float64) {
	f.like.Gradient(f.Z, f.grad)
	a := f.moments()
	a.steps++
	// TensorFlow corrects the bias of the moments in the rate, so that ε counts for more at first.
	rate *= math.Sqrt(1-math.Pow(adamBeta2, float64(a.steps))) / (1 - math.Pow(adamBeta1, float64(a.steps)))
	for p := range f.Z {
		z, g := f.Z[p][f.options.Grid.Ages:], f.grad.Z[p][f.options.Grid.Ages:]
		for t, d := range g {
			d /= f.terms()
			if math.IsNaN(d) {
				d = 0
			}
			a.m[p][t] = adamBeta1*a.m[p][t] + (1-adamBeta1)*d
			a.v[p][t] = adamBeta2*a.v[p][t] + (1-adamBeta2)*d*d
			z[t] -= rate * a.m[p][t] / (math.Sqrt(a.v[p][t]) + adamEpsilon)
			z[t] = min(max(z[t], leastFraction), 1)
		}
	}
}

// moments are made when they are first asked for.
func (f *Fit) moments() *adamState {
	if f.adam == nil {
		f.adam = &adamState{m: rows(len(f.Z), f.problem.Bins), v: rows(len(f.Z), f.problem.Bins),
			lowZ: math.MaxFloat64, lowSpikes: math.MaxFloat64, lowSum: math.MaxFloat64}
	}
	return f.adam
}

func (a *adamState) scalars() []float64 {
	return []float64{float64(a.steps), a.lowZ, a.lowSpikes, a.lowSum}
}

func (a *adamState) setScalars(x []float64) {
	a.steps, a.lowZ, a.lowSpikes, a.lowSum = int(x[0]), x[1], x[2], x[3]
}
