package framewise

import (
	"math"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/datasets/speechframes"
	"github.com/snnctl/snnctl/pkg/learning/eprop"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/lsnn"
)

func corpus() *speechframes.Corpus {
	return speechframes.Draw(speechframes.Synthetic{Phones: 4, Features: 3, Frames: 13, LeastHold: 1, MostHold: 3, Spread: 1.5, Train: 24, Seed: 5})
}

func trainer[F tensor.Float](hold, threads int, change func(*Options[F])) *Trainer[F] {
	o := Options[F]{TauReadout: 3, Options: eprop.Options[F]{
		BatchSize: 18, Method: eprop.LocalAdjoint, Readout: lsnn.ReadoutNormal, Seed: 2, FeedbackScale: 1, FeedbackDecay: 0.01,
		Options: plasticity.Options[F]{Optimizer: &optim.Adam[F]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-5}, Schedule: optim.Constant(0.01)},
	}}
	if change != nil {
		change(&o)
	}
	source := speechframes.NewSource(corpus(), hold, 1, threads)
	p := Params(eprop.Params{LIF: 6, ALIF: 4, Form: eprop.UnitGain, TauMembrane: 10, TauAdaptation: []float64{50},
		Threshold: 0.6, Beta: 0.1, Refractory: 2, Dampening: 0.3}, source)
	return NewSpiking(p, source, o)
}

// neurons is one of the networks.
func neurons[F tensor.Float](t *Trainer[F], d int) *spiking[F] { return t.ears[d].(*spiking[F]) }

func near(t *testing.T, name string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) || len(want) == 0 {
		t.Fatalf("%s has %d numbers, want %d", name, len(got), len(want))
	}
	size := 0.0
	for _, w := range want {
		size = max(size, math.Abs(w))
	}
	if size == 0 {
		t.Fatalf("%s is zero", name)
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance*size) {
			t.Fatalf("%s[%d] = %.15g, want %.15g", name, i, got[i], want[i])
		}
	}
}

func batch[F tensor.Float](t *testing.T, tr *Trainer[F]) {
	t.Helper()
	if err := tr.Source.Train(&tr.batch, 0, tr.BatchSize); err != nil {
		t.Fatal(err)
	}
}

// The gradients of readout and bias are exact: finite differences of the loss.
func TestReadoutGradientByFiniteDifferences(t *testing.T) {
	tr := trainer[float64](5, 2, nil)
	batch(t, tr)
	tr.gradient()
	for _, a := range []plasticity.Array[float64]{tr.out, tr.bias} {
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

// With frames of one step and a mirror that is not read, the network is one of
// package eprop, whose readout has the same filter and is asked in every step.
func TestOneDirectionIsTheOnlineNetwork(t *testing.T) {
	for _, method := range []eprop.Method{eprop.FilteredSignal, eprop.LocalAdjoint, eprop.BPTT} {
		for _, feedback := range []eprop.FeedbackKind{eprop.Symmetric, eprop.Random} {
			tr := trainer(1, 2, func(o *Options[float64]) {
				o.Method, o.Feedback, o.BatchSize = method, feedback, 3
				o.Penalty = eprop.Penalty{Strength: 2, Target: 0.05}
			})
			// Utterances of one length, so that the mean over frames and over utterances is one mean.
			long := slices.DeleteFunc(slices.Clone(tr.Source.Corpus.Train), func(u speechframes.Utterance) bool { return len(u.Phones) < 10 })[:3]
			for i := range long {
				long[i].Phones, long[i].Features = long[i].Phones[:10], long[i].Features[:30]
			}
			tr.Source = speechframes.NewSource(&speechframes.Corpus{Features: 3, Phones: tr.Source.Phones, Train: long}, 1, 1, 2)
			clear(half(tr.out.Value, 1))
			batch(t, tr)
			task, _ := tr.gradient()

			p := neurons(tr, 0).net.Params
			p.TauReadout = 3
			var decisions []datasets.Decision
			for i, u := range tr.batch.Utterances {
				for f, phone := range u.Phones {
					decisions = append(decisions, datasets.Decision{Trial: i, Start: f, End: f + 1, Class: int(phone)})
				}
			}
			var target eprop.Classification[float64]
			target.Reset(decisions, 1, p.Outputs)
			w := eprop.Weights[float64]{In: neurons(tr, 0).in.Value, Rec: neurons(tr, 0).rec.Value, Out: half(tr.out.Value, 0), Bias: tr.bias.Value}
			if feedback == eprop.Random {
				w.Feedback = half(tr.feedback.B, 0)
			}
			var g eprop.Gradients
			r := eprop.NewNetwork[float64](p, 1).Gradient(&g, w, tr.batch.Forward, &target, tr.Penalty, method)
			near(t, "loss", []float64{task.loss}, []float64{r.Loss}, 1e-12)
			near(t, "dWin", neurons(tr, 0).in.Grad, g.In, 1e-12)
			near(t, "dWrec", neurons(tr, 0).rec.Grad, g.Rec, 1e-12)
			near(t, "dWout", half(tr.out.Grad, 0), g.Out, 1e-12)
			near(t, "dbias", tr.bias.Grad, g.Bias, 1e-12)
		}
	}
}

// Speech played backwards to networks that change places is the same, but for the
// filter, which runs with the frames.
func TestMirror(t *testing.T) {
	a := trainer[float64](5, 1, func(o *Options[float64]) { o.TauReadout = 1e-9 })
	b := trainer[float64](5, 1, func(o *Options[float64]) { o.TauReadout = 1e-9 })
	for d := range 2 {
		copy(neurons(b, d).in.Value, neurons(a, 1-d).in.Value)
		copy(neurons(b, d).rec.Value, neurons(a, 1-d).rec.Value)
		copy(half(b.out.Value, d), half(a.out.Value, 1-d))
	}
	for i := range b.Source.Corpus.Train {
		u := &b.Source.Corpus.Train[i]
		slices.Reverse(u.Phones)
		slices.Reverse(u.Features)
		for f := range u.Phones {
			slices.Reverse(u.Features[f*3 : (f+1)*3])
		}
	}
	batch(t, a)
	batch(t, b)
	lossA, _ := a.gradient()
	lossB, _ := b.gradient()
	near(t, "loss", []float64{lossB.loss}, []float64{lossA.loss}, 1e-12)
	for d := range 2 {
		near(t, "dWin", neurons(b, d).in.Grad, neurons(a, 1-d).in.Grad, 1e-11)
		near(t, "dWrec", neurons(b, d).rec.Grad, neurons(a, 1-d).rec.Grad, 1e-11)
	}
}

// The gradient of a batch is the mean of those of its utterances, whatever their
// lengths: padding teaches nothing.
func TestBatchIsTheMeanOfItsUtterances(t *testing.T) {
	tr := trainer[float64](2, 2, nil)
	batch(t, tr)
	tr.gradient()
	got := [][]float64{slices.Clone(neurons(tr, 0).in.Grad), slices.Clone(neurons(tr, 1).rec.Grad), slices.Clone(tr.out.Grad)}
	sums := [][]float64{make([]float64, len(got[0])), make([]float64, len(got[1])), make([]float64, len(got[2]))}
	utterances := slices.Clone(tr.batch.Utterances)
	for _, u := range utterances {
		tr.Source = speechframes.NewSource(&speechframes.Corpus{Features: 3, Phones: tr.Source.Phones, Train: []speechframes.Utterance{*u}}, 2, 1, 1)
		tr.BatchSize = 1
		batch(t, tr)
		tr.gradient()
		for i, g := range [][]float64{neurons(tr, 0).in.Grad, neurons(tr, 1).rec.Grad, tr.out.Grad} {
			for j, x := range g {
				sums[i][j] += x / float64(len(utterances))
			}
		}
	}
	for i := range got {
		near(t, "gradient", got[i], sums[i], 1e-11)
	}
}

// Every kind of feedback learns, to the same bits for any number of threads; after
// some steps an adaptive B is nearer to Wout.
func TestTrainingLearns(t *testing.T) {
	for _, kind := range []eprop.FeedbackKind{eprop.Symmetric, eprop.Random, eprop.Adaptive} {
		change := func(o *Options[float32]) {
			o.Feedback, o.Penalty = kind, eprop.Penalty{Strength: 1, Target: 0.02}
			if kind == eprop.Adaptive {
				o.FeedbackScale = 0.2
			}
		}
		one, two := trainer(3, 1, change), trainer(3, 2, change)
		distance := func() (sum float64) {
			for i, b := range one.feedback.B {
				sum += math.Pow(float64(b-one.out.Value[i]), 2)
			}
			return sum
		}
		start := distance()
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
		if !slices.Equal(neurons(one, 1).rec.Value, neurons(two, 1).rec.Value) || !slices.Equal(one.out.Value, two.out.Value) {
			t.Errorf("feedback %d: the weights depend on the number of threads", kind)
		}
		if last > 0.6*first {
			t.Errorf("feedback %d: the loss went from %g to %g", kind, first, last)
		}
		if kind == eprop.Adaptive {
			if want := start * math.Pow(0.99, 120); math.Abs(distance()-want) > 0.01*want {
				t.Errorf("|Wout - B|² is %g, want %g", distance(), want)
			}
		}
		m, err := one.Evaluate("test", 0)
		if err != nil || m["trials"] != 6 || m["accuracy"]+m["error"] != 1 || m["accuracy"] < 0.4 {
			t.Errorf("%v, %v", m, err)
		}
	}
}
