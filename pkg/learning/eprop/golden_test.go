package eprop

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/snnctl/snnctl/internal/golden"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
)

type (
	matrix = [][]float64
	series = [][][]float64 // [B][T][n]
	grads  = map[string]map[string]matrix
)

// goldenTrial is the layout of the golden vectors of kind "eprop".
type goldenTrial struct {
	Params struct {
		TauM   float64   `json:"tau_m"`
		TauA   float64   `json:"tau_a"`
		Thr    float64   `json:"thr"`
		Beta   []float64 `json:"beta"`
		Gamma  float64   `json:"gamma"`
		NRef   int       `json:"n_ref"`
		TauOut float64   `json:"tau_out"`
	} `json:"params"`
	X          series            `json:"x"`
	In         matrix            `json:"w_in"`
	Rec        matrix            `json:"w_rec"`
	Out        matrix            `json:"w_out"`
	BRandom    matrix            `json:"B_random"`
	YStar      series            `json:"y_star"`
	Label      []int             `json:"label"`
	LastSteps  int               `json:"last_steps"`
	Rate       float64           `json:"f0_per_step"`
	Strength   float64           `json:"c_reg"`
	A          series            `json:"a"`
	V          series            `json:"v"`
	Refractory series            `json:"refractory"`
	Z          series            `json:"z"`
	Psi        series            `json:"psi"`
	Y          series            `json:"y"`
	LossMSE    float64           `json:"loss_mse"`
	LossCE     float64           `json:"loss_ce"`
	LossReg    float64           `json:"loss_reg"`
	BPTT       grads             `json:"grad_bptt"`
	Symmetric  grads             `json:"grad_eprop_symmetric"`
	Total      series            `json:"dEdz_total_mse"`
	Times      []int             `json:"trace_times"`
	Batch      int               `json:"trace_batch"`
	EIn        series            `json:"e_in"`
	ERec       series            `json:"e_rec"`
	EpsAIn     series            `json:"eps_a_in"`
	EpsARec    series            `json:"eps_a_rec"`
	EbarRec    series            `json:"ebar_rec"`
	SignalMSE  matrix            `json:"L_symmetric_mse"`
	SignalCE   matrix            `json:"L_ce"`
	Random     map[string]matrix `json:"grad_eprop_random_mse"`
}

const goldenTolerance = 1e-10

func flat(m matrix) []float64 {
	var x []float64
	for _, row := range m {
		x = append(x, row...)
	}
	return x
}

func flatSeries(m series) []float64 {
	var x []float64
	for _, rows := range m {
		x = append(x, flat(rows)...)
	}
	return x
}

// problem is the golden network, whose LIF neurons come first.
func (g *goldenTrial) problem() *problem {
	p := &problem{Params: Params{
		Inputs: len(g.In), Outputs: len(g.Out[0]), TauMembrane: g.Params.TauM, TauAdaptation: []float64{g.Params.TauA},
		TauReadout: g.Params.TauOut, Threshold: g.Params.Thr, Refractory: g.Params.NRef, Dampening: g.Params.Gamma,
	}}
	for _, beta := range g.Params.Beta {
		if beta == 0 {
			p.LIF++
		} else {
			p.ALIF, p.Beta = p.ALIF+1, beta
		}
	}
	p.in, p.rec, p.out, p.feedback = flat(g.In), flat(g.Rec), flat(g.Out), flat(g.Out)
	p.bias = make([]float64, p.Outputs)
	p.trials, p.steps = len(g.X), len(g.X[0])
	in := tensor.Input{Trials: p.trials, Spikes: tensor.NewSpikes(p.steps, p.Inputs)}
	for l, x := range g.X {
		for t, row := range x {
			for i, v := range row {
				if v != 0 {
					in.Spikes.Set(t, i, l)
				}
			}
		}
	}
	p.inputs = []tensor.Input{in}
	p.wanted = &tensor.Dense[float64]{Shape: []int{p.trials, p.steps, p.Outputs}, Data: flatSeries(g.YStar)}
	return p
}

func (g *goldenTrial) classification() *Classification[float64] {
	var c Classification[float64]
	var decisions []datasets.Decision
	for trial, class := range g.Label {
		T := len(g.X[trial])
		decisions = append(decisions, datasets.Decision{Trial: trial, Start: T - g.LastSteps, End: T, Class: class})
	}
	c.Reset(decisions, 1, len(g.Out[0]))
	return &c
}

// nothing is the target of a network that only has a penalty.
type nothing struct{}

func (nothing) Error(_, _ []float64, _, _, _ int) float64 { return 0 }

func TestGoldenEprop(t *testing.T) {
	for _, file := range golden.Files(t, "eprop", "eprop") {
		t.Run(file.Path, func(t *testing.T) {
			var g goldenTrial
			if err := json.Unmarshal(file.Bytes, &g); err != nil {
				t.Fatal(err)
			}
			t.Run("forward and traces", g.checkOnline)
			t.Run("gradients", g.checkGradients)
			t.Run("factorisation", g.checkFactorisation)
			t.Run("reference", g.checkReference)
		})
	}
}

// checkOnline follows the online rule step by step.
func (g *goldenTrial) checkOnline(t *testing.T) {
	p := g.problem()
	n, net := p.Neurons(), network[float64](p, 1)
	mse, ce := target[float64](p), g.classification()
	o := NewOnline(net, weights[float64](p), p.trials, false)
	for step := range p.steps {
		y := o.Step(p.inputs[0].Spikes.Step(step))
		at := -1
		for i, when := range g.Times {
			if when == step {
				at = i
			}
		}
		for l := range p.trials {
			lane := func(x []float64) []float64 { return column(x, l) }
			near(t, "v", lane(o.v), g.V[l][step], goldenTolerance)
			near(t, "a", lane(o.b), g.A[l][step], goldenTolerance)
			near(t, "psi", lane(o.psi), g.Psi[l][step], goldenTolerance)
			near(t, "y", lane(y), g.Y[l][step], goldenTolerance)
			near(t, "z", bitsOf(o.Spikes(), l), g.Z[l][step], 0)
			near(t, "refractory", bitsOf(o.blocked, l), g.Refractory[l][step], 0)
		}
		if at >= 0 {
			g.compare(t, p, "e", g.EIn[at], g.ERec[at], func(i, j int) float64 { return o.Trace(i, j, g.Batch) })
			g.compare(t, p, "eps_a", g.EpsAIn[at], g.EpsARec[at], func(i, j int) float64 {
				if j < p.LIF {
					return math.NaN() // LIF neurons need none; the file has what it would be
				}
				return o.adaptationTrace(i, j, g.Batch)
			})
		}
		delta, scored := make([]float64, p.Outputs*lanes), make([]float64, p.Outputs*lanes)
		mse.Error(delta, y, 0, p.trials, step)
		ce.Error(scored, y, 0, p.trials, step)
		o.Learn(scored)
		near(t, "L_ce", column(o.signal, 0), g.SignalCE[step], goldenTolerance)
		if at >= 0 {
			g.compare(t, p, "ebar", nil, g.EbarRec[at], func(i, j int) float64 { return o.ebar[(j*o.pre+i)*lanes+g.Batch] })
		}
		for j := range n {
			var L float64
			for k := range p.Outputs {
				L += p.out[j*p.Outputs+k] * delta[k*lanes]
			}
			near(t, "L_symmetric_mse", []float64{L}, g.SignalMSE[step][j:j+1], goldenTolerance)
		}
	}
}

// compare compares the synapses that exist; NaN stands for one that is not stored.
func (g *goldenTrial) compare(t *testing.T, p *problem, name string, in, rec matrix, got func(pre, post int) float64) {
	t.Helper()
	for i, row := range append(append(make(matrix, p.Inputs-len(in)), in...), rec...) {
		for j, want := range row {
			if x := got(i, j); i-p.Inputs != j && x == x { //nolint:staticcheck // false for NaN only
				near(t, fmt.Sprintf("%s[%d][%d]", name, i, j), []float64{x}, []float64{want}, goldenTolerance)
			}
		}
	}
}

// column is lane l of a row.
func column(x []float64, l int) []float64 {
	var y []float64
	for ; len(x) > 0; x = x[lanes:] {
		y = append(y, x[l])
	}
	return y
}

// bitsOf is lane l of a row of words.
func bitsOf(words []uint16, l int) []float64 {
	var y []float64
	for _, w := range words {
		y = append(y, float64(w>>l&1))
	}
	return y
}

// checkGradients holds every method to every gradient of the file.
func (g *goldenTrial) checkGradients(t *testing.T) {
	p := g.problem()
	penalty := Penalty{g.Strength, g.Rate}
	for _, c := range []struct {
		name, loss string
		method     Method
		feedback   matrix
		want       map[string]matrix
	}{
		{"BPTT", "mse", BPTT, nil, g.BPTT["mse"]},
		{"BPTT", "ce", BPTT, nil, g.BPTT["ce"]},
		{"BPTT", "reg", BPTT, nil, g.BPTT["reg"]},
		{"symmetric", "mse", OnlineTraces, nil, g.Symmetric["mse"]},
		{"symmetric", "mse", FilteredSignal, nil, g.Symmetric["mse"]},
		{"symmetric", "mse", LocalAdjoint, nil, g.Symmetric["mse"]},
		{"symmetric", "ce", OnlineTraces, nil, g.Symmetric["ce"]},
		{"symmetric", "ce", FilteredSignal, nil, g.Symmetric["ce"]},
		{"symmetric", "ce", LocalAdjoint, nil, g.Symmetric["ce"]},
		{"symmetric", "reg", OnlineTraces, nil, g.Symmetric["reg"]},
		{"symmetric", "reg", FilteredSignal, nil, g.Symmetric["reg"]},
		{"symmetric", "reg", LocalAdjoint, nil, g.Symmetric["reg"]},
		{"random", "mse", OnlineTraces, g.BRandom, g.Random},
		{"random", "mse", FilteredSignal, g.BRandom, g.Random},
		{"random", "mse", LocalAdjoint, g.BRandom, g.Random},
	} {
		w := weights[float64](p)
		w.Feedback = flat(c.feedback)
		var to Target[float64] = nothing{}
		loss, punish := 0.0, Penalty{}
		switch c.loss {
		case "mse":
			to, loss = target[float64](p), g.LossMSE
		case "ce":
			to, loss = g.classification(), g.LossCE
		case "reg":
			punish = penalty
		}
		var got Gradients
		r := network[float64](p, 1).Gradient(&got, w, p.inputs, to, punish, c.method)
		near(t, c.loss, []float64{r.Loss}, []float64{loss}, goldenTolerance)
		if c.loss == "reg" {
			near(t, "penalty", []float64{r.Penalty}, []float64{g.LossReg}, goldenTolerance)
		}
		name := fmt.Sprintf("%s %s, method %d: ", c.name, c.loss, c.method)
		near(t, name+"dWin", got.In, flat(c.want["w_in"]), goldenTolerance)
		near(t, name+"dWrec", got.Rec, flat(c.want["w_rec"]), goldenTolerance)
		if out := c.want["w_out"]; out != nil {
			near(t, name+"dWout", got.Out, flat(out), goldenTolerance)
		}
	}
}

// checkFactorisation takes the file's total derivative dE/dz to its gradient by
// BPTT, with the eligibility traces of the online rule.
func (g *goldenTrial) checkFactorisation(t *testing.T) {
	p := g.problem()
	n := p.Neurons()
	o := NewOnline(network[float64](p, 1), weights[float64](p), p.trials, false)
	in, rec := make([]float64, p.Inputs*n), make([]float64, n*n)
	for step := range p.steps {
		o.Step(p.inputs[0].Spikes.Step(step))
		for l := range p.trials {
			for j, d := range g.Total[l][step] {
				for i := range p.Inputs {
					in[i*n+j] += d * o.Trace(i, j, l)
				}
				for i := range n {
					rec[i*n+j] += d * o.Trace(p.Inputs+i, j, l)
				}
			}
		}
		o.Learn(nil)
	}
	near(t, "dWin", in, flat(g.BPTT["mse"]["w_in"]), goldenTolerance)
	near(t, "dWrec", rec, flat(g.BPTT["mse"]["w_rec"]), goldenTolerance)
}

// checkReference holds the reference of these tests to the file, too.
func (g *goldenTrial) checkReference(t *testing.T) {
	p := g.problem()
	r := newReference(p)
	for l := range p.trials {
		h := r.run(p.x(l))
		near(t, "v", flat(h.v), flat(g.V[l]), goldenTolerance)
		near(t, "z", flat(h.z), flat(g.Z[l]), 0)
		near(t, "y", flat(h.y), flat(g.Y[l]), goldenTolerance)
		delta := zeros(p.steps, p.Outputs)
		for step := range delta {
			for k := range delta[step] {
				delta[step][k] = h.y[step][k] - g.YStar[l][step][k]
			}
		}
		near(t, "dE/dz", flat(r.total(h, delta, make([]float64, p.Neurons()))), flat(g.Total[l]), goldenTolerance)
	}
	same := expect(p, false)
	near(t, "dWin", same.In, flat(g.Symmetric["mse"]["w_in"]), goldenTolerance)
	near(t, "dWrec", same.Rec, flat(g.Symmetric["mse"]["w_rec"]), goldenTolerance)
}
