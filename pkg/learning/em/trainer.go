package em

import (
	"fmt"
	"math"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/neulvm"
)

// Method is how a step moves trajectory and parameters.
type Method int

const (
	// Adam is the published rule: parameters by L-BFGS, then the trajectory by kept steps of Adam.
	Adam Method = iota
	// MAP moves the most probable innovations and the parameters together.
	MAP
	// Variational does so under the noise that the spikes leave.
	Variational
	// Filter takes the means of a particle filter for the trajectory, then moves the parameters.
	Filter
)

// Schedule is how a fit goes on from step to step.
type Schedule struct {
	Method               Method
	Restarts             int
	Average              bool    // over restarts, each with couplings of its own
	FirstRatio           float64 // of all parameters; 0: drawn
	InitialSlack         float64
	ParameterIterations  int
	TrajectoryIterations int
	Published            Published
	Samples              int
	Particles, Lag       int
	Seed                 uint64
	Threads              int
}

const purposeStart rng.Purpose = "neulvm-start"

// Trainer makes fits from several starts, of which the best one counts.
//
// With Average all of them count. What ten seconds of spikes leave open, such as how deep a state
// is that they never show, one network answers with a guess. So the couplings of each fit are
// a draw of the prior and stay so, and all else is fitted to them: in what the spikes tell the
// networks agree, and in the rest they differ. How much each counts is for who uses them to
// say, by the likelihood of the spikes.
type Trainer struct {
	Schedule
	Options Options
	Data    *Observations

	fits   []*Fit
	loss   []float64 // of each fit after its last step; +Inf before, and of fits that went astray
	moved  []float64 // what the last step of each changed
	ratios []float64 // [restarts][parameters]
	best   []float64 // [1] the number of the best fit
	count  int       // of parameters
}

// NewTrainer makes the starts.
func NewTrainer(s Schedule, o Options, data *Observations) (*Trainer, error) {
	t := &Trainer{Schedule: s, Options: o, Data: data, count: o.Parameters.Len(), best: []float64{0},
		loss: make([]float64, s.Restarts), moved: make([]float64, s.Restarts), ratios: make([]float64, s.Restarts*o.Parameters.Len())}
	for k := range s.Restarts {
		ratios := o.Parameters.Draw(rng.Stream(s.Seed, purposeStart, 0, uint64(k)))
		if s.FirstRatio > 0 {
			for i := range ratios {
				if !(s.Average && o.Parameters.free[i].isWeight()) {
					ratios[i] = s.FirstRatio
				}
			}
		}
		f, err := NewFit(o, data, ratios)
		if err != nil {
			return nil, err
		}
		f.held = s.Average
		t.fits = append(t.fits, f)
		t.loss[k], t.moved[k] = math.MaxFloat64, 1
	}
	t.remember()
	return t, nil
}

// remember writes the fits' parameters to where checkpoints look.
func (t *Trainer) remember() {
	for k, f := range t.fits {
		copy(t.ratios[k*t.count:(k+1)*t.count], t.Options.Parameters.Ratios(f.Network))
	}
}

// Best is the fit with the lowest loss.
func (t *Trainer) Best() *Fit { return t.fits[t.Number()] }

// Counting are the numbers of the fits that count: the best one, or, with Average, all but those that
// went astray.
func (t *Trainer) Counting() (numbers []int) {
	if !t.Average {
		return []int{t.Number()}
	}
	for k, loss := range t.loss {
		if !math.IsInf(loss, 1) {
			numbers = append(numbers, k)
		}
	}
	return numbers
}

// Networks are those of the fits that count.
func (t *Trainer) Networks() (networks []*neulvm.Network) {
	for _, k := range t.Counting() {
		networks = append(networks, t.fits[k].Network)
	}
	return networks
}

// Step takes all fits one time from parameters to trajectory, or both together. Fits that
// went astray, to numbers that are none, stay where they were, and count no more.
func (t *Trainer) Step(step int) (map[string]float64, error) {
	errs := make([]error, len(t.fits))
	inner := max(t.Threads/len(t.fits), 1)
	parallel.For(t.Threads, len(t.fits), func(_, k int) {
		if math.IsInf(t.loss[k], 1) {
			return // astray
		}
		errs[k] = t.step(k, step, inner)
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	t.remember()
	astray, best := 0, -1
	for k, loss := range t.loss {
		if math.IsInf(loss, 1) {
			astray++
		} else if best < 0 || loss < t.loss[best] {
			best = k
		}
	}
	if best < 0 {
		return nil, fault.Inputf("all %d fits went astray, to numbers that are none; narrower bounds (rule.lower, rule.upper) or a prior may help", len(t.fits))
	}
	t.best[0] = float64(best)
	m := map[string]float64{"loss": t.loss[best], "best_restart": float64(best), "restarts_astray": float64(astray)}
	for k, loss := range t.loss {
		if len(t.fits) > 1 && !math.IsInf(loss, 1) {
			m[fmt.Sprintf("loss_restart_%d", k)] = loss
		}
	}
	return m, nil
}

// step is one fit's. Its loss is that of its method: comparable between the restarts.
func (t *Trainer) step(k, step, threads int) error {
	f, before := t.fits[k], t.loss[k]
	kept := f.save()
	loss, err := t.move(f, k, step, threads)
	if err != nil {
		return err
	}
	if !finite(loss) || !finite(t.Options.Parameters.Ratios(f.Network)...) {
		f.restore(kept)
		t.loss[k] = math.Inf(1)
		return nil
	}
	t.loss[k], t.moved[k] = loss, before-loss
	return nil
}

func (t *Trainer) move(f *Fit, k, step, threads int) (loss float64, err error) {
	if step == 0 {
		if loss, _, err = f.MStep(t.ParameterIterations, max(t.InitialSlack, 1)); err != nil {
			return loss, err
		}
		if t.Method == MAP || t.Method == Variational {
			f.Innovate(innovationLimit)
			if loss, _, err = f.Descend(Posterior{Threads: threads}, t.TrajectoryIterations, false); err != nil {
				return loss, err
			}
		}
	}
	switch t.Method {
	case MAP:
		loss, _, err = f.Descend(Posterior{Threads: threads}, t.TrajectoryIterations, true)
	case Variational:
		loss, _, err = f.Descend(Posterior{Samples: t.Samples, Seed: t.Seed, Threads: threads}, t.TrajectoryIterations, true)
	case Filter:
		if step > 0 {
			if _, _, err = f.MStep(t.ParameterIterations, max(t.InitialSlack, 1)); err != nil {
				return 0, err
			}
		}
		inferred, err := f.Particles(Inference{Particles: t.Particles, Lag: t.Lag, Seed: t.Seed, Threads: threads})
		if err != nil {
			return 0, err
		}
		for p, mean := range inferred.Mean {
			copy(f.Z[p][t.Options.Grid.Ages:], mean)
		}
		loss = -inferred.LogLikelihood / f.terms()
	default:
		if step > 0 {
			if _, _, err = f.MStep(t.ParameterIterations, 1); err != nil {
				return 0, err
			}
		}
		if _, _, err = f.EStep(t.Published); err != nil {
			return 0, err
		}
		loss = f.Loss()
	}
	return loss, err
}

// innovationLimit bounds the innovations that a first trajectory begins with, in standard
// deviations: a smoothed one is far from what the network does.
const innovationLimit = 1

// Model gives the parameters of all fits, and which is best.
func (t *Trainer) Model() []checkpoint.Tensor {
	return []checkpoint.Tensor{
		{Name: "ratios", Shape: []int{len(t.fits), t.count}, Data: t.ratios, Unit: "1", Doc: "fitted parameters of each restart, as ratios to those of the model's reference"},
		{Name: "best", Shape: []int{1}, Data: t.best, Unit: "1", Doc: "number of the restart with the lowest loss"},
	}
}

// Training gives the trajectories, what is new in them, and losses.
func (t *Trainer) Training() []checkpoint.Tensor {
	all := []checkpoint.Tensor{{Name: "loss", Shape: []int{len(t.fits)}, Data: t.loss, Unit: "1", Doc: "of each restart, a bin and population"}}
	for k, f := range t.fits {
		for p := range f.Z {
			name := func(what string) string { return fmt.Sprintf("%s/%d/%d", what, k, p) }
			all = append(all,
				checkpoint.Tensor{Name: name("z"), Shape: []int{len(f.Z[p])}, Data: f.Z[p], Unit: "1", Doc: "fraction of a population that spikes in each bin, by restart and population"},
				checkpoint.Tensor{Name: name("xi"), Shape: []int{len(f.xi[p])}, Data: f.xi[p], Unit: "1", Doc: "what is new in each bin, in standard deviations"})
			if t.Method == Variational {
				all = append(all, checkpoint.Tensor{Name: name("spread"), Shape: []int{bandCount}, Data: f.spread[p], Unit: "1", Doc: "ln of the deviation of what is new, by band of frequencies"})
			}
			if t.Method == Adam {
				a := f.moments()
				all = append(all,
					checkpoint.Tensor{Name: name("adam-m"), Shape: []int{len(a.m[p])}, Data: a.m[p], Unit: "1", Doc: "first moment of Adam"},
					checkpoint.Tensor{Name: name("adam-v"), Shape: []int{len(a.v[p])}, Data: a.v[p], Unit: "1", Doc: "second moment of Adam"})
			}
		}
		if t.Method == Adam {
			all = append(all, checkpoint.Tensor{Name: fmt.Sprintf("adam-state/%d", k), Shape: []int{4}, Data: f.moments().scalars(), Unit: "1", Doc: "steps of Adam, and the lowest losses of trajectory, spikes, and both"})
		}
	}
	return all
}

// RestoreModel loads what Model gave.
func (t *Trainer) RestoreModel(f *checkpoint.File) error {
	if err := plasticity.Load(f, t.Model()); err != nil {
		return err
	}
	if b := t.best[0]; b < 0 || b >= float64(len(t.fits)) || b != math.Floor(b) {
		return fault.Inputf("tensor %q in %s is %v, expected the number of one of %d restarts", "best", f.Name(), b, len(t.fits))
	}
	for k, fit := range t.fits {
		t.Options.Parameters.Set(fit.Network, t.ratios[k*t.count:(k+1)*t.count])
	}
	return nil
}

// RestoreTraining loads what Training gave.
func (t *Trainer) RestoreTraining(f *checkpoint.File) error {
	wanted := t.Training()
	if err := plasticity.Load(f, wanted); err != nil {
		return err
	}
	if t.Method == Adam {
		for _, w := range wanted {
			for k, fit := range t.fits {
				if w.Name == fmt.Sprintf("adam-state/%d", k) {
					fit.moments().setScalars(w.Data.([]float64))
				}
			}
		}
	}
	return nil
}

// Number is that of the best fit.
func (t *Trainer) Number() int { return int(t.best[0]) }

// Ratios are the parameters of each fit, as ratios to the reference.
func (t *Trainer) Ratios() (all [][]float64) {
	for k := range t.fits {
		all = append(all, t.ratios[k*t.count:(k+1)*t.count])
	}
	return all
}
