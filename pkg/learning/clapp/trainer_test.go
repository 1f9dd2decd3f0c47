package clapp

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// stripes are images of 4×2 patches of 4×4 pixels: stripes of one of two directions, the class, and noise.
type stripes[F tensor.Float] struct{ rows int }

func (s stripes[F]) Shape() relu.Shape            { return relu.Shape{Channels: 1, Height: 4, Width: 4} }
func (s stripes[F]) Grid() (rows, columns int)    { return s.rows, 2 }
func (s stripes[F]) Classes() int                 { return 2 }
func (s stripes[F]) ClassNames() []string         { return nil }
func (s stripes[F]) Size(string) int              { return 64 }
func (s stripes[F]) Checksums() map[string]string { return nil }
func (s stripes[F]) Found() []string              { return nil }

func (s stripes[F]) fill(b *Batch[F], stream, first, trials int) error {
	*b = Batch[F]{Trials: trials, Frames: 1}
	for trial := range trials {
		r := rand.New(rand.NewPCG(uint64(stream), uint64(first+trial)))
		class, phase := r.IntN(2), r.IntN(2)
		b.Classes = append(b.Classes, class)
		for range s.rows * 2 {
			for i := range 16 {
				at := i / 4
				if class == 1 {
					at = i % 4
				}
				v := float64((at + phase) % 2)
				b.Values = append(b.Values, F(v+0.3*r.NormFloat64()))
			}
		}
	}
	return nil
}
func (s stripes[F]) Train(b *Batch[F], step, trials int) error {
	return s.fill(b, 1, step*trials, trials)
}
func (s stripes[F]) Labelled(b *Batch[F], step, trials int) error {
	return s.fill(b, 1, step*trials, trials)
}
func (s stripes[F]) Evaluate(b *Batch[F], split string, first, trials int) error {
	return s.fill(b, 2+len(split), first, trials)
}

// encoder has two convolutions, of 6 and 8 channels.
func encoder[F tensor.Float](seed uint64) *relu.Network[F] {
	axis, two := relu.Axis{Stride: 1, Padding: 1, Dilation: 1}, relu.Window{Size: 2, Stride: 2}
	conv := func(in, out int) *relu.Conv[F] {
		return &relu.Conv[F]{Weights: tensor.New[F](out, in, 3, 3), Bias: tensor.New[F](out), Height: axis, Width: axis, Groups: 1}
	}
	n := &relu.Network[F]{Input: relu.Shape{Channels: 1, Height: 4, Width: 4}, Layers: []relu.Named[F]{
		{Name: "0", Layer: conv(1, 6)}, {Name: "1", Layer: &relu.ReLU[F]{}}, {Name: "2", Layer: &relu.MaxPool[F]{Height: two, Width: two}},
		{Name: "3", Layer: conv(6, 8)}, {Name: "4", Layer: &relu.ReLU[F]{}}}}
	n.Initialise(relu.FanInUniform, seed)
	return n
}

func newTrainer[F tensor.Float](t *testing.T, with func(*Options[F])) *Trainer[F] {
	t.Helper()
	o := Options[F]{BatchSize: 8, Drawing: Drawing{N: 1, Steps: 2, Skip: PatchSkip}, Regions: 1, Seed: 1, Threads: 1,
		Options: plasticity.Options[F]{Optimizer: &optim.Adam[F]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, Schedule: func(int) float64 { return 0.003 }},
		Probe:   Probe{Epochs: 30, BatchSize: 16, LearningRate: 0.01, Standardise: true, Seed: 1}}
	if with != nil {
		with(&o)
	}
	trainer, err := New(encoder[F](3), Stream[F](stripes[F]{rows: 4}), o)
	if err != nil {
		t.Fatal(err)
	}
	return trainer
}

// gradientsOf are copies of the gradients of all parameters of each layer.
func gradientsOf[F tensor.Float](t *testing.T, trainer *Trainer[F]) (layers [][]F, loss float64) {
	t.Helper()
	if err := trainer.Stream.Train(&trainer.batch, 0, trainer.BatchSize); err != nil {
		t.Fatal(err)
	}
	losses, err := trainer.gradients(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range trainer.Layers {
		var all []F
		for _, layer := range l.Block.Layers {
			for _, p := range layer.Parameters() {
				all = append(all, l.Gradient(p.Values)...)
			}
		}
		layers = append(layers, all)
	}
	for _, l := range losses {
		loss += l
	}
	return layers, loss
}

// Oracle 3 of the method: no gradient crosses from layer to layer.
func TestNoGradientCrosses(t *testing.T) {
	for name, with := range map[string]func(*Options[float32]){
		"CLAPP-s": nil, "CLAPP, asymmetric": func(o *Options[float32]) { o.Pairs, o.Asymmetric = Either, true },
		"Greedy InfoMax": func(o *Options[float32]) { o.Contrast, o.Negatives, o.N = InfoNCE, AllPlaces, 4 },
	} {
		trainer := newTrainer(t, with)
		before, _ := gradientsOf(t, trainer)
		for _, m := range trainer.predictions[1].Predict {
			for i := range m {
				m[i] *= -3
			}
		}
		after, _ := gradientsOf(t, trainer)
		if !slices.Equal(before[0], after[0]) || slices.Equal(before[1], after[1]) {
			t.Errorf("%s: other predictions in layer 2 change layer 1, or not layer 2", name)
		}
	}
}

// One layer in memory at a time gives what all at once give.
func TestLayersOneByOneLearnAsTogether(t *testing.T) {
	one, all := newTrainer[float32](t, nil), newTrainer[float32](t, nil)
	want, loss := gradientsOf(t, one)
	if err := all.Stream.Train(&all.batch, 0, all.BatchSize); err != nil {
		t.Fatal(err)
	}
	for _, l := range all.Layers {
		l.gradients.Clear()
	}
	sum := 0.0
	for _, v := range all.together(0) {
		sum += v
	}
	for i, l := range all.Layers {
		if a, b := l.Active(), one.Layers[i].Active(); a != b || a <= 0 || a >= 1 {
			t.Errorf("%v of layer %d is active together, %v one by one", a, i+1, b)
		}
	}
	if sum != loss {
		t.Errorf("losses are %v together and %v one by one", sum, loss)
	}
	for i, l := range all.Layers {
		var got []float32
		for _, layer := range l.Block.Layers {
			for _, p := range layer.Parameters() {
				got = append(got, l.Gradient(p.Values)...)
			}
		}
		if !slices.Equal(got, want[i]) {
			t.Errorf("layer %d learns otherwise", i+1)
		}
	}
}

// What reaches parameters from outside their layer, too, is the gradient: back-propagation through all
// layers; and of the last layer, whatever predicts it or is predicted by it.
func TestGradientsThroughLayers(t *testing.T) {
	for name, c := range map[string]struct {
		with   func(*Options[float64])
		layers []int // whose gradients are those of the sum of the losses
	}{
		"hinge-loss CPC":                {func(o *Options[float64]) { o.EndToEnd = true }, []int{0, 1}},
		"CPC":                           {func(o *Options[float64]) { o.EndToEnd, o.Contrast, o.N, o.Negatives = true, InfoNCE, 3, AllPlaces }, []int{0, 1}},
		"supervised":                    {func(o *Options[float64]) { o.EndToEnd, o.Classify = true, true }, []int{0, 1}},
		"greedy supervised":             {func(o *Options[float64]) { o.Classify = true }, []int{1}},
		"context above":                 {func(o *Options[float64]) { o.Context = Above }, []int{1}},
		"context below":                 {func(o *Options[float64]) { o.Context = Below }, []int{1}},
		"context below, and whole maps": {func(o *Options[float64]) { o.Context, o.Regions = Below, 2 }, []int{1}},
	} {
		trainer := newTrainer(t, c.with)
		gradient, _ := gradientsOf(t, trainer)
		for _, i := range c.layers {
			at := 0
			for _, layer := range trainer.Layers[i].Block.Layers {
				for _, p := range layer.Parameters() {
					for k, v := range p.Values.Data {
						const h = 1e-6
						p.Values.Data[k] = v + h
						_, up := gradientsOf(t, trainer)
						p.Values.Data[k] = v - h
						_, down := gradientsOf(t, trainer)
						p.Values.Data[k] = v
						if want := (up - down) / (2 * h); math.Abs(gradient[i][at]-want) > 1e-6*(1+math.Abs(want)) {
							t.Fatalf("%s: the gradient of %s[%d] in layer %d is %v, by differences %v", name, p.Name, k, i+1, gradient[i][at], want)
						}
						at++
					}
				}
			}
		}
	}
}

// The mean of two contexts is the mean of their gradients.
func TestSameAndBelowIsTheirMean(t *testing.T) {
	mixed, _ := gradientsOf(t, newTrainer(t, func(o *Options[float64]) { o.Context = SameAndBelow; o.FrozenPredictions = true }))
	if len(mixed[1]) == 0 || greatest(mixed[1]) == 0 {
		t.Fatal("nothing is learned")
	}
	trainer := newTrainer(t, func(o *Options[float64]) { o.Context = SameAndBelow })
	for _, p := range trainer.predictions[1:] {
		for k := range p.Losses {
			p.Losses[k].Share = 1
		}
	}
	whole, _ := gradientsOf(t, trainer)
	for i, v := range mixed[1] {
		if math.Abs(2*v-whole[1][i]) > 1e-12 {
			t.Fatalf("gradient %d of layer 2 is %v with a share of a half, %v with 1", i, v, whole[1][i])
		}
	}
}

// Oracles 10 and 11: losses begin near 2 and fall, and do not depend on the number of threads.
func TestTrainingIsTheSameForAnyThreads(t *testing.T) {
	run := func(threads int) (first, last map[string]float64, weights []float32) {
		trainer := newTrainer(t, func(o *Options[float32]) { o.Threads = threads })
		for step := range 150 {
			m, err := trainer.Step(step)
			if err != nil {
				t.Fatal(err)
			}
			if step == 0 {
				first = m
			}
			last = m
		}
		for _, tensor := range trainer.Model() {
			weights = append(weights, tensor.Data.([]float32)...)
		}
		return first, last, weights
	}
	first, last, one := run(1)
	_, _, two := run(2)
	if !slices.Equal(one, two) {
		t.Error("two threads give other weights")
	}
	for _, layer := range []string{"1", "2"} {
		if v := first["loss_"+layer]; math.Abs(v-2) > 0.2 {
			t.Errorf("the first loss of layer %s is %v, expected about 2", layer, v)
		}
		if v := last["loss_"+layer]; !(v < 1.7) {
			t.Errorf("the last loss of layer %s is %v, expected less than 1.7", layer, v)
		}
		if last["separation_"+layer] <= first["separation_"+layer] || last["active_"+layer] <= 0 {
			t.Errorf("layer %s: scores %v apart, %v active", layer, last["separation_"+layer], last["active_"+layer])
		}
	}
}

// Without a third factor scores grow without end, those of negatives too.
func TestWithoutThirdFactorNothingIsTold(t *testing.T) {
	trainer := newTrainer(t, func(o *Options[float32]) { o.Contrast = Constant })
	var m map[string]float64
	var err error
	for step := range 150 {
		if m, err = trainer.Step(step); err != nil {
			t.Fatal(err)
		}
	}
	if m["loss_2"] > 0 {
		t.Errorf("the loss of layer 2 is %v, expected one below 0", m["loss_2"])
	}
}

// A frozen M stays; gates leave images whose loss above is the mean at a half.
func TestControlsOfTheMethod(t *testing.T) {
	trainer := newTrainer(t, func(o *Options[float32]) { o.FrozenPredictions = true })
	before := slices.Clone(trainer.predictions[0].Predict[0])
	if _, err := trainer.Step(0); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, trainer.predictions[0].Predict[0]) {
		t.Error("fixed predictions moved")
	}
	gated := newTrainer(t, func(o *Options[float64]) { o.FeedbackGate = true })
	plain := newTrainer[float64](t, nil)
	a, _ := gradientsOf(t, gated)
	b, _ := gradientsOf(t, plain)
	if !slices.Equal(a[1], b[1]) {
		t.Error("feedback gates the last layer, above which there is none")
	}
	if slices.Equal(a[0], b[0]) || greatest(a[0]) == 0 {
		t.Error("feedback does not gate the first layer")
	}
	even := gated.gate(&Prediction[float64]{Losses: [2]Loss[float64]{{PerImage: []float64{2, 2, 2}}}})
	if !slices.Equal(even, []float64{0.5, 0.5, 0.5}) {
		t.Errorf("images of the same loss are gated by %v, expected 1/2", even)
	}
}

// Probes tell the classes of what carries them, beside the encoder before training, whose weights come back.
func TestProbesOfEachLayer(t *testing.T) {
	trainer := newTrainer[float32](t, nil)
	for step := range 60 {
		if _, err := trainer.Step(step); err != nil {
			t.Fatal(err)
		}
	}
	var before []float32
	for _, tensor := range trainer.Model() {
		before = append(before, slices.Clone(tensor.Data.([]float32))...)
	}
	m, err := trainer.Evaluate("test", 0)
	if err != nil {
		t.Fatal(err)
	}
	if m["accuracy"] != m["accuracy_2"] || m["accuracy_2"] < 0.9 || m["random_accuracy_2"] < 0.4 || m["accuracy_1"] < 0.5 {
		t.Errorf("%v", m)
	}
	var after []float32
	for _, tensor := range trainer.Model() {
		after = append(after, tensor.Data.([]float32)...)
	}
	if !slices.Equal(before, after) {
		t.Error("an evaluation changes the weights")
	}
	again, err := trainer.Evaluate("test", 0)
	if err != nil || again["accuracy"] != m["accuracy"] || again["random_accuracy"] != m["random_accuracy"] {
		t.Errorf("a second evaluation says %v, %v", again, err)
	}
}

// Oracle 7: there must be room for all steps of prediction.
func TestTooManyStepsAreRefused(t *testing.T) {
	_, err := New(encoder[float32](1), Stream[float32](stripes[float32]{rows: 4}), Options[float32]{Drawing: Drawing{N: 1, Steps: 3, Skip: PatchSkip}, Regions: 1})
	if !fault.IsInput(err) || !strings.Contains(err.Error(), "leave room for 2 steps of prediction") {
		t.Errorf("%v", err)
	}
}

// What depends on a batch, or on chance, is no layer that learns from single patches.
func TestLayersThatDependOnTheBatchAreRefused(t *testing.T) {
	for kind, layer := range map[string]relu.Layer[float32]{
		"batch-norm": &relu.BatchNorm[float32]{Scale: tensor.New[float32](8), Shift: tensor.New[float32](8), Mean: tensor.New[float32](8), Variance: tensor.New[float32](8)},
		"dropout":    &relu.Dropout[float32]{Rate: 0.5},
	} {
		n := encoder[float32](1)
		n.Layers = append(n.Layers, relu.Named[float32]{Name: "last", Layer: layer})
		_, err := New(n, Stream[float32](stripes[float32]{rows: 4}), Options[float32]{Drawing: Drawing{N: 1, Steps: 1, Skip: PatchSkip}, Regions: 1})
		if !fault.IsInput(err) || !strings.Contains(err.Error(), "layer last is a "+kind) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// Draws give each image a place in one set or in both, and negatives in the target's rows.
func TestDrawsFollowTheirMode(t *testing.T) {
	g := Grid{Images: 40, Rows: 5, Columns: 3}
	for _, o := range []Drawing{{Pairs: Both, Negatives: SameEverywhere, N: 1}, {Pairs: Either, Negatives: Local, N: 2}, {Pairs: Either, Negatives: AllPlaces, N: 16}} {
		o.Steps, o.Skip, o.Seed = 3, 1, 9
		var d, again Draws
		o.Draw(&d, g, 4, 2)
		o.Draw(&again, g, 4, 2)
		positives := 0
		for s := range d.Positive {
			if o.Pairs == Both != (d.Positive[s] && d.Negative[s]) || !d.Positive[s] && !d.Negative[s] {
				t.Errorf("%+v: image %d is in %v, %v", o, s, d.Positive[s], d.Negative[s])
			}
			if d.Positive[s] {
				positives++
			}
		}
		if o.Pairs == Either && (positives < 8 || positives > 32) {
			t.Errorf("%+v: %d of 40 images are positive", o, positives)
		}
		moved := 0
		for k, places := range d.Negatives {
			if !slices.Equal(places, again.Negatives[k]) || len(places) != (5-k-2)*3*40*o.N {
				t.Fatalf("%+v: step %d has %d negatives, and not the same again", o, k+1, len(places))
			}
			for i, p := range places {
				at := i / (40 * o.N)
				if p.Row < 0 || p.Row >= 5-k-2 || p.Image < 0 || p.Image >= 40 {
					t.Fatalf("%+v: %+v", o, p)
				}
				if p.Row != at/3 || p.Column != at%3 {
					moved++
				}
				if o.Negatives == SameEverywhere && p.Image != places[i%(40*o.N)].Image {
					t.Fatalf("%+v: the image of place %d is another", o, at)
				}
			}
		}
		if (moved > 0) != (o.Negatives == AllPlaces) {
			t.Errorf("%+v: %d negatives are elsewhere", o, moved)
		}
	}
}
