package clapp

import (
	"math"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/learning/optim"
	"github.com/snnctl/snnctl/pkg/metrics"
)

// Probe says how a linear classifier measures what the features of a frozen layer tell (2010.08262, section 8
// of the method): softmax of W·features + b by Adam.
type Probe struct {
	Trials       int // of the labelled training images: the first so many; 0: all
	Epochs       int
	BatchSize    int
	LearningRate float64
	Standardise  bool // features by their mean and standard deviation in training
	Augmented    bool // training images are changed at random anew in each epoch, as in training
	Seed         uint64
}

// examples are features with their classes; unknown classes are left out.
type examples[F tensor.Float] struct {
	size     int
	features []F // [n][size]
	classes  []int
}

// add appends the features whose class is known.
func (e *examples[F]) add(features []F, classes []int, size int) {
	e.size = size
	for i, class := range classes {
		if class >= 0 {
			e.features = append(e.features, features[i*size:(i+1)*size]...)
			e.classes = append(e.classes, class)
		}
	}
}

// classifier is a linear classifier in training.
type classifier[F tensor.Float] struct {
	Probe
	threads, size, classes int
	mean, scale            []F
	w, b                   *optim.Param[F]
	adam                   optim.Adam[F]
	step, number           int
	x, logits              []F
	labels                 []int
}

func newClassifier[F tensor.Float](o Probe, threads, size, classes, number int) *classifier[F] {
	c := &classifier[F]{Probe: o, threads: threads, size: size, classes: classes, number: number, adam: optim.Adam[F]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}}
	param := func(name string, n int) *optim.Param[F] {
		return &optim.Param[F]{Name: name, Value: make([]F, n), Grad: make([]F, n)}
	}
	c.w, c.b = param("weight", size*classes), param("bias", classes)
	r := rng.Stream(o.Seed, "probe", uint64(number), 0)
	bound := 1 / math.Sqrt(float64(size))
	for _, p := range []*optim.Param[F]{c.w, c.b} {
		for i := range p.Value {
			p.Value[i] = F(bound * (2*r.Float64() - 1))
		}
	}
	c.mean, c.scale = make([]F, size), make([]F, size)
	for i := range c.scale {
		c.scale[i] = 1
	}
	return c
}

// measure takes mean and standard deviation of features for standardisation. Features that do not
// vary stay 0.
func (c *classifier[F]) measure(e *examples[F]) {
	n := float64(len(e.classes))
	for i := range c.size {
		var sum, squares float64
		for k := i; k < len(e.features); k += c.size {
			sum += float64(e.features[k])
		}
		mean := sum / n
		for k := i; k < len(e.features); k += c.size {
			d := float64(e.features[k]) - mean
			squares += d * d
		}
		c.mean[i], c.scale[i] = F(mean), 0
		if squares > 0 {
			c.scale[i] = F(1 / math.Sqrt(squares/n))
		}
	}
}

// take makes c.x and c.labels of some examples.
func (c *classifier[F]) take(e *examples[F], which []int) {
	c.x, c.labels = fit(c.x, len(which)*c.size), fit(c.labels, len(which))
	for i, k := range which {
		c.labels[i] = e.classes[k]
		from, to := e.features[k*c.size:(k+1)*c.size], c.x[i*c.size:(i+1)*c.size]
		for j, v := range from {
			to[j] = (v - c.mean[j]) * c.scale[j]
		}
	}
}

// epoch learns all examples once, in a random order.
func (c *classifier[F]) epoch(e *examples[F], epoch int) {
	order := rng.Stream(c.Seed, "probe order", uint64(epoch), uint64(c.number)).Perm(len(e.classes))
	for first := 0; first < len(order); first += c.BatchSize {
		batch := order[first:min(first+c.BatchSize, len(order))]
		c.take(e, batch)
		n := len(batch)
		c.logits = fit(c.logits, n*c.classes)
		kernel.Gemm(c.threads, false, false, n, c.classes, c.size, 1, c.x, c.size, c.w.Value, c.classes, 0, c.logits, c.classes)
		softmaxGradient(c.logits, c.b.Value, c.labels, c.b.Grad)
		kernel.Gemm(c.threads, true, false, c.size, c.classes, n, 1, c.x, c.size, c.logits, c.classes, 0, c.w.Grad, c.classes)
		c.step++
		c.adam.Step([]*optim.Param[F]{c.w, c.b}, c.step, c.LearningRate)
	}
}

// accuracy is the share of examples that it names.
func (c *classifier[F]) accuracy(e *examples[F]) float64 {
	if len(e.classes) == 0 {
		return math.NaN()
	}
	correct, which := 0, make([]int, 0, c.BatchSize)
	for first := 0; first < len(e.classes); first += c.BatchSize {
		which = which[:0]
		for k := first; k < min(first+c.BatchSize, len(e.classes)); k++ {
			which = append(which, k)
		}
		c.take(e, which)
		c.logits = fit(c.logits, len(which)*c.classes)
		kernel.Gemm(c.threads, false, false, len(which), c.classes, c.size, 1, c.x, c.size, c.w.Value, c.classes, 0, c.logits, c.classes)
		for i := range which {
			for k, b := range c.b.Value {
				c.logits[i*c.classes+k] += b
			}
		}
		correct += metrics.Correct(c.logits, c.labels)
	}
	return float64(correct) / float64(len(e.classes))
}

// probe gives the test accuracies of classifiers of the pixels and of each layer of the encoder as it is.
func (t *Trainer[F]) probe(split string, trials int) ([]float64, error) {
	var classifiers []*classifier[F]
	var train []examples[F]
	var err error
	for epoch := range t.Probe.Epochs {
		if epoch == 0 || t.Probe.Augmented {
			if train, err = t.examples("train", t.Probe.Trials, epoch); err != nil {
				return nil, err
			}
		}
		for i := range train {
			e := &train[i]
			if epoch == 0 {
				c := newClassifier[F](t.Probe, t.Threads, e.size, t.Stream.Classes(), i)
				if t.Probe.Standardise {
					c.measure(e)
				}
				classifiers = append(classifiers, c)
			}
			classifiers[i].epoch(e, epoch)
		}
	}
	test, err := t.examples(split, trials, 0)
	if err != nil {
		return nil, err
	}
	var accuracies []float64
	for i, c := range classifiers {
		accuracies = append(accuracies, c.accuracy(&test[i]))
	}
	return accuracies, nil
}

// examples are the features of the first trials of a split: of the input itself, if it has some, then of each
// layer.
func (t *Trainer[F]) examples(split string, trials, epoch int) ([]examples[F], error) {
	size := t.Stream.Size(split)
	if trials == 0 || trials > size {
		trials = size
	}
	all := make([]examples[F], len(t.Layers)+1)
	batch := max(1, min(trials, evaluationBatch))
	var features []F
	for first := 0; first < trials; first += batch {
		n := min(batch, trials-first)
		var err error
		if split == "train" && t.Probe.Augmented {
			if n < batch { // the numbers of steps count whole batches; the next epochs show the rest
				break
			}
			err = t.Stream.Labelled(&t.batch, epoch*(trials/batch)+first/batch, n)
		} else {
			err = t.Stream.Evaluate(&t.batch, split, first, n)
		}
		if err != nil {
			return nil, err
		}
		if n := len(t.batch.Classes); len(t.batch.Raw) > 0 {
			all[0].add(t.batch.Raw, t.batch.Classes, len(t.batch.Raw)/n)
		}
		t.show(func(i int, l *Layer[F]) {
			_, s := l.shape()
			features = l.features(features, t.grid(i, t.batch.Trials), t.batch.Frames)
			all[i+1].add(features, t.batch.Classes, l.VectorSize(s))
		})
	}
	if len(all[0].classes) == 0 {
		all = all[1:]
	}
	return all, nil
}

// show takes t.batch through the layers, without learning, with one in memory at a time.
func (t *Trainer[F]) show(use func(i int, l *Layer[F])) {
	x := t.input()
	t.viewing.Inference = true
	for i, l := range t.Layers {
		t.viewing.Reset()
		y := l.Forward(&t.viewing, t.Threads, x)
		use(i, l)
		t.carry = append(t.carry[:0], y.Value.Data...)
		x = autodiff.Constant(&tensor.Dense[F]{Shape: y.Value.Shape, Data: t.carry})
	}
}
