package conversion

import (
	"math"
	"slices"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/pkg/metrics"
	"github.com/snnctl/snnctl/pkg/models/relu"
	"github.com/snnctl/snnctl/pkg/models/ttfs"
)

// comparison runs a ReLU network and its conversion side by side.
type comparison struct {
	conversion *ttfs.Conversion
	engine     ttfs.Engine[float64]
	activity   *ttfs.Activity[float64]
	original   relu.Evaluator[float64]
	response   *ttfs.Response[float64]

	difference  []float64 // max |x - x_ReLU| of each stage, in units of the ReLU network
	logits      float64   // max |Δ logit|
	beyond      []int     // of each stage
	outside     int
	agree       int
	classes     []int  // of the batch
	right       [2]int // of the ReLU network and of the conversion
	labelled    int
	first       *ttfs.Response[float64] // what the first trial did
	activations []*histogram            // of each stage
}

func newComparison(n *relu.Network[float64], c *ttfs.Conversion, engine ttfs.Engine[float64], threads int) (*comparison, error) {
	activity, err := ttfs.NewActivity(c.Network)
	if err != nil {
		return nil, err
	}
	stages := len(c.Network.Stages)
	v := &comparison{conversion: c, engine: engine, activity: activity, difference: make([]float64, stages), beyond: make([]int, stages), activations: make([]*histogram, stages)}
	for i, stage := range c.Network.Stages {
		if neurons, ok := stage.(*ttfs.Neurons[float64]); ok {
			v.activations[i] = newHistogram(neurons.Window)
		}
	}
	v.original = relu.Evaluator[float64]{Network: n, Threads: threads, Observe: v.observe}
	return v, nil
}

// add shows both a batch.
func (v *comparison) add(b Batch) error {
	r := v.engine.Run(b.Values, b.Trials)
	v.response = r
	v.activity.Add(r)
	v.outside += r.Outside
	for i, n := range r.Beyond {
		v.beyond[i] += n
	}
	for i, h := range v.activations {
		if h != nil {
			h.add(r.Values[i])
		}
	}
	if v.first == nil {
		v.first = firstTrial(r)
	}
	logits := v.original.Logits(b.Values, b.Trials)
	for i, y := range logits {
		v.logits = worse(v.logits, math.Abs(r.Logits[i]-y))
	}
	v.classes = r.Classes(v.classes)
	v.agree += metrics.Correct(logits, v.classes)
	if b.Classes != nil {
		v.labelled += b.Trials
		v.right[0] += metrics.Correct(logits, b.Classes)
		v.right[1] += metrics.Correct(r.Logits, b.Classes)
	}
	return nil
}

// observe compares what layer i of the ReLU network makes of the batch with the stage
// that carries it.
func (v *comparison) observe(layer int, y *autodiff.Var[float64]) {
	for _, p := range v.conversion.Counterparts {
		if p.Layer != layer {
			continue
		}
		x := v.response.Values[p.Stage]
		size := len(x) / v.response.Trials
		perGain := size / len(p.Gain)
		for i, want := range y.Value.Data {
			at := i % size
			v.difference[p.Stage] = worse(v.difference[p.Stage], math.Abs(p.Gain[at/perGain]*x[i]+p.Shift[at]-want))
		}
	}
}

// worse is the greater of two errors; NaN is the greatest.
func worse(a, b float64) float64 {
	if math.IsNaN(a) || b <= a {
		return a
	}
	return b
}

// firstTrial is a copy of what the first trial of a batch did.
func firstTrial(r *ttfs.Response[float64]) *ttfs.Response[float64] {
	one := &ttfs.Response[float64]{Trials: 1, Coded: slices.Clone(r.Coded[:len(r.Coded)/r.Trials]), Logits: slices.Clone(r.Logits[:len(r.Logits)/r.Trials])}
	for _, x := range r.Values {
		one.Values = append(one.Values, slices.Clone(x[:len(x)/r.Trials]))
	}
	return one
}
