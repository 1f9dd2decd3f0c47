// Package autodiff is a small reverse-mode tape.
//
// Its operations are whole layers over whole sequences; each writes its result
// at once and leaves on the tape the function that carries gradients back.
package autodiff

import (
	"slices"

	"github.com/snnctl/snnctl/internal/tensor"
)

// Var is a value and the gradient of the loss with respect to it.
type Var[F tensor.Float] struct {
	Value *tensor.Dense[F]
	Grad  *tensor.Dense[F] // same shape; operations add to it on the way back
}

// NewVar returns value with a gradient of zero.
func NewVar[F tensor.Float](value *tensor.Dense[F]) *Var[F] {
	return &Var[F]{value, tensor.New[F](value.Shape...)}
}

// Tape is the list of operations done, in order, and the memory of their
// results. The zero value is ready.
type Tape[F tensor.Float] struct {
	// Inference leaves out what only the way back needs: results have no gradient,
	// and nothing is recorded. It is set before the first operation.
	Inference bool

	adjoints []func()
	results  []*Var[F]         // handed out since the last Reset
	spare    map[int][]*Var[F] // by size, from before it
}

// Record puts on the tape what an operation does on the way back.
func (t *Tape[F]) Record(adjoint func()) {
	if !t.Inference {
		t.adjoints = append(t.adjoints, adjoint)
	}
}

// Result returns zeros, with a gradient of zeros, for an operation to write
// its result to. They belong to the tape, until Reset.
func (t *Tape[F]) Result(shape ...int) *Var[F] {
	v := t.Unset(1, shape...)
	clear(v.Value.Data)
	return v
}

// Unset is Result for operations that write every number of their result, and
// add to none: the values are any. Threads share the zeros of the gradient.
func (t *Tape[F]) Unset(threads int, shape ...int) *Var[F] {
	n := size(shape)
	var v *Var[F]
	if spare := t.spare[n]; len(spare) > 0 {
		v = spare[len(spare)-1]
		t.spare[n] = spare[:len(spare)-1]
		if !slices.Equal(v.Value.Shape, shape) {
			v.Value.Shape = slices.Clone(shape)
		}
		if v.Grad != nil {
			gradient := v.Grad.Data
			eachBlock(threads, len(gradient), func(lo, hi int) { clear(gradient[lo:hi]) })
			v.Grad.Shape = v.Value.Shape
		}
	} else if v = Constant(tensor.New[F](slices.Clone(shape)...)); !t.Inference {
		v = NewVar(v.Value)
	}
	t.results = append(t.results, v)
	return v
}

// Backward sets the gradient of loss, a single number, to 1, and carries it
// back through all operations, last to first. It takes them off the tape.
func (t *Tape[F]) Backward(loss *Var[F]) {
	loss.Grad.Data[0] = 1
	for i := len(t.adjoints) - 1; i >= 0; i-- {
		t.adjoints[i]()
	}
	t.forget()
}

func (t *Tape[F]) forget() {
	clear(t.adjoints)
	t.adjoints = t.adjoints[:0]
}

// Reset empties the tape for the next batch, which uses the memory of this
// one's results again: nobody may read them any more.
func (t *Tape[F]) Reset() {
	t.forget()
	if t.spare == nil {
		t.spare = map[int][]*Var[F]{}
	}
	for _, v := range t.results {
		n := len(v.Value.Data)
		t.spare[n] = append(t.spare[n], v)
	}
	clear(t.results)
	t.results = t.results[:0]
}

// Release gives the memory of a result to the operations that follow, before the
// next Reset. It is for Inference, where nobody goes back to it.
func (t *Tape[F]) Release(v *Var[F]) {
	i := slices.Index(t.results, v)
	if i < 0 || !t.Inference {
		return
	}
	if t.spare == nil {
		t.spare = map[int][]*Var[F]{}
	}
	t.results = slices.Delete(t.results, i, i+1)
	n := len(v.Value.Data)
	t.spare[n] = append(t.spare[n], v)
}
