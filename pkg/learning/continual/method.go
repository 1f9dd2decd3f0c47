package continual

import (
	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Method is how a learner protects what it has learned. Its methods are called in the
// order Start, then in each step Reached (last layer first), Adjust, Moved, then End. None of
// them may keep the learner's arrays: those belong to the part of the network that the
// present context has.
type Method[F tensor.Float] interface {
	// Whole says that all weights move in each step, also those of neurons that are
	// closed in the context.
	Whole() bool

	// Start is called before the first step of a task, or of a context that was inferred.
	Start(l *Learner[F]) error

	// Prepare is called before each pass.
	Prepare(l *Learner[F], step int) error

	// Reached is called on the way back through a hidden layer, whose ∂L/∂h is known.
	Reached(l *Learner[F], layer int)

	// Adjust changes the gradients before the optimiser sees them.
	Adjust(l *Learner[F], step int) error

	// Moved is called after the optimiser's step.
	Moved(l *Learner[F])

	// End is called after the last step of a task, when the network has its weights.
	End(l *Learner[F]) error

	// Store writes what belongs to the part into the method's own state. Load makes the
	// part's share of the state anew; both are called where weights move between part and network.
	Store(l *Learner[F])
	Load(l *Learner[F])

	// Plasticity gives the factors by which the part's hidden layers learn.
	Plasticity() Plasticity[F]

	// State gives the tensors of the method that training goes on from. They are its own
	// memory.
	State() []checkpoint.Tensor
}

// Plasticity is factors between 0 and 1 of each hidden layer, nil for 1: for all that leads
// to a neuron, or for each weight and bias.
type Plasticity[F tensor.Float] struct {
	Neurons         [][]F // [layer][neuron]
	Weights, Biases [][]F // [layer][out][in], [layer][out]

	Channels                    [2][]F // of the convolutions before them, as Neurons
	FilterWeights, FilterBiases [2][]F // as Weights and Biases
}

// Finetuning protects nothing. Other methods embed it for what they leave as it is.
type Finetuning[F tensor.Float] struct{}

func (Finetuning[F]) Whole() bool                    { return false }
func (Finetuning[F]) Start(*Learner[F]) error        { return nil }
func (Finetuning[F]) Prepare(*Learner[F], int) error { return nil }
func (Finetuning[F]) Reached(*Learner[F], int)       {}
func (Finetuning[F]) Adjust(*Learner[F], int) error  { return nil }
func (Finetuning[F]) Moved(*Learner[F])              {}
func (Finetuning[F]) End(*Learner[F]) error          { return nil }
func (Finetuning[F]) Store(*Learner[F])              {}
func (Finetuning[F]) Load(*Learner[F])               {}
func (Finetuning[F]) Plasticity() Plasticity[F]      { return Plasticity[F]{} }
func (Finetuning[F]) State() []checkpoint.Tensor     { return nil }
