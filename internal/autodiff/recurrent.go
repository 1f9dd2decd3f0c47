package autodiff

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// RecurrentWeights are the weights of a layer of hidden cells of so many gates,
// laid out as by torch.nn: gate by gate, in the order the layer's comment gives.
type RecurrentWeights[F tensor.Float] struct {
	Input      *Var[F] // [gates·hidden][in]
	Hidden     *Var[F] // [gates·hidden][hidden]
	InputBias  *Var[F] // [gates·hidden], nil for none
	HiddenBias *Var[F] // [gates·hidden], nil for none
}

const (
	badSequence     = "autodiff: recurrent layer: x is not [steps][batch][in], or is empty"
	badRecurrent    = "autodiff: recurrent layer: the weights are not [gates·hidden][in], [gates·hidden][hidden] and [gates·hidden]"
	badInitialState = "autodiff: recurrent layer: an initial state is not [batch][hidden]"
)

// recurrence is what recurrent layers share: the products with the weights, and
// their adjoints.
type recurrence[F tensor.Float] struct {
	threads                         int
	steps, batch, in, hidden, gates int
	x, h0                           *Var[F]
	RecurrentWeights[F]
	start []F // state before the first step, [batch][hidden]
}

func newRecurrence[F tensor.Float](threads, gates int, x *Var[F], w RecurrentWeights[F], h0 *Var[F]) *recurrence[F] {
	wantAxes(badSequence, x, 3)
	wantAxes(badRecurrent, w.Hidden, 2)
	r := &recurrence[F]{threads: threads, gates: gates, x: x, h0: h0, RecurrentWeights: w}
	r.steps, r.batch, r.in, r.hidden = x.Value.Shape[0], x.Value.Shape[1], x.Value.Shape[2], w.Hidden.Value.Shape[1]
	want(badRecurrent, w.Input, gates*r.hidden, r.in)
	want(badRecurrent, w.Hidden, gates*r.hidden, r.hidden)
	for _, b := range []*Var[F]{w.InputBias, w.HiddenBias} {
		if b != nil {
			want(badRecurrent, b, gates*r.hidden)
		}
	}
	r.start = r.initial(h0)
	return r
}

// initial returns an initial state, 0 if it is not given.
func (r *recurrence[F]) initial(v *Var[F]) []F {
	if v == nil {
		return make([]F, r.batch*r.hidden)
	}
	want(badInitialState, v, r.batch, r.hidden)
	return v.Value.Data
}

// state is the part of s [steps][batch][hidden] that belongs to a step.
func (r *recurrence[F]) state(s []F, step int) []F {
	n := r.batch * r.hidden
	return s[step*n : (step+1)*n]
}

// gatesAt is the part of s [steps][batch][gates·hidden] that belongs to a step.
func (r *recurrence[F]) gatesAt(s []F, step int) []F {
	n := r.batch * r.gates * r.hidden
	return s[step*n : (step+1)*n]
}

// before returns the state that a step starts from, where h holds those that
// steps end in and start the first.
func (r *recurrence[F]) before(h, start []F, step int) []F {
	if step == 0 {
		return start
	}
	return r.state(h, step-1)
}

// addToRows adds b to each row; nil is none.
func addToRows[F tensor.Float](rows []F, b *Var[F]) {
	if b == nil {
		return
	}
	for ; len(rows) > 0; rows = rows[len(b.Value.Data):] {
		for i, v := range b.Value.Data {
			rows[i] += v
		}
	}
}

// drive adds to gates [steps][batch][gates·hidden] what the input gives them.
func (r *recurrence[F]) drive(gates []F) {
	width := r.gates * r.hidden
	kernel.Gemm(r.threads, false, true, r.steps*r.batch, width, r.in, 1, r.x.Value.Data, r.in, r.Input.Value.Data, r.in, 1, gates, width)
}

// recur adds to the gates of one step what the state h before it gives them.
func (r *recurrence[F]) recur(gates, h []F) {
	width := r.gates * r.hidden
	kernel.Gemm(r.threads, false, true, r.batch, width, r.hidden, 1, h, r.hidden, r.Hidden.Value.Data, r.hidden, 1, gates, width)
}

// carry adds to gh what the gradient of one step's recurrent drive owes the state before.
func (r *recurrence[F]) carry(gh, gates []F) {
	width := r.gates * r.hidden
	kernel.Gemm(r.threads, false, false, r.batch, r.hidden, width, 1, gates, width, r.Hidden.Value.Data, r.hidden, 1, gh, r.hidden)
}

// eachTrial calls f for each trial of a batch, on several threads if the work of
// a step is worth it.
func (r *recurrence[F]) eachTrial(f func(trial int)) {
	const worth = 1 << 12
	threads := r.threads
	if r.batch*r.hidden < worth {
		threads = 1
	}
	parallel.For(threads, r.batch, func(_, trial int) { f(trial) })
}

// weightGradients adds the gradients of input, weights and biases, given those
// of what the input and the states h drove the gates with.
func (r *recurrence[F]) weightGradients(h, fromInput, fromHidden []F) {
	rows, width := r.steps*r.batch, r.gates*r.hidden
	if r.x.Grad != nil {
		kernel.Gemm(r.threads, false, false, rows, r.in, width, 1, fromInput, width, r.Input.Value.Data, r.in, 1, r.x.Grad.Data, r.in)
	}
	if r.Input.Grad != nil {
		kernel.Gemm(r.threads, true, false, width, r.in, rows, 1, fromInput, width, r.x.Value.Data, r.in, 1, r.Input.Grad.Data, r.in)
	}
	if r.Hidden.Grad != nil {
		product := func(rows int, gates, h []F) {
			kernel.Gemm(r.threads, true, false, width, r.hidden, rows, 1, gates, width, h, r.hidden, 1, r.Hidden.Grad.Data, r.hidden)
		}
		product(r.batch, fromHidden, r.start)
		if r.steps > 1 {
			product(rows-r.batch, fromHidden[r.batch*width:], h)
		}
	}
	addRows(r.InputBias, fromInput)
	addRows(r.HiddenBias, fromHidden)
}

// addRows adds the sum of rows to the gradient of b.
func addRows[F tensor.Float](b *Var[F], rows []F) {
	if b == nil || b.Grad == nil {
		return
	}
	grad := b.Grad.Data
	for ; len(rows) > 0; rows = rows[len(grad):] {
		for i, g := range rows[:len(grad)] {
			grad[i] += g
		}
	}
}

// addGrad adds grad to the gradient of v.
func addGrad[F tensor.Float](v *Var[F], grad []F) {
	if v == nil || v.Grad == nil {
		return
	}
	for i, g := range grad {
		v.Grad.Data[i] += g
	}
}
