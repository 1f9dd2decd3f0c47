// Package copyrepeat is the copy-repeat task: a network is shown N random
// vectors of bits and then a number R, and has to say the vectors R times over
// and then that it has finished (Graves et al., arXiv:1410.5401; Jaderberg et
// al., arXiv:1608.05343; section 6 of the e-prop method).
//
// A sequence has N + 1 + N·R + 1 symbols:
//
//	symbol         input: bits   stop   repeats   output: bits     end
//	0 … N-1        vector        0      0         not scored
//	N              0             1      R/10      not scored
//	N+1 … N+N·R    0             0      0         vector           0
//	the last       0             0      0         0                1
//
// A symbol lasts one step or, for networks of neurons that need time, several,
// of which the last is scored. Outputs are logits of independent bits.
//
// # Curriculum
//
// All sequences of a batch have the same N and R, the level. Training begins at
// level 0, N = R = 1. When the mean cross-entropy of a batch falls below a
// threshold, 0.15 bits per bit, the level is solved, and N and R grow by one in
// turn. So a network need not keep what it has learned of shorter sequences, and
// may forget it: solved means that it could do them when it learned them.
package copyrepeat

import (
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/rng"
)

// Options are the choices of the task.
type Options struct {
	Bits             int     // of a vector
	SymbolSteps      int     // steps that each symbol lasts
	SolvedBelow      float64 // threshold of the curriculum, bits per bit
	Longest          int     // length in symbols beyond which the curriculum does not go, at least 4
	EvaluationTrials int     // size of the validation split and of the test split
	Seed             uint64
}

// Lines is the number of input lines.
func (o *Options) Lines() int { return o.Bits + 2 }

// Outputs is the number of output bits.
func (o *Options) Outputs() int { return o.Bits + 1 }

// Level is a pair of N and R, counted from 0: (1, 1), (2, 1), (2, 2), (3, 2) ….
type Level int

// Vectors is N.
func (l Level) Vectors() int { return 1 + (int(l)+1)/2 }

// Repeats is R.
func (l Level) Repeats() int { return 1 + int(l)/2 }

// Symbols is the length of a sequence.
func (l Level) Symbols() int { return l.Vectors()*(l.Repeats()+1) + 2 }

// Curriculum is how far a training has come: the first level that is not solved.
// The zero value is the start.
type Curriculum struct{ Level Level }

// Solved is the length in symbols of the longest sequences solved so far.
func (c *Curriculum) Solved() int {
	if c.Level == 0 {
		return 0
	}
	return (c.Level - 1).Symbols()
}

// Current is the level to learn: the last one of those that are not too long, if
// all are solved.
func (c *Curriculum) Current(o *Options) Level {
	if c.Level > 0 && c.Level.Symbols() > o.Longest {
		return c.Level - 1
	}
	return c.Level
}

// Learn takes the error of a batch of the current level, in bits per bit.
func (c *Curriculum) Learn(bits float64, o *Options) {
	if bits < o.SolvedBelow && c.Current(o) == c.Level {
		c.Level++
	}
}

// Batch is a batch of sequences of one level.
type Batch struct {
	Steps, Trials int
	Inputs        []float32 // [T][B][Lines]
	Targets       []float32 // 0 or 1, [T][B][Outputs]; 0 in steps that are not scored
	Scored        []bool    // [T]
}

// Scores is the number of scored steps.
func (b *Batch) Scores() int {
	count := 0
	for _, scored := range b.Scored {
		if scored {
			count++
		}
	}
	return count
}

// Check reports options that make no task.
func (o *Options) Check() error {
	switch {
	case o.Bits < 1:
		return fault.Inputf("bits is %d, expected at least 1", o.Bits)
	case o.SymbolSteps < 1:
		return fault.Inputf("symbol_steps is %d, expected at least 1", o.SymbolSteps)
	}
	return nil
}

// Train writes the batch of a training step to b.
func (o *Options) Train(b *Batch, level Level, step, trials int) {
	o.fill(b, level, "copy-repeat-train", uint64(step), 0, trials)
}

// Evaluate writes the trials [first, first+trials) of a split to b: train,
// validation or test, which differ in nothing but their random numbers.
func (o *Options) Evaluate(b *Batch, level Level, split string, first, trials int) error {
	switch split {
	case "train", "validation", "test":
		o.fill(b, level, rng.Purpose("copy-repeat-evaluate-"+split), uint64(level), first, trials)
		return nil
	}
	return fault.Inputf("there is no split %q, expected train, validation or test", split)
}

func (o *Options) fill(b *Batch, level Level, purpose rng.Purpose, step uint64, first, trials int) {
	n, r := level.Vectors(), level.Repeats()
	b.Steps, b.Trials = level.Symbols()*o.SymbolSteps, trials
	b.Inputs = zeros(b.Inputs, b.Steps*trials*o.Lines())
	b.Targets = zeros(b.Targets, b.Steps*trials*o.Outputs())
	b.Scored = zeros(b.Scored, b.Steps)
	input := func(symbol, trial, line int, x float32) {
		for i := range o.SymbolSteps {
			b.Inputs[((symbol*o.SymbolSteps+i)*trials+trial)*o.Lines()+line] = x
		}
	}
	target := func(symbol, trial, output int, x float32) {
		step := (symbol+1)*o.SymbolSteps - 1
		b.Scored[step] = true
		b.Targets[(step*trials+trial)*o.Outputs()+output] = x
	}
	for trial := range trials {
		random := rng.Stream(o.Seed, purpose, step, uint64(first+trial))
		for i := range n {
			for bit := range o.Bits {
				x := float32(random.IntN(2))
				input(i, trial, bit, x)
				for repeat := range r {
					target(n+1+repeat*n+i, trial, bit, x)
				}
			}
		}
		input(n, trial, o.Bits, 1)
		input(n, trial, o.Bits+1, float32(r)/10)
		target(level.Symbols()-1, trial, o.Bits, 1)
	}
}

// zeros returns n zeros, in x if they fit.
func zeros[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	x = x[:n]
	clear(x)
	return x
}
