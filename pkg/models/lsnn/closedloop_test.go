package lsnn

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/internal/underrace"
)

const testOutputs = 3

// acting is a problem whose network is read out in every step, by weights of its own
// and with errors ∂E/∂y drawn at random.
type acting struct {
	*problem
	out, bias []float64
	errors    [][]float64 // by group
}

func act(p *problem) *acting {
	r := rng.Stream(p.seed, "readout", 0, 0)
	a := &acting{problem: p}
	p.states, p.windows, p.gFeatures = nil, nil, nil
	for range p.Neurons() * testOutputs {
		a.out = append(a.out, single(r.NormFloat64()))
	}
	for range testOutputs {
		a.bias = append(a.bias, single(r.NormFloat64()))
	}
	for _, in := range p.inputs {
		errors := make([]float64, p.steps*testOutputs*tensor.Lanes)
		for i := range errors {
			if i%tensor.Lanes < in.Trials {
				errors[i] = single(r.NormFloat64())
			}
		}
		a.errors = append(a.errors, errors)
	}
	return a
}

// reaction makes the input of the step after t a function of y: a line of each trial
// fires, or carries current, where an output is high.
func reaction[F tensor.Float](p *problem, steps int) Respond[F] {
	return func(group, t int, y []F) {
		if t+1 == steps {
			return
		}
		in := &p.inputs[group]
		for i := range p.Inputs {
			for l := range in.Trials {
				high := y[(i%testOutputs)*tensor.Lanes+l] > F(0.02*float64(i+l%3))
				switch {
				case in.Currents != nil:
					in.Currents.Line(t+1, i)[l] = float32(y[(i%testOutputs)*tensor.Lanes+l])
				case high:
					in.Spikes.Set(t+1, i, l)
				default:
					in.Spikes.Step(t + 1)[i] &^= 1 << l
				}
			}
		}
	}
}

// A network that acts in a world does, bit for bit, what it does when it is shown the
// record of what it met there; whatever the number of threads.
func TestClosedLoopIsItsRecord(t *testing.T) {
	t.Run("float32", closedLoopIsItsRecord[float32])
	t.Run("float64", closedLoopIsItsRecord[float64])
}

func closedLoopIsItsRecord[F tensor.Float](t *testing.T) {
	var spikes int64
	for seed := range uint64(8) {
		var first [][]F
		for _, threads := range []int{1, 2, 3} {
			p := act(mixture(seed, 40, 150))
			net, w, _ := network[F](p.problem, threads)
			readout := Readout[F]{convert[F](p.out), convert[F](p.bias)}
			var acted, shown, replayed Trace[F]
			net.Run(&acted, w, readout, p.inputs, p.step, reaction[F](p.problem, p.steps))
			live := make([][]F, len(acted.Outputs))
			for i, y := range acted.Outputs {
				live[i] = slices.Clone(y)
			}

			windows := []Window{{0, 0, p.steps}, {39, 3, 90}}
			net.Forward(&shown, w, p.inputs, windows, nil, p.step)
			net.Run(&replayed, w, readout, p.inputs, p.step, nil)
			for i := range live {
				bitsEqual(t, "outputs", replayed.Outputs[i], live[i])
				if !slices.Equal(acted.groups[i].spikes.Words, shown.groups[i].spikes.Words) {
					t.Fatalf("seed %d: spikes of group %d differ", seed, i)
				}
				if threads > 1 {
					bitsEqual(t, "outputs with more threads", live[i], first[i])
				}
			}
			bitsEqual(t, "rates", acted.Rates, shown.Rates)
			if threads == 1 {
				first = live
			}
			spikes += acted.Spikes
		}
	}
	if spikes < 10000 {
		t.Errorf("only %d spikes", spikes)
	}
}

// Outputs and gradients are those of the reference, which low-passes every neuron.
func TestReadoutEqualsReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := act(drawProblem(t))
		kept := rapid.Bool().Draw(t, "kept potentials")
		net, w, _ := network[float64](p.problem, 2)
		net.KeepPotentials = kept
		var tr Trace[float64]
		var grads OutputGradients[float64]
		var got, again [][]float64
		for _, to := range []*[][]float64{&got, &again} { // the second time in memory that was used
			net.Run(&tr, w, Readout[float64]{p.out, p.bias}, p.inputs, p.step, nil)
			net.BackwardOutputs(&grads, &tr, p.errors, p.gRates)
			for _, g := range [][]float64{grads.In, grads.Rec, grads.Out, grads.Bias} {
				*to = append(*to, slices.Clone(g))
			}
		}
		for i := range got {
			within(t, "gradients in used memory", again[i], got[i], 0)
		}

		n := p.Neurons()
		in, rec := make([]float64, p.Inputs*n), make([]float64, n*n)
		out, bias := make([]float64, n*testOutputs), make([]float64, testOutputs)
		every := make([]float64, n)
		for j := range every {
			every[j] = p.gRates[j] / float64(p.trials*p.steps)
		}
		ref := p.reference()
		for i := range p.trials {
			h := ref.run(p.trial(i))
			gzbar, y, want := zeros(p.steps, n), []float64{}, []float64{}
			for step := range p.steps {
				for k := range testOutputs {
					at := (step*testOutputs+k)*tensor.Lanes + i%tensor.Lanes
					e, sum := p.errors[i/tensor.Lanes][at], p.bias[k]
					for j, zbar := range h.zbar[step] {
						sum += p.out[j*testOutputs+k] * zbar
						gzbar[step][j] += p.out[j*testOutputs+k] * e
						out[j*testOutputs+k] += zbar * e
					}
					bias[k] += e
					want, y = append(want, sum), append(y, tr.Outputs[i/tensor.Lanes][at])
				}
			}
			within(t, "y", y, want, 1e-12)
			gIn, gRec := ref.backward(h, gzbar, every)
			for k, x := range flatten(gIn) {
				in[k] += x
			}
			for k, x := range flatten(gRec) {
				rec[k] += x
			}
		}
		within(t, "∂E/∂Win", got[0], in, 1e-9)
		within(t, "∂E/∂Wrec", got[1], rec, 1e-9)
		within(t, "∂E/∂Wout", got[2], out, 1e-9)
		within(t, "∂E/∂b", got[3], bias, 1e-9)
	})
}

// Wout and b have true derivatives, as no spike depends on them (oracle 11).
func TestReadoutFiniteDifferences(t *testing.T) {
	p := act(mixture(4, 20, 90))
	net, w, _ := network[float64](p.problem, 1)
	value := func() (e float64) { // E = Σ errors·y²/2
		var tr Trace[float64]
		net.Run(&tr, w, Readout[float64]{p.out, p.bias}, p.inputs, 0, nil)
		for g, y := range tr.Outputs {
			for i, x := range y {
				e += p.errors[g][i] * x * x / 2
			}
		}
		return e
	}
	var tr Trace[float64]
	var grads OutputGradients[float64]
	net.Run(&tr, w, Readout[float64]{p.out, p.bias}, p.inputs, 0, nil)
	errors := make([][]float64, len(p.errors))
	for g, y := range tr.Outputs {
		for i, x := range y {
			errors[g] = append(errors[g], p.errors[g][i]*x)
		}
	}
	net.BackwardOutputs(&grads, &tr, errors, nil)
	const h = 1e-5
	for name, c := range map[string]struct{ x, gradient []float64 }{"Wout": {p.out, grads.Out}, "b": {p.bias, grads.Bias}} {
		for i, x := range c.x {
			c.x[i] = x + h
			up := value()
			c.x[i] = x - h
			down := value()
			c.x[i] = x
			if want := (up - down) / (2 * h); math.Abs(c.gradient[i]-want) > 1e-6*max(1, math.Abs(want)) {
				t.Errorf("∂E/∂%s[%d] = %v, finite difference %v", name, i, c.gradient[i], want)
			}
		}
	}
}

// Once its memory is there, acting and learning from it allocate nothing.
func TestActingAllocatesNothing(t *testing.T) {
	underrace.SkipAllocations(t)
	p := act(activity(small(), 40, 300))
	net, w, _ := network[float32](p.problem, 2)
	readout, errors := Readout[float32]{convert[float32](p.out), convert[float32](p.bias)}, make([][]float32, len(p.errors))
	for i, e := range p.errors {
		errors[i] = convert[float32](e)
	}
	var tr Trace[float32]
	var grads OutputGradients[float32]
	respond := reaction[float32](p.problem, p.steps)
	pass := func() {
		net.Run(&tr, w, readout, p.inputs, 0, respond)
		net.BackwardOutputs(&grads, &tr, errors, nil)
	}
	for range 20 {
		pass()
	}
	if got := testing.AllocsPerRun(20, pass); got > 0 {
		t.Errorf("%g allocations a pass", got)
	}
}
