package ttfs

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
)

// Engine simulates a network. Both kinds, ClosedForm and Membranes, give the same
// response, up to rounding.
type Engine[F tensor.Float] interface {
	// Run takes the inputs of trials, [trials][input]. What it returns holds until
	// the next call.
	Run(inputs []F, trials int) *Response[F]
}

// Response is what a network does with a batch.
type Response[F tensor.Float] struct {
	Trials int
	Coded  []F   // x of the input spikes, [trials][input]
	Values [][]F // x = t_max - t of each stage's output, [trials][size]; 0 is silent. The readout has none
	Logits []F   // [trials][classes]

	Outside int       // inputs outside [p, q]
	Beyond  []int     // neurons of each stage whose value is greater than their window
	Largest []float64 // greatest value of each stage's neurons, before the window cuts it
}

func newResponse[F tensor.Float](stages int) *Response[F] {
	return &Response[F]{Values: make([][]F, stages-1), Beyond: make([]int, stages), Largest: make([]float64, stages)}
}

// start codes the inputs of a batch and clears the counts.
func (r *Response[F]) start(n *Network[F], inputs []F, trials int) {
	r.Trials = trials
	r.Coded = sized(r.Coded, trials*n.Input.Size())
	r.Outside = n.Code(r.Coded, inputs)
	clear(r.Beyond)
	for i := range r.Largest {
		r.Largest[i] = math.Inf(-1)
	}
}

// output is where a stage writes what it says, in a shape of out for each trial.
func (r *Response[F]) output(stage int, out Shape) []F {
	to := &r.Logits
	if stage < len(r.Values) {
		to = &r.Values[stage]
	}
	*to = sized(*to, r.Trials*out.Size())
	return *to
}

// forgive takes back the counts of values beyond their windows where they are cut on purpose.
func (r *Response[F]) forgive(n *Network[F]) {
	for i, stage := range n.Stages {
		if neurons, ok := stage.(*Neurons[F]); ok && neurons.Clipped {
			r.Beyond[i] = 0
		}
	}
}

// Classes are the decisions: the greatest logit of each trial, the first of equals.
func (r *Response[F]) Classes(dst []int) []int {
	dst = dst[:0]
	classes := len(r.Logits) / max(1, r.Trials)
	for trial := range r.Trials {
		best := 0
		for k, y := range r.Logits[trial*classes : (trial+1)*classes] {
			if y > r.Logits[trial*classes+best] {
				best = k
			}
		}
		dst = append(dst, best)
	}
	return dst
}

// sized returns n numbers, in x if they fit.
func sized[F tensor.Float](x []F, n int) []F {
	if cap(x) < n {
		return make([]F, n)
	}
	return x[:n]
}
