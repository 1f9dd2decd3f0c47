package autoencoder

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/audio"
	"github.com/snnctl/snnctl/pkg/datasets/audio/synthpiano"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/metrics/sound"
	"github.com/snnctl/snnctl/pkg/models/audiocodec"
)

func random(seed uint64, shape ...int) *tensor.Dense[float64] {
	r := rng.Stream(seed, "test", 0, 0)
	d := tensor.New[float64](shape...)
	for i := range d.Data {
		d.Data[i] = .3 * r.NormFloat64()
	}
	return d
}

// differences checks the gradient of a loss of x by central differences.
func differences(t *testing.T, name string, x *autodiff.Var[float64], loss func(*autodiff.Tape[float64]) *autodiff.Var[float64], stride int, tolerance float64) {
	t.Helper()
	var tape autodiff.Tape[float64]
	clear(x.Grad.Data)
	tape.Backward(loss(&tape))
	norm := 0.0
	for _, g := range x.Grad.Data {
		norm = max(norm, math.Abs(g))
	}
	if norm == 0 {
		t.Errorf("%s has no gradient", name)
	}
	for i := 0; i < len(x.Value.Data); i += stride {
		at := x.Value.Data[i]
		const h = 1e-6
		x.Value.Data[i] = at + h
		up := loss(new(autodiff.Tape[float64])).Value.Data[0]
		x.Value.Data[i] = at - h
		down := loss(new(autodiff.Tape[float64])).Value.Data[0]
		x.Value.Data[i] = at
		if got, want := x.Grad.Data[i], (up-down)/(2*h); math.Abs(got-want) > tolerance*norm {
			t.Errorf("%s: gradient %d is %g, by differences %g", name, i, got, want)
		}
	}
}

func TestGradientOfTheSpectralLoss(t *testing.T) {
	l := newReconstruction[float64](Weights{Wave: 5, Magnitude: 2, Log: 1}, 8000, 2)
	x, y := autodiff.Constant(random(1, 2, 1500)), autodiff.NewVar(random(2, 2, 1500))
	differences(t, "spectral loss", y, func(tape *autodiff.Tape[float64]) *autodiff.Var[float64] { return l.loss(tape, x, y) }, 97, 1e-4)
	if same := l.loss(new(autodiff.Tape[float64]), x, x).Value.Data[0]; same > 1e-5 {
		t.Errorf("the loss of a sound to itself is %v", same)
	}
	// Silence in the place of x: each term by its formula.
	silence := autodiff.Constant(tensor.New[float64](2, 1500))
	wave := 0.0
	for _, v := range x.Value.Data {
		wave += math.Abs(v) / 3000
	}
	only := newReconstruction[float64](Weights{Wave: 5}, 8000, 1).loss(new(autodiff.Tape[float64]), x, silence).Value.Data[0]
	if math.Abs(only-5*wave) > 1e-12 {
		t.Errorf("5 mean|x| is %v, want %v", only, 5*wave)
	}
	if only := newReconstruction[float64](Weights{Magnitude: 2}, 8000, 1).loss(new(autodiff.Tape[float64]), x, silence).Value.Data[0]; math.Abs(only-2) > 1e-5 {
		t.Errorf("2 mean|S|/mean(S) is %v, want 2", only)
	}
}

func TestGradientsOfMelDistances(t *testing.T) {
	for name, l := range map[string]*mel[float64]{"log-mel": newLogMel[float64](8000, 2), "EnCodec's": newEnCodecMel[float64](8000, 2)} {
		r := &reconstruction[float64]{parts: []part[float64]{{name, 3, l}}}
		x, y := autodiff.Constant(random(1, 2, 2100)), autodiff.NewVar(random(2, 2, 2100))
		differences(t, name, y, func(tape *autodiff.Tape[float64]) *autodiff.Var[float64] { return r.loss(tape, x, y) }, 83, 1e-4)
		if same := r.loss(new(autodiff.Tape[float64]), x, x).Value.Data[0]; same > 1e-9 {
			t.Errorf("%s of a sound to itself is %v", name, same)
		}
	}
	// The loss is the metric.
	x, y := random(3, 1, 4096), random(4, 1, 4096)
	got := newLogMel[float64](8000, 1).compare(x, y, nil)
	if want := sound.LogMel(numbers[float32](x.Data), numbers[float32](y.Data), 8000, sound.QuickBands()); math.Abs(got-want) > 1e-6 {
		t.Errorf("the log-mel distance is %v, by the metric %v", got, want)
	}
	// Half as loud is a quarter of the powers: 3/4 mean(M) and (log₁₀ 4)² a scale, but where no power is.
	only := newEnCodecMel[float64](8000, 1)
	only.scales, only.total = only.scales[4:], 1
	half := random(3, 1, 4096)
	for i := range half.Data {
		x.Data[i] *= 100
		half.Data[i] *= 50
	}
	s := &only.scales[0]
	w := &melBench[float64]{bench: newBench[float64](s.size), x: make([]float64, 64*lanes), y: make([]float64, 64*lanes), g: make([]float64, s.bins()*lanes)}
	s.compare(x.Data, half.Data, nil, 1, w)
	mean := 0.0
	frames := s.count(s.length(4096))
	for g := range tensor.Groups(frames) {
		of := w.group(s.frames, g) // powers of x
		for band := range s.bands {
			for bin := range s.bins() {
				for lane := range min(lanes, frames-g*lanes) {
					mean += s.bank[band*s.bins()+bin] * of.x[bin*lanes+lane] / float64(frames*s.bands)
				}
			}
		}
	}
	want := .75*mean + math.Pow(math.Log10(4), 2)
	if got := only.compare(x, half, nil); math.Abs(got-want) > 1e-3*want {
		t.Errorf("EnCodec's distance of half as loud is %v, want %v", got, want)
	}
}

// Each distance has its share of the gradient, whatever its scale; the averages begin at the first length.
func TestBalancer(t *testing.T) {
	b := newBalancer[float64](.9)
	g := []float64{3, 4, 0, 0, 0, 5} // of two elements: lengths 5 and 5
	if got := b.weight(0, .25, g, 2); math.Abs(got-.25/5) > 1e-9 {
		t.Errorf("the first weight is %v, want 1/4 of 1/5", got)
	}
	for i := range g {
		g[i] *= 3
	}
	want := .25 / ((.9*5 + 15) / 1.9)
	if got := b.weight(0, .25, g, 2); math.Abs(got-want) > 1e-9 {
		t.Errorf("the second weight is %v, want %v", got, want)
	}
	// In the first step of a loss, of whatever weights the parts, each part has the length of its share.
	x, y := autodiff.Constant(random(1, 2, 1500)), autodiff.NewVar(random(2, 2, 1500))
	length := func(parts ...part[float64]) float64 {
		clear(y.Grad.Data)
		r := &reconstruction[float64]{parts: parts, balancer: newBalancer[float64](.999)}
		var tape autodiff.Tape[float64]
		tape.Backward(r.loss(&tape, x, y))
		sum := 0.0
		for i := range 2 {
			squares := 0.0
			for _, g := range y.Grad.Data[i*1500 : (i+1)*1500] {
				squares += g * g
			}
			sum += math.Sqrt(squares) / 2
		}
		return sum
	}
	one, other := part[float64]{"wave", 3, wave[float64]{}}, part[float64]{"mel", 1000, newLogMel[float64](8000, 1)}
	if got := length(one); math.Abs(got-1) > 1e-9 {
		t.Errorf("one distance has a gradient of length %v, want 1", got)
	}
	if got := length(one, other); got > 1.0001 || got < .98 { // most is the second's, and the lengths add up at most
		t.Errorf("two distances have a gradient of length %v", got)
	}
}

func adversaryOf(x *tensor.Dense[float64]) *adversary[float64] {
	return newAdversary(Adversary{Windows: []int{64, 128}, Channels: 3},
		plasticity.Options[float64]{Optimizer: &optim.Adam[float64]{Beta1: .5, Beta2: .9, Epsilon: 1e-8}, Schedule: optim.Constant(3e-3)}, 1, 2)
}

// The gradients of the decoder's losses with respect to the sound, and of the discriminator's with respect to its parameters.
func TestGradientsOfTheDiscriminator(t *testing.T) {
	x, y := random(1, 2, 500), autodiff.NewVar(random(2, 2, 500))
	a := adversaryOf(x)
	for name, d := range map[string]distance[float64]{"score": fooled[float64]{a}, "features": alike[float64]{a}} {
		r := &reconstruction[float64]{parts: []part[float64]{{name, 2, d}}}
		differences(t, name, y, func(tape *autodiff.Tape[float64]) *autodiff.Var[float64] {
			return r.loss(tape, autodiff.Constant(x), y)
		}, 41, 1e-4)
	}
	loss := func() float64 { return a.loss(x, y.Value).Value.Data[0] }
	a.tape.Backward(a.loss(x, y.Value))
	var gradients [][]float64
	for _, p := range a.net.Parameters {
		gradients = append(gradients, slices.Clone(p.Grad.Data))
	}
	for k, p := range a.net.Parameters {
		gradient := gradients[k]
		norm := 0.0
		for _, g := range gradient {
			norm = max(norm, math.Abs(g))
		}
		for i := 0; i < len(gradient); i += 1 + len(gradient)/5 {
			at := p.Value.Data[i]
			const h = 1e-6
			p.Value.Data[i] = at + h
			up := loss()
			p.Value.Data[i] = at - h
			down := loss()
			p.Value.Data[i] = at
			// The leaky ReLU has corners, of which a step of h may cross some.
			if want := (up - down) / (2 * h); math.Abs(want-gradient[i]) > 1e-2*norm+1e-9 {
				t.Errorf("%s: gradient %d is %g, by differences %g", p.Name, i, gradient[i], want)
			}
		}
		if norm == 0 && p.Name[len(p.Name)-4:] != "bias" {
			t.Errorf("%s has no gradient", p.Name)
		}
	}
}

// What it sees are the spectra, and it learns to tell a tone from noise.
func TestTheDiscriminatorLearns(t *testing.T) {
	x, y := tensor.New[float64](2, 500), random(3, 2, 500)
	for i := range x.Data {
		x.Data[i] = .5 * math.Sin(.3*float64(i))
	}
	a := adversaryOf(x)
	var tape autodiff.Tape[float64]
	spectra := a.spectra(&tape, 0, autodiff.Constant(x)).Value
	stft := sound.NewSTFT(64, 16)
	norm := math.Sqrt(3. / 8 * 64)
	for f := range stft.Frames(500) {
		for k, c := range sound.Frame(stft, x.Data[500:], f) {
			at := (2*stft.Frames(500)+f)*33 + k // of the second sound
			if re, im := spectra.Data[at], spectra.Data[at+stft.Frames(500)*33]; math.Abs(re-real(c)/norm) > 1e-10 || math.Abs(im-imag(c)/norm) > 1e-10 {
				t.Fatalf("frame %d, bin %d is (%v, %v), want %v", f, k, re, im, c/complex(norm, 0))
			}
		}
	}
	first, last := 0.0, 0.0
	for step := range 60 {
		loss, err := a.learn(step, x, y)
		if err != nil {
			t.Fatal(err)
		}
		if step == 0 {
			first = loss
		}
		last = loss
	}
	if first < 1.5 || last > .2*first {
		t.Errorf("its loss goes from %v to %v", first, last)
	}
}

// full is a trainer with everything that has a state of its own.
func full(c *audio.Corpus, quantiser string) *Trainer[float32] {
	tr := trainer[float32](c, quantiser, Sparsity{Variant: "free"}, 20)
	o := tr.Options
	o.Weights = Weights{Wave: 1, EnCodec: 2, Adversarial: 4, Features: 4, Balance: .999}
	o.Adversary = Adversary{Windows: []int{64, 128}, Channels: 2}
	o.AdversaryOptions = plasticity.Options[float32]{Optimizer: &optim.Adam[float32]{Beta1: .5, Beta2: .9, Epsilon: 1e-8}, Schedule: o.Schedule}
	o.Average = .9
	spec := tr.Net.Spec
	spec.Nested = true
	return New(audiocodec.New[float32](spec, 1), c, o)
}

// A training with discriminator, balancer, averages and nested stages goes on from a checkpoint as if it had not stopped.
func TestAllOfTheStateIsKept(t *testing.T) {
	c := corpus()
	for _, quantiser := range []string{"binary", "rvq"} {
		take := func(tr *Trainer[float32], from, to int) {
			for step := from; step < to; step++ {
				if _, err := tr.Step(step); err != nil {
					t.Fatal(err)
				}
			}
		}
		whole := full(c, quantiser)
		take(whole, 0, 8)
		half := full(c, quantiser)
		take(half, 0, 4)
		f := &checkpoint.File{Tensors: append(half.Model(), half.Training()...)}
		for i := range f.Tensors { // as they are now
			f.Tensors[i].Data = copied(f.Tensors[i].Data)
		}
		other := full(c, quantiser)
		if err := errors.Join(other.RestoreModel(f), other.RestoreTraining(f)); err != nil {
			t.Fatal(err)
		}
		take(other, 4, 8)
		a, b := append(whole.Model(), whole.Training()...), append(other.Model(), other.Training()...)
		for i := range a {
			if !reflect.DeepEqual(a[i], b[i]) {
				t.Errorf("%s: %s is another after a checkpoint", quantiser, a[i].Name)
			}
		}
	}
}

func copied(data any) any {
	switch x := data.(type) {
	case []float32:
		return slices.Clone(x)
	case []float64:
		return slices.Clone(x)
	}
	panic("a tensor of another kind")
}

// What is evaluated are the averages, with statistics that belong to them; after that all is as it was.
func TestAverages(t *testing.T) {
	tr := full(corpus(), "binary")
	for step := range 6 {
		if _, err := tr.Step(step); err != nil {
			t.Fatal(err)
		}
	}
	weights, running := slices.Clone(tr.Net.Parameters[0].Value.Data), slices.Clone(tr.Net.Running.Mean)
	average := slices.Clone(tr.averages.values[0])
	if slices.Equal(weights, average) {
		t.Fatal("the averages are the parameters")
	}
	if err := tr.WithAverages(func() error {
		if !slices.Equal(tr.Net.Parameters[0].Value.Data, average) {
			t.Error("the averages are not in the place of the parameters")
		}
		if slices.Equal(tr.Net.Running.Mean, running) {
			t.Error("the statistics are the old ones")
		}
		tr.Net.Parameters[0].Value.Data[0] = 17
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(tr.Net.Parameters[0].Value.Data, weights) || !slices.Equal(tr.Net.Running.Mean, running) || !slices.Equal(tr.averages.values[0], average) {
		t.Error("not all is as it was")
	}
	// p̄ ← β p̄ + (1-β) p of a parameter that is held: the first step sets it, later ones move it by a tenth.
	a := newAverages(tr.Net, .9)
	a.follow(tr.Net)
	tr.Net.Parameters[0].Value.Data[0] += 1
	a.follow(tr.Net)
	if got := a.values[0][0] - weights[0]; math.Abs(float64(got)-.1) > 1e-6 {
		t.Errorf("an average moves by %v, want 0.1", got)
	}
}

func TestGradientOfTheGainDistance(t *testing.T) {
	heard, said := autodiff.Constant(random(1, 2, 8, 30)), autodiff.NewVar(random(2, 2, 8, 30))
	differences(t, "gain distance", said, func(tape *autodiff.Tape[float64]) *autodiff.Var[float64] {
		return gainDistance(tape, heard, said, 8000, 3)
	}, 7, 1e-5)
	// Ten times as loud everywhere is a decade.
	for i, v := range heard.Value.Data {
		said.Value.Data[i] = v - math.Ln10
	}
	if got := gainDistance(new(autodiff.Tape[float64]), heard, said, 8000, 3).Value.Data[0]; math.Abs(got-3) > 1e-12 {
		t.Errorf("3 decades weigh %v", got)
	}
}

// The first units stay, between an eighth of them and all; no gradient goes to the others.
func TestNestedUnits(t *testing.T) {
	z := autodiff.NewVar(tensor.New[float64](40, 16, 3))
	for i := range z.Value.Data {
		z.Value.Data[i] = 1
	}
	var tape autodiff.Tape[float64]
	y := nested(&tape, z, 1, 5)
	tape.Backward(autodiff.Sum(&tape, 1, y, 2))
	seen := map[int]bool{}
	for b := range 40 {
		n := 0
		for u := range 16 {
			at := (b*16 + u) * 3
			if y.Value.Data[at] == 1 {
				n = u + 1
			}
			for _, i := range []int{at, at + 1, at + 2} {
				if z.Grad.Data[i] != 2*y.Value.Data[i] || y.Value.Data[i] != y.Value.Data[at] {
					t.Fatalf("element %d, unit %d: value %v, gradient %v", b, u, y.Value.Data[i], z.Grad.Data[i])
				}
			}
		}
		for u := range n {
			if y.Value.Data[(b*16+u)*3] != 1 {
				t.Fatalf("of element %d unit %d is missing, and unit %d is there", b, u, n-1)
			}
		}
		seen[n] = true
		if n < 2 {
			t.Errorf("%d units are left", n)
		}
	}
	if len(seen) < 8 {
		t.Errorf("only %d numbers of units in 40 draws", len(seen))
	}
	again := nested(new(autodiff.Tape[float64]), z, 1, 5)
	if !slices.Equal(again.Value.Data, y.Value.Data) {
		t.Error("the same step leaves others out")
	}
}

// A nested model of magnitudes trains, and any part of its units is a code: the more of them, the better and the dearer.
func TestNestedMagnitudesTrain(t *testing.T) {
	c := corpus()
	spec := audiocodec.Spec{Front: "mdct", Rate: 8000, Units: 16, Quantiser: "binary", Nested: true, BetaInit: -.5, Momentum: .05,
		MDCT: audiocodec.MDCT{Hop: 128, Channels: 24, EncoderResiduals: 1, DecoderResiduals: 1, Noise: true}}
	tr := New(audiocodec.New[float32](spec, 1), c, Options[float32]{
		Options: plasticity.Options[float32]{Optimizer: &optim.Adam[float32]{Beta1: .9, Beta2: .99, Epsilon: 1e-8}, Schedule: optim.Constant(3e-3), ClipNorm: 5},
		Weights: Weights{Mel: 1, Gain: 2}, Sparsity: Sparsity{Variant: "free", Decorrelation: .02}, BatchSize: 4, Segment: 4096, Steps: 120, ChunkS: 10, Seed: 1, Threads: 2})
	for step := range 120 {
		if _, err := tr.Step(step); err != nil {
			t.Fatal(err)
		}
	}
	points, err := tr.RateDistortion([]float64{0, .75, 1})
	if err != nil {
		t.Fatal(err)
	}
	all, quarter, none := points[0], points[1], points[2]
	if !(all.LogMel < quarter.LogMel && quarter.LogMel < none.LogMel) || !(all.Kbps > quarter.Kbps && quarter.Kbps > none.Kbps) {
		t.Errorf("all, a quarter, no units: %+v", points)
	}
}

func TestGradientsOfPenalties(t *testing.T) {
	z := autodiff.NewVar(random(3, 2, 5, 40))
	for i := range z.Value.Data {
		z.Value.Data[i] = math.Abs(z.Value.Data[i])
	}
	differences(t, "decorrelation", z, func(tape *autodiff.Tape[float64]) *autodiff.Var[float64] {
		return decorrelation(tape, 2, z, .7)
	}, 7, 1e-5)
	for i := range z.Value.Data[:40] { // unit 0 is nearly silent
		z.Value.Data[i], z.Value.Data[200+i] = 1e-4, 2e-4
	}
	differences(t, "floor", z, func(tape *autodiff.Tape[float64]) *autodiff.Var[float64] { return floor(tape, z, .3) }, 7, 1e-5)
	if got := floor(new(autodiff.Tape[float64]), z, 1).Value.Data[0]; math.Abs(got-(1e-3-1.5e-4)/5) > 1e-12 {
		t.Errorf("floor %v", got)
	}
	// Copies correlate by 1, in both orders of the pair.
	twins := autodiff.NewVar(tensor.New[float64](1, 2, 40))
	copy(twins.Value.Data, z.Value.Data[80:120])
	copy(twins.Value.Data[40:], z.Value.Data[80:120])
	if got := decorrelation(new(autodiff.Tape[float64]), 1, twins, .5).Value.Data[0]; math.Abs(got-.5) > 1e-9 {
		t.Errorf("of copies %v, want the whole weight", got)
	}
}

func TestTheWeightOfThePenaltyRisesTwice(t *testing.T) {
	s := Sparsity{Variant: "sparse", Lambda: 2, Starts: []float64{.4, .6}, Factors: []float64{.3, 1}}
	for step, want := range map[int]float64{0: 0, 39: 0, 40: .6, 59: .6, 60: 2, 99: 2} {
		if got := s.lambda(step, 100, 7); math.Abs(got-want) > 1e-12 {
			t.Errorf("λ in step %d is %v, want %v", step, got, want)
		}
	}
	mu := Sparsity{Variant: "mu", Density: .1}
	state := []float64{.1, .5}
	if mu.lambda(39, 100, .1) != 0 || mu.lambda(40, 100, .1) != .1 {
		t.Error("µ begins at another step than 40 of 100")
	}
	mu.control(state, 50, 100, .5)
	if want := .1 * math.Exp(.3); math.Abs(state[0]-want) > 1e-12 {
		t.Errorf("too dense: λ becomes %v, want %v", state[0], want)
	}
	for range 200 {
		mu.control(state, 50, 100, .5)
	}
	if state[0] != muMost {
		t.Errorf("λ rises to %v, want %v", state[0], muMost)
	}
	if (&Sparsity{Variant: "free", Lambda: 1}).lambda(99, 100, 1) != 0 {
		t.Error("free has a penalty")
	}
}

func corpus() *audio.Corpus {
	return audio.Synthetic(synthpiano.Options{Rate: 8000, Seconds: 6, Low: 48, High: 72, Seed: 1}, 2, 2)
}

func trainer[F tensor.Float](c *audio.Corpus, quantiser string, s Sparsity, steps int) *Trainer[F] {
	spec := audiocodec.Spec{Front: "mdct", Rate: 8000, Units: 16, Quantiser: quantiser, Stages: 2, Entries: 32, BetaInit: -1.2, Momentum: .05,
		MDCT: audiocodec.MDCT{Hop: 128, Channels: 16, EncoderResiduals: 1, DecoderResiduals: 1}}
	return New(audiocodec.New[F](spec, 1), c, Options[F]{
		Options: plasticity.Options[F]{Optimizer: &optim.Adam[F]{Beta1: .9, Beta2: .99, Epsilon: 1e-8}, Schedule: optim.Constant(3e-3), ClipNorm: 5},
		Weights: Weights{Wave: 5, Magnitude: .5, Log: 1}, Sparsity: s, BatchSize: 2, Segment: 2048, Steps: steps, Commitment: 1, ChunkS: 10, Seed: 1, Threads: 2})
}

// The whole loss, with its penalties, in float64 and with the soft twin of H.
func TestGradientsOfTheWholeLoss(t *testing.T) {
	tr := trainer[float64](corpus(), "binary", Sparsity{Variant: "sparse", Lambda: 1, Starts: []float64{0}, Factors: []float64{1}, Decorrelation: .1, Floor: .01}, 10)
	tr.quantise = audiocodec.SoftStep[float64]
	gradients := tr.FirstGradients()
	for _, p := range tr.Net.Parameters {
		gradient := gradients[p.Name]
		norm := 0.0
		for _, g := range gradient {
			norm = max(norm, math.Abs(g))
		}
		for i := 0; i < len(gradient); i += 1 + len(gradient)/4 {
			at := p.Value.Data[i]
			const h = 1e-5
			p.Value.Data[i] = at + h
			up, _ := tr.forward(0)
			a := up.Value.Data[0]
			p.Value.Data[i] = at - h
			down, _ := tr.forward(0)
			b := down.Value.Data[0]
			p.Value.Data[i] = at
			// Absolute values have corners, of which a step of h may cross one.
			if want := (a - b) / (2 * h); math.Abs(gradient[i]-want) > 2e-3*norm {
				t.Errorf("%s: gradient %d is %g, by differences %g", p.Name, i, gradient[i], want)
			}
		}
	}
}

// Training lowers the loss, a penalty the density, and the range coder is the smallest format.
func TestTrainingLearnsAndThePenaltyThinsTheCode(t *testing.T) {
	c := corpus()
	const steps = 80
	var kbps, density []float64
	for _, lambda := range []float64{0, 1, 4} {
		tr := trainer[float32](c, "binary", Sparsity{Variant: "sparse", Lambda: lambda, Starts: []float64{.2}, Factors: []float64{1}}, steps)
		var first, last float64
		for step := range steps {
			m, err := tr.Step(step)
			if err != nil {
				t.Fatal(err)
			}
			if step < 10 {
				first += m["reconstruction"] / 10
			}
			if step >= steps-10 {
				last += m["reconstruction"] / 10
			}
		}
		if last > .95*first {
			t.Errorf("λ = %v: the loss goes from %v to %v", lambda, first, last)
		}
		m, err := tr.Evaluate("test", 0)
		if err != nil {
			t.Fatal(err)
		}
		kbps, density = append(kbps, m["kbps_range"]), append(density, m["density"])
		for _, format := range []string{"dense", "coo", "ccs", "crs", "rice"} {
			if m["kbps_range"] >= m["kbps_"+format] {
				t.Errorf("λ = %v: the range coder takes %v kbit/s, %s %v", lambda, m["kbps_range"], format, m["kbps_"+format])
			}
		}
	}
	if !(kbps[0] > kbps[1] && kbps[1] > kbps[2]) || !(density[0] > density[1]) {
		t.Errorf("with λ = 0, 1, 4 the codes take %v kbit/s, at densities %v", kbps, density)
	}
}

func TestRVQTrains(t *testing.T) {
	tr := trainer[float32](corpus(), "rvq", Sparsity{Variant: "free"}, 60)
	var first, last float64
	for step := range 60 {
		m, err := tr.Step(step)
		if err != nil {
			t.Fatal(err)
		}
		if step < 10 {
			first += m["reconstruction"]
		}
		if step >= 50 {
			last += m["reconstruction"]
		}
	}
	if last > .95*first {
		t.Errorf("the loss goes from %v to %v", first, last)
	}
	m, err := tr.Evaluate("test", 0)
	if err != nil || math.Abs(m["kbps_dense"]-.625) > 1e-9 { // 2 stages of 5 bits at 62.5 Hz
		t.Errorf("%v kbit/s, error %v", m["kbps_dense"], err)
	}
}

func TestTheSameBitsForAnyNumberOfThreads(t *testing.T) {
	c := corpus()
	var weights [][]float32
	for _, threads := range []int{1, 3} {
		tr := trainer[float32](c, "binary", Sparsity{Variant: "mu", Lambda: .1, Density: .05, Decorrelation: .1}, 10)
		tr.Threads = threads
		tr.loss = newReconstruction[float32](tr.Weights, c.Rate, threads)
		for step := range 8 {
			if _, err := tr.Step(step); err != nil {
				t.Fatal(err)
			}
		}
		var all []float32
		for _, p := range tr.Net.Parameters {
			all = append(all, p.Value.Data...)
		}
		weights = append(weights, all)
	}
	if !slices.Equal(weights[0], weights[1]) {
		t.Error("one and three threads train other weights")
	}
}
