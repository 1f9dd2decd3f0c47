package eprop

import (
	"math"
	"testing"

	"github.com/snnctl/snnctl/pkg/datasets"
)

// decisions asks for one or two decisions in each trial but every third.
func decisions(trials, steps, classes int) []datasets.Decision {
	var d []datasets.Decision
	for trial := range trials {
		if trial%3 == 2 {
			continue
		}
		d = append(d, datasets.Decision{Trial: trial, Start: steps / 2, End: steps * 3 / 4, Class: trial % classes})
		if trial%2 == 0 {
			d = append(d, datasets.Decision{Trial: trial, Start: steps * 3 / 4, End: steps, Class: (trial + 1) % classes})
		}
	}
	return d
}

// watch runs p's first group online and shows each step before it is learnt.
func watch(p *problem, see func(step int, o *Online[float64])) {
	o := NewOnline(network[float64](p, 1), weights[float64](p), p.inputs[0].Trials, false)
	for step := range p.steps {
		if in := &p.inputs[0]; in.Spikes != nil {
			o.Step(in.Spikes.Step(step))
		} else {
			o.StepValues(in.Currents.Step(step))
		}
		see(step, o)
		o.Learn(nil)
	}
}

// Oracle 6: with β = 0 adaptation does not matter.
func TestWithoutBetaALIFIsLIF(t *testing.T) {
	for seed := range uint64(9) {
		p := draw(seed, func(p *problem) { p.ALIF, p.Beta, p.TauAdaptation = 5, 0, p.TauAdaptation[:1] })
		for name, method := range methods {
			adaptive, _ := solve[float64](p, 1, method)
			q := *p
			q.LIF, q.ALIF = p.Neurons(), 0
			plain, _ := solve[float64](&q, 1, method)
			same(t, name, adaptive, plain, 0)
		}
	}
}

// Oracle 6: with ρ = 0, εa[t] = ψ[t-1] (εv[t-1] - β εa[t-1]).
func TestWithoutMemoryAdaptationIsTheStepBefore(t *testing.T) {
	p := draw(3, func(p *problem) {
		p.LIF, p.ALIF, p.Form, p.TauAdaptation, p.steps = 0, 4, UnitGain, []float64{1e-9}, 64
	})
	before := make([]float64, p.Inputs*p.ALIF)
	seen := 0
	watch(p, func(step int, o *Online[float64]) {
		for j := range p.ALIF {
			for i := range p.Inputs {
				at := i*p.ALIF + j
				if got := o.adaptationTrace(i, j, 0); got != before[at] {
					t.Fatalf("step %d: εa = %g, want %g", step, got, before[at])
				}
				psi := o.psi[j*lanes]
				before[at] = psi*o.presynaptic(j*o.pre+i, i)[0] - p.Beta*psi*o.adaptationTrace(i, j, 0)
				if before[at] != 0 {
					seen++
				}
			}
		}
	})
	if seen == 0 {
		t.Error("εa was never other than 0")
	}
}

// Oracle 7: far from threshold there is no trace, but its vector stays; εa decays
// with exactly ρ, which is the memory over a delay.
func TestVectorsOutliveSilence(t *testing.T) {
	p := draw(0, func(p *problem) {
		p.Inputs, p.LIF, p.ALIF, p.Form, p.TauMembrane, p.TauAdaptation, p.steps = 2, 0, 3, UnitGain, 10, []float64{500}, 150
		p.Refractory, p.Beta = 3, 0.1
	})
	clear(p.rec)
	for i := range p.in {
		p.in[i] = 0.2
	}
	words := p.inputs[0].Spikes
	if words == nil {
		t.Fatal("the draw has analogue input")
	}
	clear(words.Words)
	for step := range 20 {
		words.Set(step, step%2, 0)
	}
	rho := math.Exp(-1.0 / 500)
	var last float64
	silent := 0
	watch(p, func(step int, o *Online[float64]) {
		now := o.adaptationTrace(0, 1, 0)
		if step > 80 {
			silent++
			if o.psi[lanes] != 0 || o.Trace(0, 1, 0) != 0 {
				t.Fatalf("step %d: the neuron is not far from threshold", step)
			}
			if now != rho*last || now == 0 || o.presynaptic(0, 0)[0] == 0 {
				t.Fatalf("step %d: εa = %g, want %g", step, now, rho*last)
			}
		}
		last = now
	})
	if silent == 0 {
		t.Error("no silent step was seen")
	}
}

// Oracle 8: in LIF neurons the traces of a step are of rank one.
func TestLIFTracesHaveRankOne(t *testing.T) {
	p := draw(5, func(p *problem) { p.Inputs, p.LIF, p.ALIF, p.steps, p.DelaySlots = 4, 5, 0, 64, 0 })
	seen := 0
	watch(p, func(step int, o *Online[float64]) {
		for i := range p.Inputs - 1 {
			for j := range p.LIF - 1 {
				x, y := o.Trace(i, j, 0)*o.Trace(i+1, j+1, 0), o.Trace(i, j+1, 0)*o.Trace(i+1, j, 0)
				if math.Abs(x-y) > 1e-14*math.Abs(x) {
					t.Fatalf("step %d: e_ij e_kl = %g, e_il e_kj = %g", step, x, y)
				}
				if x != 0 {
					seen++
				}
			}
		}
	})
	if seen == 0 {
		t.Error("no trace was other than 0")
	}
}

// Oracle 9: B enters linearly, leaves the readout alone, and B = Wout is symmetric.
func TestFeedbackScalesWhatTheNetworkLearns(t *testing.T) {
	for seed := range uint64(9) {
		p := draw(seed, func(p *problem) { p.penalty = Penalty{} })
		for name, method := range methods {
			once, _ := solve[float64](p, 1, method)
			q := *p
			q.feedback = append([]float64(nil), p.feedback...)
			for i := range q.feedback {
				q.feedback[i] *= 4
			}
			four, _ := solve[float64](&q, 1, method)
			for _, m := range [][]float64{once.In, once.Rec} {
				for i := range m {
					m[i] *= 4
				}
			}
			same(t, name, four, once, 0)

			q.feedback = p.out
			equal, _ := solve[float64](&q, 1, method)
			q.feedback = nil
			symmetric, _ := solve[float64](&q, 1, method)
			same(t, name, equal, symmetric, 0)
		}
	}
}

// Oracle 10: by plain gradient descent and decay, Wout - B shrinks by 1 - decay an
// update.
func TestAdaptiveFeedbackFindsTheReadout(t *testing.T) {
	const decay, rate, updates = 0.1, 1e-4, 30
	p := draw(7, func(p *problem) { p.steps = 64 })
	w := weights[float64](p)
	feedback := NewFeedback[float64](Adaptive, p.Neurons(), p.Outputs, 1, decay, 3)
	w.Feedback = feedback.B
	distance := func() float64 {
		var sum float64
		for i := range w.Out {
			sum += math.Pow(w.Out[i]-w.Feedback[i], 2)
		}
		return math.Sqrt(sum)
	}
	start, net, before := distance(), network[float64](p, 1), append([]float64(nil), w.Out...)
	var g Gradients
	for range updates {
		net.Gradient(&g, w, p.inputs, target[float64](p), Penalty{}, LocalAdjoint)
		for i, d := range g.Out {
			w.Out[i] -= rate * d
			w.Feedback[i] -= rate * d
		}
		feedback.AfterUpdate(w.Out)
	}
	near(t, "distance", []float64{distance()}, []float64{start * math.Pow(1-decay, updates)}, 1e-12)
	moved := false
	for i := range before {
		moved = moved || math.Abs(w.Out[i]-before[i]*math.Pow(1-decay, updates)) > 1e-6
	}
	if !moved || start == 0 {
		t.Error("nothing was learnt")
	}
}

// Oracle 11: intervals between spikes are n_ref or longer, some just that, and
// blocked neurons have ψ = 0.
func TestRefractoryIntervals(t *testing.T) {
	for _, refractory := range []int{0, 1, 2, 5} {
		p := draw(6, func(p *problem) { p.steps, p.Refractory, p.Form = 150, refractory, UnitGain })
		for i, w := range p.in {
			p.in[i] = 0.5 + 3*math.Abs(w)
		}
		clear(p.rec)
		last := make([]int, p.Neurons())
		shortest := p.steps
		for j := range last {
			last[j] = -p.steps
		}
		watch(p, func(step int, o *Online[float64]) {
			for j, word := range o.Spikes() {
				if since := step - last[j]; since < refractory && o.psi[j*lanes] != 0 {
					t.Fatalf("ψ = %g %d steps after a spike", o.psi[j*lanes], since)
				}
				if word&1 != 0 {
					shortest = min(shortest, step-last[j])
					last[j] = step
				}
			}
		})
		if shortest != max(refractory, 1) {
			t.Errorf("n_ref %d: the shortest interval is %d", refractory, shortest)
		}
	}
}

// Oracle 12: e-prop points where back-propagation points, but not quite.
func TestEpropIsAlignedWithBackPropagation(t *testing.T) {
	var mean float64
	count := 0
	for seed := range uint64(40) {
		p := draw(seed, func(p *problem) { p.steps, p.trials, p.LIF, p.ALIF, p.Form = 100, 16, 8, 6, UnitGain })
		p.feedback = p.out
		a, r := solve[float64](p, 1, LocalAdjoint)
		b, _ := solve[float64](p, 1, BPTT)
		if r.Spikes == 0 {
			continue
		}
		dot := func(x, y *Gradients) (sum float64) {
			for i := range x.In {
				sum += x.In[i] * y.In[i]
			}
			for i := range x.Rec {
				sum += x.Rec[i] * y.Rec[i]
			}
			return sum
		}
		cos := dot(a, b) / math.Sqrt(dot(a, a)*dot(b, b))
		if cos > 1-1e-6 {
			t.Errorf("seed %d: the gradients are the same (cosine %g)", seed, cos)
		}
		mean += cos
		count++
	}
	mean /= float64(count)
	if mean < 0.2 || count < 20 {
		t.Errorf("the mean cosine of %d networks is %g", count, mean)
	}
	t.Logf("mean cosine of %d networks: %.3f", count, mean)
}

// The older form has the parameters of the newer one by conversion, and then
// the same spikes.
func TestFormsConvert(t *testing.T) {
	for seed := range uint64(10) {
		p := draw(seed, func(p *problem) { p.Form, p.Beta, p.steps, p.TauAdaptation = Light, 0.5, 150, p.TauAdaptation[:1] })
		_, light := solve[float64](p, 1, LocalAdjoint)
		q := *p
		q.Form = UnitGain
		q.Threshold, q.Beta = UnitGainOf(p.Threshold, p.Beta, p.TauMembrane, p.TauAdaptation[0])
		_, unit := solve[float64](&q, 1, LocalAdjoint)
		near(t, "rates", unit.Rates, light.Rates, 0)
	}
	threshold, beta := UnitGainOf(0.01, 1.8, 20, 200)
	near(t, "TIMIT's constants", []float64{threshold, beta}, []float64{0.2050, 0.1841}, 5e-5)
	_, beta = UnitGainOf(1, 1.7, 20, 2000)
	near(t, "β of evidence accumulation", []float64{beta}, []float64{0.01742}, 5e-6)
}

// Oracle 16: a readout without weights is at chance, and right where it is told.
func TestClassificationAtChance(t *testing.T) {
	p := draw(8, func(p *problem) { p.Outputs, p.trials, p.steps = 2, 18, 64 })
	clear(p.out)
	p.bias = nil
	var c Classification[float64]
	d := decisions(18, 64, 2)
	c.Reset(d, 2, 2)
	net := network[float64](p, 2)
	r := net.Evaluate(weights[float64](p), p.inputs, &c, Penalty{})
	near(t, "loss", []float64{r.Loss}, []float64{math.Ln2}, 1e-12)
	p.bias = []float64{0, 1}
	c.Reset(d, 2, 2)
	net.Evaluate(weights[float64](p), p.inputs, &c, Penalty{})
	ones := 0
	for _, d := range d {
		ones += d.Class
	}
	if c.Correct() != ones {
		t.Errorf("%d of %d decisions are correct, want the %d of class 1", c.Correct(), len(d), ones)
	}
}

// Feedback that is not adaptive stays as it is; random feedback has the scale it
// was asked for; symmetric feedback has no matrix.
func TestFeedbackKinds(t *testing.T) {
	random := NewFeedback[float64](Random, 100, 20, 0.1, 0.5, 3)
	var sum, squares float64
	for _, b := range random.B {
		sum, squares = sum+b, squares+b*b
	}
	if mean, deviation := sum/2000, math.Sqrt(squares/2000); math.Abs(mean) > 0.01 || math.Abs(deviation-0.1) > 0.01 {
		t.Errorf("B has mean %g and standard deviation %g, want 0 and 0.1", mean, deviation)
	}
	out, before := []float64{1, 2}, append([]float64(nil), random.B...)
	random.AfterUpdate(out)
	near(t, "B", random.B, before, 0)
	near(t, "Wout", out, []float64{1, 2}, 0)
	symmetric := NewFeedback[float64](Symmetric, 100, 20, 1, 0.5, 3)
	if symmetric.AfterUpdate(out); symmetric.B != nil || out[0] != 1 {
		t.Error("symmetric feedback has a matrix, or decays")
	}
}

// A stream of steps teaches what a batch of the same trials does.
func TestStreamEqualsBatch(t *testing.T) {
	for seed := range uint64(8) {
		p := draw(seed, func(p *problem) {
			p.trials = min(p.trials, lanes)
			p.penalty.Strength *= float64(seed % 2)
		})
		want, _ := solve[float64](p, 1, OnlineTraces)
		o := NewOnline(network[float64](p, 1), weights[float64](p), p.trials, seed%2 == 1)
		to := target[float64](p)
		for step := range p.steps {
			y := o.step(frameOf(&p.inputs[0], step))
			delta := make([]float64, len(y))
			to.Error(delta, y, 0, p.trials, step)
			o.Learn(delta)
		}
		var got Gradients
		o.Gradients(&got, p.penalty)
		same(t, "stream", &got, want, 0)
	}
}
