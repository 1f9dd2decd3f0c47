package clapp

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/learning/plasticity"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// Context says whose vectors are the context of a layer's predictions (2010.08262, section 7 of the method).
type Context int

const (
	Same         Context = iota // the layer's own
	Above                       // those of the next layer; of the last its own
	Below                       // a layer's contexts predict the targets of the one before; the first its own
	SameAndBelow                // the mean of both
)

// Options are the choices of a training.
type Options[F tensor.Float] struct {
	BatchSize int
	plasticity.Options[F]
	Drawing

	// Classify learns the classes by a linear readout of each layer instead of contrasts, a reference.
	Classify bool
	// EndToEnd takes the loss of the last layer alone and back-propagates it through all of them: CPC, and
	// with Classify supervised learning. Otherwise each layer has its loss and keeps its gradient.
	EndToEnd bool

	Contrast          Contrast
	Asymmetric        bool // W_pred and W_retro: no weight transport
	Context           Context
	HoldContext       bool // only targets learn
	Unpredicted       bool // the score has no dendritic prediction
	FrozenPredictions bool // the matrices M stay what they were at first
	FeedbackGate      bool // the loss of an image in the next layer weighs its learning in this one
	Regions           int  // see Layer
	LongestRows       int  // of sound: rows of a layer that a step learns from, at random; 0: all

	Probe   Probe
	Seed    uint64
	Threads int
}

// Trainer is an encoder in training by local losses, or by the references to them.
type Trainer[F tensor.Float] struct {
	Options[F]
	Network *relu.Network[F]
	Layers  []*Layer[F]
	Stream  Stream[F]

	Probed Probed // by the last evaluation of the test split

	predictions []*Prediction[F]
	heads       []*head[F] // of each layer, with Classify
	weights     plasticity.Weights[F]
	initial     [][]F // the values of the network's parameters before training

	batch   Batch[F]
	tapes   []autodiff.Tape[F] // of each layer, where more than one is in memory
	viewing autodiff.Tape[F]   // without learning
	carry   []F                // what one layer has for the next
	draws   [2]Draws
	gates   []float64
}

// New trains a network, whose initial weights it has, on a stream.
func New[F tensor.Float](n *relu.Network[F], stream Stream[F], o Options[F]) (*Trainer[F], error) {
	t := &Trainer[F]{Options: o, Network: n, Stream: stream}
	t.Drawing.Seed = o.Seed
	blocks, err := Blocks(n)
	if err != nil {
		return nil, fault.Inputf("%w", err)
	}
	for _, layer := range n.Layers {
		switch layer.Layer.(type) {
		case *relu.BatchNorm[F], *relu.Dropout[F]:
			return nil, fault.Inputf("layer %s is a %s, which an encoder of rule clapp cannot have, as its layers learn from single patches as they are", layer.Name, layer.Kind())
		}
	}
	rows, columns := stream.Grid()
	along := rows*columns == 1 // sound
	for i, block := range blocks {
		l := &Layer[F]{Block: block, Regions: o.Regions, Along: along, gradients: relu.NewGradients(block)}
		t.Layers = append(t.Layers, l)
		if rows := t.grid(i, 1).Rows; !o.Classify && o.Steps > rows-o.Skip-1 {
			return nil, fault.Inputf("layer %d has %d rows, which leave room for %d steps of prediction, expected at least rule.steps (%d)", i+1, rows, max(0, rows-o.Skip-1), o.Steps)
		}
	}
	t.tapes = make([]autodiff.Tape[F], len(blocks))
	t.weights.Options = o.Options
	t.addParameters()
	if o.Classify {
		if stream.Classes() < 2 {
			return nil, fault.Inputf("the data have no classes, which rule.objective classes needs")
		}
		t.addHeads()
		return t, nil
	}
	t.addPredictions()
	return t, nil
}

// addParameters makes those of the network learn.
func (t *Trainer[F]) addParameters() {
	for i, l := range t.Layers {
		for _, layer := range l.Block.Layers {
			for _, p := range layer.Parameters() {
				t.initial = append(t.initial, append([]F(nil), p.Values.Data...))
				t.weights.Add(plasticity.Array[F]{Name: layer.Name + "." + p.Name, Shape: p.Values.Shape, Value: p.Values.Data, Grad: l.gradients[p.Values].Grad.Data,
					Doc: fmt.Sprintf("%s of a %s, in layer %d of the encoder", p.Name, layer.Kind(), i+1), Undecayed: p.Name == "bias"})
			}
		}
	}
}

// addPredictions draws the matrices M: U(±1/√C), C the size of a target's vector.
func (t *Trainer[F]) addPredictions() {
	last := len(t.Layers) - 1
	add := func(context, target int, share float64) {
		p := &Prediction[F]{Context: context, Target: target, Hold: t.HoldContext}
		for k := range p.Losses {
			p.Losses[k] = Loss[F]{Contrast: t.Contrast, Skip: t.Skip, Unpredicted: t.Unpredicted, Share: share}
		}
		from, to := t.vectorSize(context), t.vectorSize(target)
		number := len(t.predictions)
		matrices := func(purpose string) (all [][]F) {
			r := rng.Stream(t.Seed, rng.Purpose(purpose), uint64(number), 0)
			bound := 1 / math.Sqrt(float64(to))
			for range t.Steps {
				m := make([]F, from*to)
				for i := range m {
					m[i] = F(bound * (2*r.Float64() - 1))
				}
				all = append(all, m)
			}
			return all
		}
		p.Predict = matrices("clapp predictions")
		if t.Asymmetric {
			p.Retro = matrices("clapp retrodictions")
		}
		p.GradPredict, p.GradRetro = likeMatrices(nil, p.Predict), likeMatrices(nil, p.Retro)
		t.predictions = append(t.predictions, p)
		if t.FrozenPredictions || t.Unpredicted {
			return
		}
		for _, of := range []struct {
			name             string
			values, gradient [][]F
		}{{"predict", p.Predict, p.GradPredict}, {"retro", p.Retro, p.GradRetro}} {
			for k := range of.values {
				t.weights.Add(plasticity.Array[F]{Name: fmt.Sprintf("prediction%d.%s%d", number+1, of.name, k+1), Shape: []int{from, to}, Value: of.values[k], Grad: of.gradient[k],
					Doc: fmt.Sprintf("M of step %d, from contexts of layer %d to targets of layer %d [context][target]", k+1, context+1, target+1), Undecayed: true})
			}
		}
	}
	if t.EndToEnd {
		add(last, last, 0)
		return
	}
	for i := range t.Layers {
		switch {
		case t.Context == Above && i < last:
			add(i+1, i, 0)
		case t.Context == Below && i > 0:
			add(i, i-1, 0)
		case t.Context == SameAndBelow && i > 0:
			add(i, i, 0.5)
			add(i, i-1, 0.5)
		default:
			add(i, i, 0)
		}
	}
}

// outputShape is that of layer i.
func (t *Trainer[F]) outputShape(i int) relu.Shape {
	if i+1 < len(t.Layers) {
		return t.Layers[i+1].Block.Input
	}
	shapes, err := t.Layers[i].Block.Shapes()
	if err != nil {
		panic(err) // New has seen that they fit
	}
	return shapes[len(shapes)-1]
}

func (t *Trainer[F]) vectorSize(i int) int { return t.Layers[i].VectorSize(t.outputShape(i)) }

// grid is how the vectors of layer i lie.
func (t *Trainer[F]) grid(i, trials int) Grid {
	rows, columns := t.Stream.Grid()
	if l := t.Layers[i]; l.Along {
		rows, columns = l.Rows(t.outputShape(i)), 1
	}
	return Grid{Images: trials, Rows: rows, Columns: columns}
}

// Step takes training step number step, counted from 0.
func (t *Trainer[F]) Step(step int) (map[string]float64, error) {
	take := t.Stream.Train
	if t.Classify {
		take = t.Stream.Labelled
	}
	if err := take(&t.batch, step, t.BatchSize); err != nil {
		return nil, err
	}
	losses, err := t.gradients(step)
	if err != nil {
		return nil, err
	}
	m, err := t.weights.Update(step)
	if err != nil {
		return nil, err
	}
	t.describe(m, losses)
	return m, nil
}

// gradients computes those of t.batch, and the losses: of each prediction, or of each head.
func (t *Trainer[F]) gradients(step int) (losses []float64, err error) {
	for _, l := range t.Layers {
		l.gradients.Clear()
	}
	t.chooseRows(step)
	switch {
	case t.EndToEnd:
		losses = t.endToEnd(step)
	case t.Context == Same && !t.FeedbackGate:
		losses = t.oneByOne(step)
	default:
		losses = t.together(step)
	}
	for _, loss := range losses {
		if err := plasticity.FiniteLoss(step, loss); err != nil {
			return nil, err
		}
	}
	return losses, nil
}

// chooseRows chooses the rows of sound that a step learns from.
func (t *Trainer[F]) chooseRows(step int) {
	for i, l := range t.Layers {
		l.First, l.Places = 0, 0
		if width := t.outputShape(i).Width; l.Along && !t.Classify && t.LongestRows > 0 && width > t.LongestRows {
			l.Places = t.LongestRows
			l.First = rng.Stream(t.Seed, "clapp rows", uint64(step), uint64(i)).IntN(width - t.LongestRows + 1)
		}
	}
}

// input is t.batch as a layer takes it.
func (t *Trainer[F]) input() *autodiff.Var[F] {
	s := t.Layers[0].Block.Input
	return autodiff.Constant(&tensor.Dense[F]{Shape: []int{len(t.batch.Values) / s.Size(), s.Channels, s.Height, s.Width}, Data: t.batch.Values})
}

// oneByOne has only one layer's activity in memory, beside its input: each learns from the output of the one before
// and gives a copy of its own, from before its update, to the next.
func (t *Trainer[F]) oneByOne(step int) (losses []float64) {
	x := t.input()
	tape := &t.tapes[0]
	for i, l := range t.Layers {
		tape.Reset()
		y := l.Forward(tape, t.Threads, x)
		l.ClearSignal()
		losses = append(losses, t.loss(i, step, nil))
		l.Backward(tape)
		t.carry = append(t.carry[:0], y.Value.Data...)
		x = autodiff.Constant(&tensor.Dense[F]{Shape: y.Value.Shape, Data: t.carry})
	}
	return losses
}

// together has all layers in memory, for predictions from layer to layer. Gradients still keep to their layers.
func (t *Trainer[F]) together(step int) []float64 {
	x := t.input()
	for i, l := range t.Layers {
		t.tapes[i].Reset()
		x = autodiff.Constant(l.Forward(&t.tapes[i], t.Threads, x).Value)
		l.ClearSignal()
	}
	losses := make([]float64, t.lossCount())
	var above *Prediction[F]
	for i := len(losses) - 1; i >= 0; i-- {
		losses[i] = t.loss(i, step, t.gate(above))
		if !t.Classify {
			above = t.predictions[i]
		}
	}
	for i, l := range t.Layers {
		l.Backward(&t.tapes[i])
	}
	return losses
}

// endToEnd has one loss, of the last layer.
func (t *Trainer[F]) endToEnd(step int) []float64 {
	tape := &t.tapes[0]
	tape.Reset()
	x := t.input()
	for _, l := range t.Layers {
		x = l.Forward(tape, t.Threads, x)
	}
	last := t.Layers[len(t.Layers)-1]
	last.ClearSignal()
	losses := []float64{t.loss(0, step, nil)}
	last.Backward(tape)
	return losses
}

func (t *Trainer[F]) lossCount() int {
	if t.Classify {
		return len(t.heads)
	}
	return len(t.predictions)
}

// loss computes loss number i and adds its signals to those of its layers.
func (t *Trainer[F]) loss(i, step int, gate []float64) float64 {
	if t.Classify {
		h := t.heads[i]
		return h.learn(t.Threads, t.Layers[h.layer], t.grid(h.layer, t.batch.Trials), &t.batch)
	}
	p := t.predictions[i]
	g := t.grid(p.Target, t.batch.Trials)
	t.Draw(&t.draws[0], g, step, 2*i)
	if p.Retro != nil {
		t.Draw(&t.draws[1], g, step, 2*i+1)
	}
	p.Losses[0].Gate, p.Losses[1].Gate = gate, gate
	return p.Contrast(t.Threads, g, t.Layers[p.Context], t.Layers[p.Target], &t.draws[0], &t.draws[1])
}

// gate weighs the images of a layer by their losses ℓ in the one above: σ(3 (ℓ/mean - 1)).
func (t *Trainer[F]) gate(above *Prediction[F]) []float64 {
	if !t.FeedbackGate || above == nil {
		return nil
	}
	t.gates = append(t.gates[:0], above.Losses[0].PerImage...)
	var mean float64
	for _, v := range t.gates {
		mean += v / float64(len(t.gates))
	}
	for i, v := range t.gates {
		t.gates[i] = 1
		if mean > 0 {
			t.gates[i] = 1 / (1 + math.Exp(-3*(v/mean-1)))
		}
	}
	return t.gates
}

// describe adds the losses to metrics, and what tells a collapse: how far scores are apart, and how much of a
// layer is active.
func (t *Trainer[F]) describe(m map[string]float64, losses []float64) {
	m["loss"] = 0
	for i, loss := range losses {
		if t.Asymmetric && !t.Classify {
			loss /= 2 // so that it compares with that of one matrix
		}
		m["loss"] += loss
		m[fmt.Sprintf("loss_%d", t.number(i))] = loss
		if !t.Classify {
			m[fmt.Sprintf("separation_%d", t.number(i))] = t.predictions[i].Losses[0].Separation()
		}
	}
	for i, l := range t.Layers {
		m[fmt.Sprintf("active_%d", i+1)] = l.Active()
	}
}

// number is that of loss i for people: of its layer, where each has one.
func (t *Trainer[F]) number(i int) int {
	if t.EndToEnd {
		return len(t.Layers)
	}
	return i + 1
}

// Parameters counts what learns.
func (t *Trainer[F]) Parameters() int { return t.weights.Parameters() }

// ActivityBytes is the memory of the layers' activity and gradients that the training holds.
func (t *Trainer[F]) ActivityBytes() (bytes int64) {
	for i := range t.tapes {
		bytes += t.tapes[i].Bytes()
	}
	var zero F
	return bytes + int64(unsafe.Sizeof(zero))*int64(cap(t.carry))
}
