// Package autodiff is a small reverse-mode tape.
//
// Its operations are whole layers over whole sequences; each writes its result
// at once and leaves on the tape the function that carries gradients back.
package autodiff

import (
	"slices"
	"unsafe"

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
	spare    map[int][]*Var[F] // by capacity, from before it
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
	v := t.takeSpare(n)
	if v != nil {
		v.Value.Data = v.Value.Data[:n]
		if !slices.Equal(v.Value.Shape, shape) {
			v.Value.Shape = slices.Clone(shape)
		}
		if v.Grad != nil {
			v.Grad.Data = v.Grad.Data[:n]
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

// takeSpare is memory of n numbers from before the last Reset, or nil: of exactly that size, or else the least that
// is larger, so that passes that take turns on a tape share the memory of the largest. Inference, which releases memory in
// between, takes that size alone: a small result would keep what a large one needs next.
func (t *Tape[F]) takeSpare(n int) *Var[F] {
	if len(t.spare[n]) == 0 && !t.Inference {
		least := 0
		for size, spare := range t.spare {
			if size > n && len(spare) > 0 && (least == 0 || size < least) {
				least = size
			}
		}
		n = least
	}
	spare := t.spare[n]
	if len(spare) == 0 {
		return nil
	}
	v := spare[len(spare)-1]
	t.spare[n] = spare[:len(spare)-1]
	return v
}

// keep makes the memory of a result spare.
func (t *Tape[F]) keep(v *Var[F]) {
	if t.spare == nil {
		t.spare = map[int][]*Var[F]{}
	}
	n := cap(v.Value.Data)
	t.spare[n] = append(t.spare[n], v)
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
	for _, v := range t.results {
		t.keep(v)
	}
	clear(t.results)
	t.results = t.results[:0]
}

// Bytes is the memory of results and gradients that the tape holds.
func (t *Tape[F]) Bytes() (bytes int64) {
	var zero F
	count := func(v *Var[F]) {
		bytes += int64(unsafe.Sizeof(zero)) * int64(cap(v.Value.Data))
		if v.Grad != nil {
			bytes += int64(unsafe.Sizeof(zero)) * int64(cap(v.Grad.Data))
		}
	}
	for _, v := range t.results {
		count(v)
	}
	for _, spare := range t.spare {
		for _, v := range spare {
			count(v)
		}
	}
	return bytes
}

// Release gives the memory of a result to the operations that follow, before the
// next Reset. It is for Inference, where nobody goes back to it.
func (t *Tape[F]) Release(v *Var[F]) {
	i := slices.Index(t.results, v)
	if i < 0 || !t.Inference {
		return
	}
	t.results = slices.Delete(t.results, i, i+1)
	t.keep(v)
}
