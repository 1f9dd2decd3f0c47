// Package tasksequence makes sequences of classification tasks for continual learning:
// from a set of images by permuting pixels, rotating, shuffling or splitting labels, or
// from the features of an encoder (2306.01690, sections 10 and 14 of the method).
package tasksequence

import (
	"fmt"
	"slices"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
)

// Source is a sequence of tasks. Its methods may be called by several goroutines at once.
type Source interface {
	Tasks() int
	Inputs() int
	Classes() int                    // of a task; labels are 0 to Classes-1
	Size(task int, split string) int // of "train", "validation" or "test"

	// Read writes the inputs of an example to dst, and returns its class.
	Read(dst []float32, task int, split string, i int) (class int, err error)

	// Name says what a task is, such as "rotated by 112°".
	Name(task int) string

	// Checksums are those of the files read, by name.
	Checksums() map[string]string
}

// Batch is examples of one task.
type Batch[F tensor.Float] struct {
	Trials  int
	Values  []F   // [input][trial]
	Classes []int // [trial]

	rows []float32 // [trial][input]
	errs []error
}

// Stream yields the batches of a source. They depend on the seed and on the arguments
// alone, so there is no cursor to save.
type Stream[F tensor.Float] struct {
	Source
	Seed    uint64
	Threads int

	picked  []int
	present map[int]bool
}

// Train yields the batch of a training step: examples of a task drawn at random, none of
// them twice in a batch.
func (s *Stream[F]) Train(b *Batch[F], step, task, trials int) error {
	n := s.Size(task, "train")
	if trials < 1 || trials > n {
		return fmt.Errorf("batch of %d examples of task %d, which has %d", trials, task, n)
	}
	return s.Examples(b, task, "train", s.Pick(rng.Stream(s.Seed, "task-batch", uint64(step), 0).IntN, n, trials))
}

// Pick draws distinct numbers below n, given draws below any number. The result is valid until the next call.
func (s *Stream[F]) Pick(intN func(int) int, n, count int) []int {
	s.picked = s.picked[:0]
	if s.present == nil {
		s.present = map[int]bool{}
	}
	clear(s.present)
	// Floyd's algorithm: each subset is as likely as the others.
	for j := n - count; j < n; j++ {
		i := intN(j + 1)
		if s.present[i] {
			i = j
		}
		s.present[i] = true
		s.picked = append(s.picked, i)
	}
	return s.picked
}

// Evaluate yields the examples [first, first+trials) of a split of a task, or fewer at its end.
func (s *Stream[F]) Evaluate(b *Batch[F], split string, task, first, trials int) error {
	if err := datasets.CheckSplit(split); err != nil {
		return err
	}
	trials = max(0, min(trials, s.Size(task, split)-first))
	s.picked = slices.Grow(s.picked[:0], trials)[:trials]
	for i := range s.picked {
		s.picked[i] = first + i
	}
	return s.Examples(b, task, split, s.picked)
}

// Examples yields some examples of a split of a task.
func (s *Stream[F]) Examples(b *Batch[F], task int, split string, which []int) error {
	inputs, trials := s.Inputs(), len(which)
	b.Trials = trials
	b.Values = slices.Grow(b.Values[:0], trials*inputs)[:trials*inputs]
	b.rows = slices.Grow(b.rows[:0], trials*inputs)[:trials*inputs]
	b.Classes = slices.Grow(b.Classes[:0], trials)[:trials]
	b.errs = slices.Grow(b.errs[:0], trials)[:trials]
	parallel.For(s.Threads, trials, func(_, trial int) {
		b.Classes[trial], b.errs[trial] = s.Read(b.rows[trial*inputs:(trial+1)*inputs], task, split, which[trial])
	})
	for _, err := range b.errs {
		if err != nil {
			return err
		}
	}
	const tile = 16
	parallel.For(s.Threads, (inputs+tile-1)/tile, func(_, block int) {
		first, last := block*tile, min(inputs, (block+1)*tile)
		for trial := range trials {
			for i, v := range b.rows[trial*inputs+first : trial*inputs+last] {
				b.Values[(first+i)*trials+trial] = F(v)
			}
		}
	})
	return nil
}
