package fir

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
)

func random[F tensor.Float](net *Network[F], seed uint64) Weights[F] {
	r := rand.New(rand.NewPCG(seed, 1))
	w := net.NewWeights()
	for _, x := range [][]F{w.Recurrent, w.Input, w.Bias} {
		for i := range x {
			x[i] = F(0.3 * r.NormFloat64())
		}
	}
	return w
}

func noise(steps, inputs int) []float64 {
	r := rand.New(rand.NewPCG(5, 5))
	x := make([]float64, steps*inputs)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}

func draws(seed uint64) Draws {
	return func(trial int) func([]float64) {
		r := rand.New(rand.NewPCG(seed, uint64(trial)))
		return func(u []float64) {
			for i := range u {
				u[i] = r.Float64()
			}
		}
	}
}

// Equation (1) as it stands, for one trial of given spikes with D steps of history.
func TestPotentialsAreThoseOfTheEquation(t *testing.T) {
	net := &Network[float64]{Visible: 4, Hidden: 0, Delays: 3, Inputs: 2, Threshold: 0.4, Steepness: 1, Dampening: 0.3, Threads: 1}
	w := random(net, 1)
	const steps = 12
	x := noise(steps+3, net.Inputs)
	var free, clamped Run[float64]
	net.Free(&free, &w, net.Drive(&w, x, steps+3), 1, draws(1))
	data := []tensor.Raster{free.Spikes[0]} // any spikes of 15 steps
	net.Clamped(&clamped, &w, net.Drive(&w, x, steps), data, draws(2))
	fired := func(step, i int) float64 {
		if slices.Contains(data[0].At(step), int32(i)) {
			return 1
		}
		return 0
	}
	for step := range steps {
		for j := range 4 {
			v := w.Bias[j]
			for m := range net.Inputs {
				v += w.Input[m*4+j] * x[step*net.Inputs+m]
			}
			for i := range 4 {
				for d := 1; d <= 3; d++ {
					v += w.Recurrent[(i*3+d-1)*4+j] * fired(step+3-d, i)
				}
			}
			if got, want := clamped.UAt(0)[step*4+j], (v-0.4)/0.4; math.Abs(got-want) > 1e-13 {
				t.Errorf("u[%d,%d] is %v, want %v", step, j, got, want)
			}
		}
	}
}

// Without hidden neurons, a free run clamped to its own spikes is the same run.
func TestFreeRunClampedToItself(t *testing.T) {
	net := &Network[float64]{Visible: 5, Delays: 2, Inputs: 1, Threshold: 0.4, Steepness: 1, Dampening: 0.3, Threads: 2}
	w := random(net, 2)
	x := noise(30, 1)
	drive := net.Drive(&w, x, 30)
	var free, clamped Run[float64]
	net.Free(&free, &w, drive, 3, draws(3))
	data := make([]tensor.Raster, 3)
	for k := range data {
		data[k].Reset()
		data[k].EndStep() // no history
		data[k].EndStep()
		for step := range 30 {
			data[k].Active = append(data[k].Active, free.Spikes[k].At(step)...)
			data[k].EndStep()
		}
	}
	net.Clamped(&clamped, &w, drive, data, draws(3))
	if !slices.Equal(free.U, clamped.U) {
		t.Error("the potentials differ")
	}
}

func TestThreadsDoNotMatter(t *testing.T) {
	gradient := func(threads int) (Weights[float32], []float32) {
		net := &Network[float32]{Visible: 7, Hidden: 3, Delays: 5, Inputs: 2, Threshold: 0.4, Steepness: 1, Dampening: 0.3, Threads: threads}
		w := random(net, 3)
		x := make([]float32, 40*2)
		for i := range x {
			x[i] = float32(i%5) / 5
		}
		var r Run[float32]
		net.Free(&r, &w, net.Drive(&w, x, 40), 21, draws(4))
		gu := slices.Clone(r.P)
		grad := net.NewWeights()
		return grad, net.Backward(&grad, &r, &w, x, gu, nil)
	}
	a, driveA := gradient(1)
	b, driveB := gradient(3)
	if !slices.Equal(a.Recurrent, b.Recurrent) || !slices.Equal(a.Input, b.Input) || !slices.Equal(a.Bias, b.Bias) || !slices.Equal(driveA, driveB) {
		t.Error("one and three threads give other bits")
	}
}
