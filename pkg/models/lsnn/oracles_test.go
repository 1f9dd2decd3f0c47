package lsnn

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// cell is one neuron (or a few) with round constants.
func cell(lif, alif int) Params {
	return Params{Inputs: 1, LIF: lif, ALIF: alif, TauMembrane: 20, TauAdaptation: []float64{200}, TauReadout: 20,
		Threshold: 0.01, Beta: 1.8, DelaySlots: 1, Dampening: 0.3}
}

// spikeInput is one trial with an input spike on line 0 in each of the steps.
func spikeInput(steps, lines int, at ...int) tensor.Input {
	in := tensor.Input{Trials: 1, Spikes: tensor.NewSpikes(steps, lines)}
	for _, t := range at {
		in.Spikes.Set(t, 0, 0)
	}
	return in
}

// constantInput is one trial in which line 0 carries x in every step.
func constantInput(steps int, x float32) tensor.Input {
	in := tensor.Input{Trials: 1, Currents: tensor.NewCurrents(steps, 1)}
	for t := range steps {
		in.Currents.Line(t, 0)[0] = x
	}
	return in
}

// firing lists the steps in which neuron j fired.
func firing[F tensor.Float](r *Recording[F], j int) (steps []int) {
	for t, row := range r.Spikes {
		if row[j] {
			steps = append(steps, t)
		}
	}
	return steps
}

// Oracle 2: below threshold, v[t] = (1-α) W Σ_k α^k x[t-k], to 1e-14.
func TestOracle02SubThreshold(t *testing.T) {
	const steps, weight = 300, 0.7
	r := rng.Stream(1, "test", 0, 0)
	var at []int
	for step := range steps {
		if r.IntN(3) == 0 {
			at = append(at, step)
		}
	}
	p := cell(1, 1)
	p.Threshold = 10
	input := spikeInput(steps, 1, at...)
	rec := NewNetwork[float64](p, 1, 1).Record(Weights[float64]{In: []float64{weight, weight}, Rec: make([]float64, 4)}, &input, nil, 0, 0)
	alpha := math.Exp(-1.0 / 20)
	for step := range steps {
		want := 0.0
		for _, s := range at {
			if s <= step {
				want += (1 - alpha) * weight * math.Pow(alpha, float64(step-s))
			}
		}
		for j, v := range rec.V.Row(step) {
			if !(math.Abs(v-want) <= 1e-14) {
				t.Fatalf("v_%d[%d] = %.17g, want %.17g", j, step, v, want)
			}
		}
	}
}

// Oracle 3: a constant current I without adaptation makes the first spike at
// the smallest t with I (1-α^{t+1}) > v_th.
func TestOracle03FirstSpike(t *testing.T) {
	alpha := math.Exp(-1.0 / 20)
	const steps = 250
	for _, current := range []float32{0.009, 0.01 * 0.999, 0.0100001, 0.0101, 0.011, 0.013, 0.02, 0.1, 0.2, 0.21, 1} {
		want := -1
		for step := steps - 1; step >= 0; step-- {
			if float64(current)*(1-math.Pow(alpha, float64(step+1))) > 0.01 {
				want = step
			}
		}
		input := constantInput(steps, current)
		net := NewNetwork[float64](cell(1, 0), 1, 1)
		got := -1
		if f := firing(net.Record(Weights[float64]{In: []float64{1}, Rec: []float64{0}}, &input, nil, 0, 0), 0); len(f) > 0 {
			got = f[0]
		}
		if got != want {
			t.Errorf("I = %g: first spike in step %d, want %d", current, got, want)
		}
	}
}

// Oracle 4: after one spike at s, b[s+k] = (1-ρ) ρ^{k-1} for k ≥ 1, and 0 before.
func TestOracle04Adaptation(t *testing.T) {
	const steps, s = 200, 60
	rho := math.Exp(-1.0 / 200)
	input := spikeInput(steps, 1, s)
	net := NewNetwork[float64](cell(0, 1), 1, 1)
	rec := net.Record(Weights[float64]{In: []float64{0.3}, Rec: []float64{0}}, &input, nil, 0, 0)
	if f := firing(rec, 0); len(f) != 1 || f[0] != s {
		t.Fatalf("spikes in steps %v, want one in step %d", f, s)
	}
	for step := range steps {
		want := 0.0
		if k := step - s; k >= 1 {
			want = (1 - rho) * math.Pow(rho, float64(k-1))
		}
		if b := rec.B.Row(step)[0]; !(math.Abs(b-want) <= 1e-14) {
			t.Fatalf("b[%d] = %.17g, want %.17g", step, b, want)
		}
		if a := rec.A.Row(step)[0]; !(math.Abs(a-(0.01+1.8*want)) <= 1e-14) {
			t.Fatalf("A[%d] = %.17g, want %.17g", step, a, 0.01+1.8*want)
		}
	}
}

// Oracle 5: under strong drive the inter-spike interval is exactly n_ref + 1.
func TestOracle05RefractoryInterval(t *testing.T) {
	input := constantInput(200, 100)
	for refractory := range 8 {
		p := cell(1, 1)
		p.Refractory = refractory
		rec := NewNetwork[float64](p, 1, 1).Record(Weights[float64]{In: []float64{1, 1}, Rec: make([]float64, 4)}, &input, nil, 0, 0)
		for j := range 2 {
			f := firing(rec, j)
			if want := (200 + refractory) / (refractory + 1); len(f) != want {
				t.Errorf("n_ref %d: neuron %d fired %d times, want %d", refractory, j, len(f), want)
			}
			for i := 1; i < len(f); i++ {
				if f[i]-f[i-1] != refractory+1 {
					t.Errorf("n_ref %d: neuron %d fired in steps %d and %d", refractory, j, f[i-1], f[i])
				}
			}
		}
	}
}

// activity draws a network of moderate size and spikes, with windows over
// different parts of the trials; the same for all kinds of neurons.
func activity(p Params, trials, steps int) *problem {
	r := rng.Stream(11, "activity", 0, 0)
	problem := &problem{seed: 11, trials: trials, steps: steps}
	problem.Params = Params{Inputs: p.Inputs, LIF: p.Neurons(), DelaySlots: p.DelaySlots}
	problem.fill(r, false, false)
	problem.drawWindows(r, 2*trials)
	step := problem.step
	problem.Params, problem.step = p, step
	problem.beta = make([]float64, p.Neurons())
	for j := p.LIF; j < p.Neurons(); j++ {
		problem.beta[j] = single(p.Beta)
	}
	return problem
}

// answerOf solves a problem in fresh memory.
func answerOf[F tensor.Float](p *problem) answer[F] {
	net, w, states := network[F](p, 1)
	var tr Trace[F]
	var grads Gradients[F]
	return solve(p, net, &tr, &grads, w, states)
}

// sameBits compares all of two answers, bit for bit.
func sameBits[F tensor.Float](t *testing.T, name string, a, b answer[F]) {
	t.Helper()
	if a.spikes != b.spikes {
		t.Errorf("%s: %d and %d spikes", name, a.spikes, b.spikes)
	}
	for what, x := range map[string][2][]F{"features": {a.features, b.features}, "rates": {a.rates, b.rates}, "∂E/∂Win": {a.in, b.in}, "∂E/∂Wrec": {a.rec, b.rec}} {
		bitsEqual(t, name+": "+what, x[0], x[1])
	}
}

func bitsEqual[F tensor.Float](t *testing.T, name string, a, b []F) {
	t.Helper()
	if len(a) != len(b) {
		t.Errorf("%s: %d and %d numbers", name, len(a), len(b))
		return
	}
	for i := range a {
		if math.Float64bits(float64(a[i])) != math.Float64bits(float64(b[i])) {
			t.Errorf("%s[%d]: %v and %v", name, i, a[i], b[i])
			return
		}
	}
}

// alive stops a test whose network is silent or has no gradient.
func alive[F tensor.Float](t *testing.T, a answer[F]) {
	t.Helper()
	moving := 0
	for _, g := range append(append([]F(nil), a.in...), a.rec...) {
		if g != 0 {
			moving++
		}
	}
	if a.spikes < 100 || moving < len(a.in)/2 {
		t.Fatalf("%d spikes and %d gradients that are not zero", a.spikes, moving)
	}
}

func small() Params {
	p := cell(4, 3)
	p.Inputs, p.Refractory, p.DelaySlots, p.Threshold = 5, 2, 3, 0.0625
	return p
}

// Oracle 6: β = 0 for every neuron makes τ_a irrelevant, and an ALIF neuron a
// LIF neuron, bit for bit.
func TestOracle06NoAdaptation(t *testing.T) {
	t.Run("float64", noAdaptation[float64])
	t.Run("float32", noAdaptation[float32])
}

func noAdaptation[F tensor.Float](t *testing.T) {
	p := small()
	p.Beta = 0
	first := answerOf[F](activity(p, 20, 150))
	alive(t, first)
	p.TauAdaptation = []float64{7}
	sameBits(t, "other τ_a", first, answerOf[F](activity(p, 20, 150)))
	p.LIF, p.ALIF = 7, 0
	sameBits(t, "all LIF", first, answerOf[F](activity(p, 20, 150)))
	p.LIF, p.ALIF = 0, 7
	sameBits(t, "all ALIF", first, answerOf[F](activity(p, 20, 150)))
}

// Oracle 7: v_th, β and all weights times c leave the spikes as they are and
// divide the gradients of the weights by c; exactly, for c a power of two.
func TestOracle07Scaling(t *testing.T) {
	t.Run("float64", scaling[float64])
	t.Run("float32", scaling[float32])
}

func scaling[F tensor.Float](t *testing.T) {
	p := small()
	first := answerOf[F](activity(p, 20, 150))
	alive(t, first)
	for _, c := range []float64{0.25, 8} {
		scaled := activity(p, 20, 150)
		scaled.Threshold *= c
		for _, x := range [][]float64{scaled.beta, scaled.in, scaled.rec} {
			for i := range x {
				x[i] *= c
			}
		}
		got := answerOf[F](scaled)
		for _, x := range [][]F{got.in, got.rec} {
			for i := range x {
				x[i] *= F(c)
			}
		}
		sameBits(t, "scaled", first, got)
	}
}

// Oracle 8: the unit-gain form v = α v + I - v_th' z with v_th' = v_th/(1-α)
// fires in the same steps, with v scaled by 1/(1-α) (LIF, no refractoriness).
func TestOracle08UnitGain(t *testing.T) {
	const steps = 300
	alpha := math.Exp(-1.0 / 20)
	r := rng.Stream(3, "test", 0, 0)
	input := tensor.Input{Trials: 1, Currents: tensor.NewCurrents(steps, 1)}
	for step := range steps {
		input.Currents.Line(step, 0)[0] = float32(0.02 + 0.05*r.NormFloat64())
	}
	rec := NewNetwork[float64](cell(1, 0), 1, 1).Record(Weights[float64]{In: []float64{1}, Rec: []float64{0}}, &input, nil, 0, 0)
	threshold := 0.01 / (1 - alpha)
	v, z, spikes := 0.0, false, 0
	for step := range steps {
		v = alpha*v + float64(input.Currents.Line(step, 0)[0])
		if z {
			v -= threshold
		}
		if z = v > threshold; z {
			spikes++
		}
		if z != rec.Spikes[step][0] {
			t.Fatalf("z[%d] = %v, in the unit-gain form %v", step, rec.Spikes[step][0], z)
		}
		if got := rec.V.Row(step)[0] / (1 - alpha); !(math.Abs(got-v) <= 1e-12) {
			t.Fatalf("v[%d]/(1-α) = %.15g, in the unit-gain form %.15g", step, got, v)
		}
	}
	if spikes < 20 {
		t.Errorf("only %d spikes", spikes)
	}
}

// Oracle 9: with all input delays d and no recurrence, the response is that
// without delay d steps later; and so is the gradient of what is read then.
func TestOracle09Delay(t *testing.T) {
	const steps = 150
	for _, d := range []int{1, 5, 63, 64, 70} {
		p := small()
		p.DelaySlots = 1
		prompt := activity(p, 20, steps)
		clear(prompt.rec)
		delayed := *prompt
		delayed.DelaySlots = d + 1
		delayed.delayIn = make([]uint8, len(prompt.delayIn))
		for i := range delayed.delayIn {
			delayed.delayIn[i] = uint8(d)
		}
		// Longer trials, with silence at the end; windows d later.
		delayed.steps += d
		delayed.inputs = nil
		for _, in := range prompt.inputs {
			s := tensor.NewSpikes(delayed.steps, p.Inputs)
			copy(s.Words, in.Spikes.Words)
			delayed.inputs = append(delayed.inputs, tensor.Input{Trials: in.Trials, Spikes: s})
		}
		delayed.windows = nil
		for _, w := range prompt.windows {
			delayed.windows = append(delayed.windows, Window{w.Trial, w.Start + d, w.End + d})
		}
		clear(prompt.gRates) // rates are per step of unlike trials

		a, b := answerOf[float64](prompt), answerOf[float64](&delayed)
		alive(t, a)
		if a.spikes > b.spikes {
			t.Errorf("d = %d: %d spikes, without delay %d", d, b.spikes, a.spikes)
		}
		bitsEqual(t, "features", a.features, b.features)
		within(t, "∂E/∂Win", b.in, a.in, 1e-12)

		net, w, _ := network[float64](prompt, 1)
		slow, slowW, _ := network[float64](&delayed, 1)
		one, other := net.Record(w, &prompt.inputs[0], nil, 3, 0), slow.Record(slowW, &delayed.inputs[0], nil, 3, 0)
		n := p.Neurons()
		bitsEqual(t, "v", one.V.Data, other.V.Data[d*n:])
		bitsEqual(t, "b", one.B.Data, other.B.Data[d*n:])
	}
}

// Oracle 10: the gradient of a mean over trials is the mean of the trials'
// gradients. (The rate penalty breaks this: it is of the batch's mean rate.)
func TestOracle10BatchInvariance(t *testing.T) {
	batch := activity(small(), 21, 150)
	gradient := func(p *problem, penalty float64) (in, rec []float64) {
		net, w, _ := network[float64](p, 1)
		layer, n := Layer[float64]{Network: net}, p.Neurons()
		vIn := autodiff.NewVar(&tensor.Dense[float64]{Shape: []int{p.Inputs, n}, Data: w.In})
		vRec := autodiff.NewVar(&tensor.Dense[float64]{Shape: []int{n, n}, Data: w.Rec})
		out := autodiff.NewVar(&tensor.Dense[float64]{Shape: []int{n, 2}, Data: GlorotUniform[float64](n, 2, 5)})
		classes := make([]int, len(p.windows))
		var tape autodiff.Tape[float64]
		features, rates := layer.Apply(&tape, vIn, vRec, p.inputs, p.windows, nil, 0)
		loss := autodiff.Add(&tape, autodiff.SoftmaxCrossEntropy(&tape, autodiff.Linear(&tape, features, out, nil), classes),
			autodiff.SquaredDistance(&tape, rates, 0.01, penalty))
		tape.Backward(loss)
		return vIn.Grad.Data, vRec.Grad.Data
	}
	batch.windows = nil
	for i := range batch.trials {
		batch.windows = append(batch.windows, Window{i, 100, 150})
	}
	for _, penalty := range []float64{0, 100} {
		in, rec := gradient(batch, penalty)
		meanIn, meanRec := make([]float64, len(in)), make([]float64, len(rec))
		for i := range batch.trials {
			one := *batch
			one.trials, one.windows = 1, []Window{{0, 100, 150}}
			s := tensor.NewSpikes(batch.steps, batch.Inputs)
			for k, word := range batch.inputs[i/tensor.Lanes].Spikes.Words {
				s.Words[k] = word >> (i % tensor.Lanes) & 1
			}
			one.inputs = []tensor.Input{{Trials: 1, Spikes: s}}
			a, b := gradient(&one, penalty)
			for k := range a {
				meanIn[k] += a[k] / float64(batch.trials)
			}
			for k := range b {
				meanRec[k] += b[k] / float64(batch.trials)
			}
		}
		if penalty == 0 {
			within(t, "∂E/∂Win", in, meanIn, 1e-12)
			within(t, "∂E/∂Wrec", rec, meanRec, 1e-12)
			continue
		}
		apart, largest := 0.0, 0.0
		for k := range in {
			apart, largest = max(apart, math.Abs(in[k]-meanIn[k])), max(largest, math.Abs(in[k]))
		}
		if apart < 1e-6*largest {
			t.Errorf("with a rate penalty the batch's gradient is still the mean: they differ by %g of %g", apart, largest)
		}
	}
}

// Oracle 12: without recurrence, reset and adaptation in the gradient, ∂E/∂Win
// is linear in γ.
func TestOracle12Dampening(t *testing.T) {
	p := small()
	p.Beta, p.DetachReset = 0, true
	gradient := func(gamma float64) []float64 {
		problem := activity(p, 20, 150)
		clear(problem.rec)
		problem.Dampening = gamma
		a := answerOf[float64](problem)
		alive(t, a)
		return a.in
	}
	unit := gradient(1)
	for _, gamma := range []float64{0.3, 0.5, 2} {
		got := gradient(gamma)
		for i := range got {
			got[i] /= gamma
		}
		within(t, "∂E/∂Win / γ", got, unit, 1e-12)
	}
}

// Oracle 16: the gradient of c Σ_j (r_j - f0)² is 2 c (r_j - f0)/(B T) at every
// spike z_j[t]. With κ = 0, z̄ is z: so one window for each step of each trial,
// with that gradient, gives the same.
func TestOracle16RatePenalty(t *testing.T) {
	const strength, target = 0.1, 0.01
	p := small()
	p.TauReadout = 1e-3 // κ = exp(-1000) = 0
	problem := activity(p, 18, 100)
	n := p.Neurons()

	problem.windows, problem.gFeatures = nil, nil
	problem.gRates = make([]float64, n)
	for j, r := range answerOf[float64](problem).rates {
		problem.gRates[j] = 2 * strength * (r - target)
	}
	rates := append([]float64(nil), problem.gRates...)

	penalty := func() (in, rec []float64) {
		net, w, _ := network[float64](problem, 1)
		layer := Layer[float64]{Network: net}
		vIn := autodiff.NewVar(&tensor.Dense[float64]{Shape: []int{p.Inputs, n}, Data: w.In})
		vRec := autodiff.NewVar(&tensor.Dense[float64]{Shape: []int{n, n}, Data: w.Rec})
		var tape autodiff.Tape[float64]
		_, r := layer.Apply(&tape, vIn, vRec, problem.inputs, nil, nil, 0)
		tape.Backward(autodiff.SquaredDistance(&tape, r, target, strength))
		return vIn.Grad.Data, vRec.Grad.Data
	}
	in, rec := penalty()

	clear(problem.gRates)
	for trial := range problem.trials {
		for step := range problem.steps {
			problem.windows = append(problem.windows, Window{trial, step, step + 1})
			for j := range n {
				problem.gFeatures = append(problem.gFeatures, rates[j]/float64(problem.trials*problem.steps))
			}
		}
	}
	want := answerOf[float64](problem)
	alive(t, want)
	within(t, "∂E/∂Win", in, want.in, 1e-12)
	within(t, "∂E/∂Wrec", rec, want.rec, 1e-12)
}
