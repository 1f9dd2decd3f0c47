package autodiff

import (
	"fmt"
	"math"
	"testing"
)

const epsilon = 1e-5

var normShapes = [][]int{{2, 1}, {5, 3}, {3, 2, 4}, {1, 2, 3, 5}, {2, 4, 1, 1}, {4, 2, 3, 1}}

func TestNormalisationGradients(t *testing.T) {
	for _, shape := range normShapes {
		t.Run(fmt.Sprint(shape), func(t *testing.T) {
			x, scale, shift := random(1, shape...), random(2, shape[1]), random(3, shape[1])
			in := inputs{"x": x, "scale": scale, "shift": shift}
			checkGradients(t, one(func(tape *Tape[float64], threads int) *Var[float64] {
				y, _ := BatchNorm(tape, threads, x, scale, shift, epsilon)
				return y
			}), in)
			running := Statistics[float64]{random(4, shape[1]).Value.Data, make([]float64, shape[1])}
			for c := range running.Variance {
				running.Variance[c] = 0.5 + float64(c)
			}
			checkGradients(t, one(func(tape *Tape[float64], threads int) *Var[float64] {
				return BatchNormEvaluate(tape, threads, x, scale, shift, running, epsilon)
			}), in)
			for groups := 1; groups <= shape[1]; groups++ {
				if shape[1]%groups != 0 || size(shape)/shape[0]/groups == 1 {
					continue // of one number y is the shift, and the gradient rounding
				}
				checkGradients(t, one(func(tape *Tape[float64], threads int) *Var[float64] {
					return GroupNorm(tape, threads, x, scale, shift, groups, epsilon)
				}), in)
			}
		})
	}
}

// moved returns n values about 1000, where a careless variance loses digits.
func moved(shape ...int) *Var[float64] {
	x := random(1, shape...)
	for i := range x.Value.Data {
		x.Value.Data[i] = 1000 + 3*x.Value.Data[i]
	}
	return x
}

func identity(channels int) (scale, shift *Var[float64]) {
	scale, shift = random(1, channels), random(1, channels)
	for c := range channels {
		scale.Value.Data[c], shift.Value.Data[c] = 1, 0
	}
	return scale, shift
}

// meanAndVariance are taken in two passes over the values that keep says.
func meanAndVariance(xs []float64, keep func(i int) bool) (mean, variance float64, n int) {
	for i, x := range xs {
		if keep(i) {
			mean, n = mean+x, n+1
		}
	}
	mean /= float64(n)
	for i, x := range xs {
		if keep(i) {
			variance += (x - mean) * (x - mean) / float64(n)
		}
	}
	return mean, variance, n
}

func TestBatchNormReLUIsReLUOfBatchNorm(t *testing.T) {
	for _, shape := range normShapes {
		type result struct{ x, scale, shift []float64 }
		run := func(layer func(tape *Tape[float64], x, scale, shift *Var[float64]) *Var[float64]) result {
			x, scale, shift := random(1, shape...), random(2, shape[1]), random(3, shape[1])
			var tape Tape[float64]
			for range 2 { // the second time on memory that is not fresh
				clear(x.Grad.Data)
				clear(scale.Grad.Data)
				clear(shift.Grad.Data)
				tape.Reset()
				y := layer(&tape, x, scale, shift)
				loss := SquaredDistance(&tape, reshaped(y, size(shape)), 0.3, 1)
				tape.Backward(loss)
				if y.Value.Data[0] < 0 {
					t.Fatal("a rectified number is negative")
				}
			}
			return result{x.Grad.Data, scale.Grad.Data, shift.Grad.Data}
		}
		fused := run(func(tape *Tape[float64], x, scale, shift *Var[float64]) *Var[float64] {
			y, _ := BatchNormReLU(tape, 2, x, scale, shift, epsilon)
			return y
		})
		apart := run(func(tape *Tape[float64], x, scale, shift *Var[float64]) *Var[float64] {
			y, _ := BatchNorm(tape, 2, x, scale, shift, epsilon)
			return ReLU(tape, 2, y)
		})
		near(t, "∂E/∂x", fused.x, apart.x)
		near(t, "∂E/∂scale", fused.scale, apart.scale)
		near(t, "∂E/∂shift", fused.shift, apart.shift)
	}
}

func TestBatchNormHasMeanZeroAndVarianceOne(t *testing.T) {
	x := moved(5, 3, 7)
	scale, shift := identity(3)
	y, batch := BatchNorm(new(Tape[float64]), 2, x, scale, shift, 0)
	for c := range 3 {
		of := func(i int) bool { return i/7%3 == c }
		mean, variance, _ := meanAndVariance(y.Value.Data, of)
		if math.Abs(mean) > 1e-12 || math.Abs(variance-1) > 1e-12 {
			t.Errorf("channel %d has mean %g and variance %g", c, mean, variance)
		}
		mean, variance, n := meanAndVariance(x.Value.Data, of)
		near(t, "statistics", []float64{batch.Mean[c], batch.Variance[c]}, []float64{mean, variance * float64(n) / float64(n-1)})
	}
}

func TestGroupNormHasMeanZeroAndVarianceOne(t *testing.T) {
	x := moved(2, 6, 4)
	scale, shift := identity(6)
	y := GroupNorm(new(Tape[float64]), 2, x, scale, shift, 3, 0)
	for g := range 6 { // two trials of three groups of eight values
		mean, variance, _ := meanAndVariance(y.Value.Data, func(i int) bool { return i/8 == g })
		if math.Abs(mean) > 1e-12 || math.Abs(variance-1) > 1e-12 {
			t.Errorf("group %d has mean %g and variance %g", g, mean, variance)
		}
	}
}

// With as many groups as channels and one trial, group and batch are the same.
func TestGroupNormOfOneTrialIsBatchNorm(t *testing.T) {
	x, scale, shift := random(1, 1, 3, 5), random(2, 3), random(3, 3)
	batch, _ := BatchNorm(new(Tape[float64]), 1, x, scale, shift, epsilon)
	near(t, "y", GroupNorm(new(Tape[float64]), 1, x, scale, shift, 3, epsilon).Value.Data, batch.Value.Data)
}

func TestRunningAverages(t *testing.T) {
	running := NewStatistics[float64](2)
	near(t, "start", append(running.Mean, running.Variance...), []float64{0, 0, 1, 1})
	running.Average(Statistics[float64]{[]float64{10, -10}, []float64{3, 1}}, 0.1)
	near(t, "mean", running.Mean, []float64{1, -1})
	near(t, "variance", running.Variance, []float64{1.2, 1})
	// Evaluated with a batch's own mean and variance it gives what training gave.
	x, scale, shift := random(1, 4, 2, 3), random(2, 2), random(3, 2)
	y, batch := BatchNorm(new(Tape[float64]), 1, x, scale, shift, epsilon)
	for c := range batch.Variance {
		batch.Variance[c] *= 11. / 12
	}
	near(t, "y", BatchNormEvaluate(new(Tape[float64]), 1, x, scale, shift, batch, epsilon).Value.Data, y.Value.Data)
}

func TestNormalisationRefusesWrongShapes(t *testing.T) {
	tape := new(Tape[float64])
	x, scale, shift := random(1, 2, 4, 3), random(2, 4), random(3, 4)
	panics(t, badNormInput, func() { BatchNorm(tape, 1, random(1, 3), scale, shift, epsilon) })
	panics(t, badNormScale, func() { BatchNorm(tape, 1, x, random(2, 3), shift, epsilon) })
	panics(t, badNormScale, func() { BatchNormEvaluate(tape, 1, x, scale, shift, NewStatistics[float64](3), epsilon) })
	panics(t, badBatchOfOne, func() { BatchNorm(tape, 1, random(1, 1, 4), scale, shift, epsilon) })
	panics(t, badNormGroups, func() { GroupNorm(tape, 1, x, scale, shift, 3, epsilon) })
	panics(t, badAverage, func() { NewStatistics[float64](3).Average(NewStatistics[float64](2), 0.1) })
}
