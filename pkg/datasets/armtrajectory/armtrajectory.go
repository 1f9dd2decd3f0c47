// Package armtrajectory draws the tasks of one-shot motor learning: random
// movements of an arm with two joints, which a network is to make after it has
// seen them once (arXiv:1901.09049, e-prop 2; section 5 of the method).
//
// # The arm
//
// The angular velocities ω_1, ω_2 of shoulder and elbow move the angles, of
// which the second is relative to the first, and with them the tip of the
// forearm. Both links have the length l = 0.5; dt = 1 ms:
//
//	(1) φ[t] = (0, π/2) + dt Σ_{s≤t} ω[s]
//	(2) (x, y)[t] = l (cos φ_1 + cos(φ_1+φ_2), sin φ_1 + sin(φ_1+φ_2))
//
// # The movements
//
// With t' = 2π t/(T-1), the velocity of a joint is a sum of five sines,
//
//	(3) ω[t] = Σ_m A_m sin(t'/p_m + φ_m),  p ~ U(0.3, 1), φ ~ U(0, 2π)
//
// where A ~ U(0, 30) for the shoulder; for the elbow, A makes the sine's range over
// the trial 20. If the joint then turns by more than π/2 either way, ω is scaled
// so that it just does not.
//
// # What the networks see
//
// A Clock says which part of the trial it is, and a populationcode of the target's
// coordinates, within [-1, 1], where the tip should be.
package armtrajectory

import (
	"math"
	"math/rand/v2"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/populationcode"
)

// Options are the choices of a Source.
type Options struct {
	Steps            int // T, steps of a trial, of 1 ms
	ClockWindows     int // parts of a trial that the clock tells apart; T is a multiple
	ClockLines       int // input lines of the clock; a multiple of ClockWindows
	CodeNeurons      int // N, neurons that code each coordinate of the target
	EvaluationTrials int // tasks in the validation split, and in the test split
	Seed             uint64
}

// Trials is how often a task is seen: once to learn, once to show what was learnt.
const Trials = 2

// Task is one movement.
type Task struct {
	Velocities []float64            // ω*, [T][2], rad/s
	Tip        []float64            // x, y of the target, [T][2]
	Code       [Trials]*tensor.Bits // of the target, drawn anew for each trial; [T][2 N], x first
}

// Source draws tasks. A task depends on the seed and on what it is asked for
// alone. Its methods may be called at the same time.
type Source struct {
	Options
	clock *tensor.Bits
	code  populationcode.Code
}

// New returns a source.
func New(o Options) (*Source, error) {
	switch {
	case o.ClockWindows < 1 || o.Steps < 2 || o.Steps%o.ClockWindows != 0:
		return nil, fault.Inputf("the trial has %d ms and the clock %d windows, expected a multiple of the windows, at least 2 ms", o.Steps, o.ClockWindows)
	case o.ClockLines < 1 || o.ClockLines%o.ClockWindows != 0:
		return nil, fault.Inputf("the clock has %d input lines and %d windows, expected a multiple of the windows", o.ClockLines, o.ClockWindows)
	case o.CodeNeurons < 2:
		return nil, fault.Inputf("the population code has %d neurons, expected at least 2", o.CodeNeurons)
	case o.EvaluationTrials < 1:
		return nil, fault.Inputf("the evaluation has %d tasks, expected at least 1", o.EvaluationTrials)
	}
	return &Source{Options: o, clock: newClock(&o), code: populationcode.New(o.CodeNeurons, -1, 1, populationcode.PeakHz)}, nil
}

// clockInterval is the number of steps between two spikes of a clock line.
const clockInterval = 10

// newClock makes the lines of each window spike together while it lasts.
func newClock(o *Options) *tensor.Bits {
	clock := tensor.NewBits(o.Steps, o.ClockLines)
	length, lines := o.Steps/o.ClockWindows, o.ClockLines/o.ClockWindows
	for window := range o.ClockWindows {
		for t := 0; t < length; t += clockInterval {
			for i := range lines {
				clock.Set(window*length+t, window*lines+i)
			}
		}
	}
	return clock
}

// Clock is the input of every trial, [T][ClockLines]: it is not to be written to.
func (s *Source) Clock() *tensor.Bits { return s.clock }

// Train draws task index of a training step's batch, into the memory of task.
func (s *Source) Train(task *Task, step, index int) {
	s.draw(task, "arm-train", uint64(step), uint64(index))
}

// Evaluate draws task index of a split: "train" (the first batch), "validation"
// or "test".
func (s *Source) Evaluate(task *Task, split string, index int) {
	s.draw(task, rng.Purpose("arm-"+split), 0, uint64(index))
}

func (s *Source) draw(task *Task, purpose rng.Purpose, step, index uint64) {
	if len(task.Tip) != 2*s.Steps {
		*task = Task{Velocities: make([]float64, 2*s.Steps), Tip: make([]float64, 2*s.Steps)}
	}
	r := rng.Stream(s.Seed, purpose, step, index)
	joint(r, task.Velocities, shoulderAmplitude)
	joint(r, task.Velocities[1:], elbowAmplitude)
	Move(task.Tip, task.Tip, task.Velocities) // the angles are written over
	r = rng.Stream(s.Seed, purpose+"-code", step, index)
	for trial := range task.Code {
		if b := task.Code[trial]; b == nil || b.Cols != 2*s.CodeNeurons {
			task.Code[trial] = tensor.NewBits(s.Steps, 2*s.CodeNeurons)
		}
		code := task.Code[trial]
		clear(code.Words)
		s.code.Fire(r, task.Tip, func(value, neuron int) { // x and y of a step are neighbours in both arrays
			code.Set(value/2, value%2*s.CodeNeurons+neuron)
		})
	}
}

// sines is the number of terms in equation (3).
const sines = 5

// joint draws the velocity of a joint, at every second place of velocity.
// amplitude draws A_m for a sine with unit amplitude that ranges over so much.
func joint(r *rand.Rand, velocity []float64, amplitude func(r *rand.Rand, unitRange float64) float64) {
	steps := (len(velocity) + 1) / 2
	var period, phase [sines]float64
	for m := range sines {
		period[m], phase[m] = 0.3+0.7*r.Float64(), 2*math.Pi*r.Float64()
	}
	for t := range steps {
		velocity[2*t] = 0
	}
	for m := range sines {
		sine := func(t int) float64 {
			return math.Sin(2*math.Pi*float64(t)/float64(steps-1)/period[m] + phase[m])
		}
		low, high := math.Inf(1), math.Inf(-1)
		for t := range steps {
			low, high = min(low, sine(t)), max(high, sine(t))
		}
		a := amplitude(r, high-low)
		for t := range steps {
			velocity[2*t] += a * sine(t)
		}
	}
	turned, furthest := 0.0, 0.0
	for t := range steps {
		turned += stepSeconds * velocity[2*t]
		furthest = max(furthest, math.Abs(turned))
	}
	if furthest > math.Pi/2 {
		for t := range steps {
			velocity[2*t] *= math.Pi / 2 / furthest
		}
	}
}

func shoulderAmplitude(r *rand.Rand, _ float64) float64      { return 30 * r.Float64() }
func elbowAmplitude(_ *rand.Rand, unitRange float64) float64 { return 20 / unitRange }
