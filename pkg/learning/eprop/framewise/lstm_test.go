package framewise

import (
	"math"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/speechframes"
	"github.com/snnctl/snnctl/pkg/learning/eprop"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

func lstmTrainer[F tensor.Float](hold, threads int, change func(*Options[F])) *Trainer[F] {
	o := trainer(hold, threads, change).Options // with the same optimiser, not used yet
	o.Readout = lsnn.ReadoutNormal
	return NewLSTM(5, speechframes.NewSource(corpus(), hold, 1, threads), o)
}

// Back-propagation gives the gradient of every weight of two LSTMs, by finite
// differences, in utterances of different lengths and more than one group of them.
func TestLSTMGradientByFiniteDifferences(t *testing.T) {
	tr := lstmTrainer(2, 2, func(o *Options[float64]) { o.Method = eprop.BPTT })
	batch(t, tr)
	tr.gradient()
	for _, a := range slices.Concat(tr.ears[0].arrays(), tr.ears[1].arrays(), []plasticity.Array[float64]{tr.out, tr.bias}) {
		got := slices.Clone(a.Grad)
		loss := func(i int, w float64) float64 {
			a.Value[i] = w
			tr.listen()
			tr.readout.judge(tr.bias.Value, 2, nil, nil)
			return tr.readout.total().loss
		}
		want := make([]float64, len(got))
		const h = 1e-5
		for i, w := range a.Value {
			want[i] = (loss(i, w+h) - loss(i, w-h)) / (2 * h)
			a.Value[i] = w
		}
		near(t, a.Name, got, want, 1e-7)
	}
}

// e-prop has the exact gradient of the readout and, without recurrent weights, of
// all weights; with them it is another, that points about the same way. Feedback by
// the readout's own weights is symmetric feedback.
func TestLSTMByEProp(t *testing.T) {
	solve := func(recurrent float64, change func(*Options[float64])) map[string][]float64 {
		tr := lstmTrainer(1, 2, change)
		for d := range 2 {
			for i := range tr.ears[d].arrays()[1].Value {
				tr.ears[d].arrays()[1].Value[i] *= recurrent
			}
		}
		if tr.feedback.B != nil {
			copy(tr.feedback.B, tr.out.Value)
		}
		g, err := tr.FirstGradients()
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	bptt := func(o *Options[float64]) { o.Method = eprop.BPTT }
	random := func(o *Options[float64]) { o.Feedback = eprop.Random }
	for _, recurrent := range []float64{0, 1} {
		whole, local, own := solve(recurrent, bptt), solve(recurrent, nil), solve(recurrent, random)
		for name, want := range whole {
			near(t, name, own[name], local[name], 1e-12)
			if exact := recurrent == 0 || name == "w_out" || name == "b_out"; exact {
				near(t, name, local[name], want, 1e-12)
				continue
			}
			var dot, a, b float64
			for i, x := range local[name] {
				dot += x * want[i]
				a += x * x
				b += want[i] * want[i]
			}
			if cosine := dot / math.Sqrt(a*b); cosine > 1-1e-6 || cosine < 0.5 {
				t.Errorf("%s: the cosine of e-prop and back-propagation is %g", name, cosine)
			}
		}
	}
}

// LSTMs learn with every kind of feedback, to the same bits for any number of threads.
func TestLSTMLearns(t *testing.T) {
	for _, kind := range []eprop.FeedbackKind{eprop.Symmetric, eprop.Random, eprop.Adaptive} {
		change := func(o *Options[float32]) { o.Feedback = kind }
		one, two := lstmTrainer(1, 1, change), lstmTrainer(1, 2, change)
		var first, last float64
		for step := range 60 {
			m, err := one.Step(step)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := two.Step(step); err != nil {
				t.Fatal(err)
			}
			if step == 0 {
				first = m["loss"]
			}
			last = m["loss"]
		}
		if !slices.Equal(one.ears[1].arrays()[1].Value, two.ears[1].arrays()[1].Value) {
			t.Errorf("feedback %d: the weights depend on the number of threads", kind)
		}
		if last > 0.6*first {
			t.Errorf("feedback %d: the loss went from %g to %g", kind, first, last)
		}
		if m, err := one.Evaluate("test", 0); err != nil || m["accuracy"] < 0.5 {
			t.Errorf("%v, %v", m, err)
		}
	}
}
