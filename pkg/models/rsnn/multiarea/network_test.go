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
	return smallWith[F](threads, func(*Params) {})
}

// jaws are the forms of the jaw.
var jaws = map[string]func(*Params){
	"logarithmic":        func(*Params) {},
	"linear":             func(p *Params) { p.JawLinear = true },
	"closed loop":        func(p *Params) { p.JawTaps = []int{2, 5, 7} },
	"linear closed loop": func(p *Params) { p.JawLinear, p.JawTaps = true, []int{6, 2} },
}

func smallWith[F tensor.Float](threads int, change func(*Params)) (*Network[F], Weights[F]) {
	p := Params{Neurons: 12, Excitatory: 9, Inputs: 6, ExcitatoryInputs: 4, Delays: []int{1, 3}, Area: []int{0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 1},
		StepMS: 2, Threshold: 0.1, Noise: 0.1, Steepness: 15, Dampening: 0.3, RefractorySteps: 2,
		TauMS: []float64{30, 30, 30, 30, 30, 30, 30, 30, 30, 10, 10, 10}, TrialNoise: 3, Motor: []int{5, 6, 8}, TauJawMS: 50}
	change(&p)
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
	if p.JawLinear {
		w.JawBias[0], w.JawBias[1] = 0.3, 1.7
	}
	for i := range w.JawFeedback {
		w.JawFeedback[i] = F(0.2 * (r.Float64() - 0.5))
	}
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
	for name, form := range jaws {
		t.Run(name, func(t *testing.T) {
			net, w := smallWith[float64](2, form)
			const trials, steps = 4, 30
			for _, cut := range []int{11, 1, 2} { // shorter than the longest delay, too
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
		})
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

// byDifferences compares gradients with those of loss by differences.
func byDifferences(t *testing.T, loss func() float64, arrays map[string][2][]float64) {
	t.Helper()
	const h = 1e-6
	for name, p := range arrays {
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

// In an open loop the jaw does not move the neurons: its own gradient is exact.
func TestGradientOfTheJaw(t *testing.T) {
	for _, name := range []string{"logarithmic", "linear"} {
		t.Run(name, func(t *testing.T) {
			net, w := smallWith[float64](1, jaws[name])
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
			byDifferences(t, loss, map[string][2][]float64{"w_jaw": {w.Jaw, grad.Jaw}, "bias": {w.JawBias, grad.JawBias}})
		})
	}
}

// Where no neuron fires, potentials are smooth functions of all parameters, and so are
// they of the jaw that moves them.
func TestGradientOfSilentNeurons(t *testing.T) {
	net, w := smallWith[float64](2, func(p *Params) {
		jaws["linear closed loop"](p)
		p.Dampening = 0 // spikes that do not come have no derivative
	})
	const trials, steps = 3, 20
	x, xi := inputs(6, trials, steps, 6), noise[float64](trials, 3)
	silent := func(trial, step int, normal, uniform []float64) {
		draws[float64](0)(trial, step, normal, uniform)
		for i := range uniform {
			uniform[i] = 1
		}
	}
	var r Run[float64]
	loss := func() (sum float64) {
		net.SetWeights(&w)
		net.Simulate(&r, &w, x, xi, nil, silent, true)
		for k := range trials {
			for i, v := range r.Final[k].Potential {
				sum += float64(1+(i+k)%3) * v
			}
		}
		return sum
	}
	loss()
	grad := NewWeights[float64](&net.Params)
	net.Backward(&grad, &r, &w, func(_, _ int, gz []float64) { clear(gz) }, func(trial, step int, gv []float64) {
		clear(gv)
		if step == steps-1 {
			for i := range gv {
				gv[i] = float64(1 + (i+trial)%3)
			}
		}
	}, nil)
	byDifferences(t, loss, map[string][2][]float64{"K": {w.JawFeedback, grad.JawFeedback}, "mean and deviation": {w.JawBias, grad.JawBias},
		"Win": {w.Input, grad.Input}, "v_rest": {w.Rest, grad.Rest}, "A1": {w.OffsetIn, grad.OffsetIn}, "A2": {w.OffsetOut, grad.OffsetOut}, "c1": {w.OffsetBias, grad.OffsetBias}})
}

func TestInitialWeights(t *testing.T) {
	s := Sizes{Neurons: 50, Areas: 2, ExcitatoryFraction: 0.8}
	p := Params{Neurons: 50, Excitatory: s.Excitatory(), Inputs: 20, ExcitatoryInputs: 16, Delays: []int{1, 2}, Area: s.AreaOf(), TrialNoise: 5}
	w := InitialWeights[float64](&p, 1)
	for g := range p.Delays {
		group := w.Recurrent[g*50*50 : (g+1)*50*50]
		for post := range 50 {
			var sums [2]float64
			for pre := range 50 {
				x := group[pre*50+post]
				if x < 0 || (p.Area[pre] != p.Area[post] || pre == post) && x != 0 {
					t.Fatalf("weight from %d to %d is %v", pre, post, x)
				}
				sums[min(1, pre/40)] += x
			}
			if math.Abs(sums[0]-sums[1]) > 1e-12 || sums[0] == 0 {
				t.Fatalf("neuron %d gets %v of excitation and %v of inhibition", post, sums[0], sums[1])
			}
		}
		if r := p.radius(group); math.Abs(r-0.5) > 1e-9 { // 1 over two delays
			t.Errorf("the largest eigenvalue of group %d is %v, want 0.5", g, r)
		}
	}
	for _, x := range w.Input {
		if x < 0 || x > 1/math.Sqrt(20) {
			t.Fatalf("input weight %v", x)
		}
	}
}

func TestConstrain(t *testing.T) {
	net, w := small[float64](1)
	for i := range w.Recurrent {
		w.Recurrent[i] -= 0.1
	}
	w.Rest[0], w.Rest[1] = 0.3, -0.3
	before := slices.Clone(w.Recurrent)
	net.Constrain(&w, 0.02)
	n := net.Neurons
	for i, x := range w.Recurrent {
		want := 0.0
		if pre, post := i/n%n, i%n; net.Allowed(pre, post) {
			want = max(before[i]-0.02, 0)
		}
		if x != want {
			t.Fatalf("weight %d is %v, want %v", i, x, want)
		}
	}
	if w.Rest[0] != 0.1 || w.Rest[1] != -0.1 {
		t.Errorf("resting potentials %v, want them clipped to ±0.1", w.Rest[:2])
	}
}

func TestStimuliExciteTheirInputs(t *testing.T) {
	s := Stimuli{Inputs: 200, Share: 0.5, Onsets: []float64{0}, RateHz: 5, Gain: 11.5, DelayMS: 4, LengthMS: 10, StepMS: 2, StartS: -0.1}
	const trials, steps = 400, 200
	var inside, outside float64
	for k := range trials {
		var x tensor.Raster
		s.Draw(&x, rand.New(rand.NewPCG(1, uint64(k))), steps, 4, true)
		for step := range steps {
			for j, i := range x.At(step) {
				if j > 0 && x.At(step)[j-1] >= i {
					t.Fatal("inputs do not ascend")
				}
				if i < 100 && step >= 52 && step < 57 {
					inside++
				} else {
					outside++
				}
			}
		}
	}
	p := 0.01 * (1 + 11.5*math.Log(5))
	for _, c := range []struct{ got, n, p float64 }{{inside, trials * 100 * 5, p}, {outside, trials * (200*steps - 500), 0.01}} {
		if math.Abs(c.got/c.n-c.p) > 4*math.Sqrt(c.p*(1-c.p)/c.n) {
			t.Errorf("probability %v, want %v", c.got/c.n, c.p)
		}
	}
}
