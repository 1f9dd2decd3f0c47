package multiarea

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
)

// small is a lively network with random weights.
func small[F tensor.Float](threads int) (*Network[F], Weights[F]) {
	p := Params{Neurons: 12, Excitatory: 9, Inputs: 6, ExcitatoryInputs: 4, Delays: []int{1, 3}, Area: []int{0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 1},
		StepMS: 2, Threshold: 0.1, Noise: 0.1, Steepness: 15, Dampening: 0.3, RefractorySteps: 2,
		TauMS: []float64{30, 30, 30, 30, 30, 30, 30, 30, 30, 10, 10, 10}, TrialNoise: 3, Motor: []int{5, 6, 8}, TauJawMS: 50}
	net := New[F](p, threads)
	r := rand.New(rand.NewPCG(1, 1))
	w := NewWeights[F](&p)
	for _, x := range [][]F{w.Input, w.Recurrent, w.OffsetOut} {
		for i := range x {
			x[i] = F(0.3 * r.Float64())
		}
	}
	for _, x := range [][]F{w.Rest, w.OffsetIn, w.OffsetBias, w.Jaw} {
		for i := range x {
			x[i] = F(0.1 * (r.Float64() - 0.3))
		}
	}
	w.JawBias[0] = 1
	net.SetWeights(&w)
	return net, w
}

func inputs(seed uint64, trials, steps, lines int) []tensor.Raster {
	r := rand.New(rand.NewPCG(seed, 2))
	all := make([]tensor.Raster, trials)
	for k := range all {
		all[k].Reset()
		for range steps {
			for i := range lines {
				if r.Float64() < 0.2 {
					all[k].Fire(i)
				}
			}
			all[k].EndStep()
		}
	}
	return all
}

// draws of a trial start at step from.
func draws[F tensor.Float](from int) Draws[F] {
	return func(trial, step int, normal, uniform []F) {
		r := rand.New(rand.NewPCG(uint64(trial), uint64(from+step)))
		for i := range normal {
			normal[i], uniform[i] = F(r.NormFloat64()), F(r.Float64())
		}
	}
}

// given are the gradients of spikes in gz, [trials][T][N].
func given[F tensor.Float](gz []F, steps int) SpikeGradient[F] {
	return func(trial, step int, to []F) { copy(to, gz[(trial*steps+step)*len(to):]) }
}

func noise[F tensor.Float](trials, dimensions int) []F {
	r := rand.New(rand.NewPCG(9, 9))
	xi := make([]F, trials*dimensions)
	for i := range xi {
		xi[i] = F(r.Float64() - 0.5)
	}
	return xi
}

func tail(r tensor.Raster, from int) tensor.Raster {
	var out tensor.Raster
	out.Reset()
	for t := from; t < r.Steps(); t++ {
		out.Active = append(out.Active, r.At(t)...)
		out.EndStep()
	}
	return out
}

func head(r tensor.Raster, steps int) tensor.Raster {
	return tensor.Raster{Start: r.Start[:steps+1], Active: r.Active[:r.Start[steps]]}
}

func TestNeuronsAreSilentAfterASpike(t *testing.T) {
	net, w := small[float64](2)
	var r Run[float64]
	net.Simulate(&r, &w, inputs(1, 20, 100, 6), noise[float64](20, 3), nil, draws[float64](0), false)
	spikes := 0
	for k := range r.Spikes {
		last := map[int32]int{}
		for step := range r.Steps {
			for _, i := range r.Spikes[k].At(step) {
				if before, fired := last[i]; fired && step-before < net.RefractorySteps+1 {
					t.Fatalf("trial %d: neuron %d fires at %d and %d", k, i, before, step)
				}
				last[i] = step
				spikes++
			}
		}
	}
	if spikes < 1000 {
		t.Errorf("only %d spikes", spikes)
	}
}

// A trial in two parts, the second from the state after the first, is the whole trial.
func TestStateGoesOn(t *testing.T) {
	net, w := small[float64](2)
	const trials, steps, cut = 4, 30, 11
	for _, cut := range []int{cut, 1, 2} { // shorter than the longest delay, too
		x, xi := inputs(2, trials, steps, 6), noise[float64](trials, 3)
		var whole, first, second Run[float64]
		net.Simulate(&whole, &w, x, xi, nil, draws[float64](0), false)
		early, late := make([]tensor.Raster, trials), make([]tensor.Raster, trials)
		for k := range x {
			early[k], late[k] = head(x[k], cut), tail(x[k], cut)
		}
		net.Simulate(&first, &w, early, xi, nil, draws[float64](0), false)
		net.Simulate(&second, &w, late, xi, first.Final, draws[float64](cut), false)
		for k := range x {
			want := tail(whole.Spikes[k], cut)
			if !slices.Equal(second.Spikes[k].Active, want.Active) || !slices.Equal(second.Spikes[k].Start, want.Start) {
				t.Errorf("cut at %d: spikes of trial %d differ", cut, k)
			}
			if !slices.Equal(second.Jaw[k*(steps-cut):(k+1)*(steps-cut)], whole.Jaw[k*steps+cut:(k+1)*steps]) {
				t.Errorf("cut at %d: the jaw of trial %d differs", cut, k)
			}
		}
	}
}

func TestThreadsDoNotMatter(t *testing.T) {
	gradient := func(threads int) Weights[float32] {
		net, w := small[float32](threads)
		var r Run[float32]
		const trials, steps = 37, 25
		net.Simulate(&r, &w, inputs(3, trials, steps, 6), noise[float32](trials, 3), nil, draws[float32](0), true)
		gz, gjaw := make([]float32, trials*steps*12), make([]float32, trials*steps)
		for i := range gz {
			gz[i] = float32(i%7) - 3
		}
		for i := range gjaw {
			gjaw[i] = float32(i%5) - 2
		}
		grad := NewWeights[float32](&net.Params)
		net.Backward(&grad, &r, &w, given(gz, steps), nil, gjaw)
		return grad
	}
	one, three := gradient(1), gradient(3)
	for i, x := range [][]float32{one.Input, one.Recurrent, one.Rest, one.OffsetIn, one.OffsetBias, one.OffsetOut, one.Jaw, one.JawBias} {
		y := [][]float32{three.Input, three.Recurrent, three.Rest, three.OffsetIn, three.OffsetBias, three.OffsetOut, three.Jaw, three.JawBias}[i]
		if !slices.Equal(x, y) {
			t.Errorf("gradient %d has other bits with three threads", i)
		}
	}
}

// The jaw does not move the neurons: its own gradient is exact.
func TestGradientOfTheJaw(t *testing.T) {
	net, w := small[float64](1)
	x, xi := inputs(4, 3, 40, 6), noise[float64](3, 3)
	var r Run[float64]
	loss := func() (sum float64) {
		net.Simulate(&r, &w, x, xi, nil, draws[float64](0), true)
		for i, jaw := range r.Jaw {
			sum += float64(i%4) * jaw * jaw
		}
		return sum
	}
	loss()
	gjaw := make([]float64, len(r.Jaw))
	for i, jaw := range r.Jaw {
		gjaw[i] = 2 * float64(i%4) * jaw
	}
	grad := NewWeights[float64](&net.Params)
	net.Backward(&grad, &r, &w, given(make([]float64, 3*40*12), 40), nil, gjaw)
	const h = 1e-6
	for name, p := range map[string][2][]float64{"w_jaw": {w.Jaw, grad.Jaw}, "b": {w.JawBias, grad.JawBias}} {
		for i := range p[0] {
			at := p[0][i]
			p[0][i] = at + h
			up := loss()
			p[0][i] = at - h
			down := loss()
			p[0][i] = at
			if g := (up - down) / (2 * h); math.Abs(g-p[1][i]) > 1e-6*(1+math.Abs(g)) {
				t.Errorf("∂L/∂%s[%d] is %v, by differences %v", name, i, p[1][i], g)
			}
		}
	}
}
