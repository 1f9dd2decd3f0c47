// Package datasets defines what every data set yields: batches of trials.
//
// The readers, generators and encoders lie in the folders below it. They know
// no model.
package datasets

import "github.com/snnctl/snnctl/internal/tensor"

// Shape is what a model must know of a source before it is built.
type Shape struct {
	Steps   int // T, steps of a trial (1 ms each)
	Lines   int // input lines
	Classes int // classes of a decision; 0 where there are numbers or curves instead
	Numbers int // numbers that a decision asks for; 0 where there are classes or curves
	Curves  int // target curves that the outputs are to follow; 0 where there are decisions
}

// Outputs is what the readout has: one for each class, number or curve.
func (s Shape) Outputs() int { return max(s.Classes, s.Numbers, s.Curves) }

// Population is a number of neighbouring input lines that belong together.
type Population struct {
	Name  string
	Lines int
}

// Decision asks which class trial Trial shows, or for numbers; the answer is read
// from the network's mean output over the steps [Start, End).
type Decision struct {
	Trial, Start, End int
	Class             int // 0 where the decision asks for numbers
}

// Group is the input of up to tensor.Lanes trials.
type Group = tensor.Input

// Batch is a number of trials, in groups of tensor.Lanes: trial i is lane
// i%Lanes of group i/Lanes.
type Batch struct {
	Trials    int
	Groups    []Group
	Decisions []Decision // in the order of Trial, then Start
	Targets   []float32  // of curves, [Trials][Steps][Curves]; of decisions, [len(Decisions)][Numbers]; empty where they have classes
}

// Source yields the batches of one data set in one encoding.
//
// Its batches depend on the seed it was made with and on the arguments alone,
// never on what was asked before; so there is no cursor to save. The methods
// refill *dst and reuse its memory; the zero Batch is fine too.
type Source interface {
	Shape() Shape

	// Populations names the input lines, in their order, for pictures.
	Populations() []Population

	// Train yields the batch of a training step.
	Train(dst *Batch, step, trials int) error

	// Evaluate yields trials [first, first+trials) of a split ("train",
	// "validation" or "test"); it may yield fewer at the end of the split.
	Evaluate(dst *Batch, split string, first, trials int) error

	// Size is the number of trials in a split; generators state how many
	// they are asked for by default.
	Size(split string) int

	// Checksums gives the SHA-256 of each file read, by its name.
	Checksums() map[string]string
}
