// Package autodiff is a small reverse-mode tape.
//
// Its operations are whole layers over whole sequences; each writes its result
// at once and leaves on the tape the function that carries gradients back.
package autodiff

import "github.com/snnctl/snnctl/internal/tensor"

// Var is a value and the gradient of the loss with respect to it.
type Var[F tensor.Float] struct {
	Value *tensor.Dense[F]
	Grad  *tensor.Dense[F] // same shape; operations add to it on the way back
}

// NewVar returns value with a gradient of zero.
func NewVar[F tensor.Float](value *tensor.Dense[F]) *Var[F] {
	return &Var[F]{value, tensor.New[F](value.Shape...)}
}

// Tape is the list of operations done, in order.
type Tape[F tensor.Float] struct{ adjoints []func() }

// Record puts on the tape what an operation does on the way back.
func (t *Tape[F]) Record(adjoint func()) { t.adjoints = append(t.adjoints, adjoint) }

// Backward sets the gradient of loss, a single number, to 1, and carries it
// back through all operations, last to first. The tape is empty afterwards.
func (t *Tape[F]) Backward(loss *Var[F]) {
	loss.Grad.Data[0] = 1
	for i := len(t.adjoints) - 1; i >= 0; i-- {
		t.adjoints[i]()
	}
	clear(t.adjoints)
	t.adjoints = t.adjoints[:0]
}
