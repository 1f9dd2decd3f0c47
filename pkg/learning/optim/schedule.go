package optim

import "math"

// Schedule gives the learning rate of update t = 0, 1, ….
type Schedule func(t int) float64

// Constant keeps the rate.
func Constant(rate float64) Schedule { return func(int) float64 { return rate } }

// StepDecay multiplies the rate by factor after every `every` updates.
func StepDecay(rate, factor float64, every int) Schedule {
	return func(t int) float64 { return rate * math.Pow(factor, float64(t/every)) }
}

// InverseTime divides the rate of a schedule by 1 + decay t.
func InverseTime(s Schedule, decay float64) Schedule {
	return func(t int) float64 { return s(t) / (1 + decay*float64(t)) }
}

// Ramp goes from 0 to rate at the last of so many updates, and stays there.
func Ramp(rate float64, updates int) Schedule {
	return func(t int) float64 { return rate * min(1, float64(t)/float64(max(updates-1, 1))) }
}

// LinearDecay goes from rate to rate·finalFraction at the last of total updates.
func LinearDecay(rate, finalFraction float64, total int) Schedule {
	return func(t int) float64 {
		progress := min(1, float64(t)/float64(max(total-1, 1)))
		return rate * (1 + (finalFraction-1)*progress)
	}
}

// ExponentialDecay multiplies the rate by factor over every `every` updates, a little
// at each.
func ExponentialDecay(rate, factor float64, every int) Schedule {
	return func(t int) float64 { return rate * math.Pow(factor, float64(t)/float64(every)) }
}

// FinalDecay lets a schedule fall, in the last part of total updates, in a straight line to
// a fraction of what it would be.
func FinalDecay(s Schedule, part, fraction float64, total int) Schedule {
	return func(t int) float64 {
		start := (1 - part) * float64(total)
		if part == 0 || float64(t) < start {
			return s(t)
		}
		return s(t) * (1 - (1-fraction)*min(1, (float64(t)-start)/max(1, part*float64(total)-1)))
	}
}
