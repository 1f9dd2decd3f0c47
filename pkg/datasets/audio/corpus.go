// Package audio reads sound: files of several formats, whole corpora of them, and pieces
// of a synthetic piano; it resamples, and cuts out the segments of a training.
package audio

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/audio/midi"
	"github.com/snnctl/snnctl/pkg/datasets/audio/synthpiano"
)

// Piece is music, mono, with its notes where they are known.
type Piece struct {
	Name    string
	Samples []float32 // not to be written to: they may be a file's
	Notes   []midi.Note

	onDisk bool
}

// Corpus is pieces of one sampling rate, by split: train, validation, test.
type Corpus struct {
	Rate   int // Hz
	Seed   uint64
	Pieces map[string][]*Piece

	Checksums map[string]string // SHA-256 of the files, by name
	Missing   []string          // files that a table lists and the directory lacks
}

// Splits are the names of the splits.
var splits = []string{"train", "validation", "test"}

// Splits are the names of the splits, in the order of their pieces.
func Splits() []string { return splits }

// Synthetic is a corpus of the synthetic piano: so many pieces for training, one for
// validation and one for the test.
func Synthetic(o synthpiano.Options, training, threads int) *Corpus {
	c := &Corpus{Rate: o.Rate, Seed: o.Seed, Pieces: map[string][]*Piece{}}
	numbers := make([]uint64, training+2)
	for i := range training {
		numbers[i] = uint64(i + 1)
	}
	numbers[training], numbers[training+1] = 99, 100
	pieces := make([]*Piece, len(numbers))
	parallel.For(threads, len(numbers), func(_, i int) {
		p := o.Play(numbers[i])
		pieces[i] = &Piece{Name: "synthetic piano", Samples: p.Samples, Notes: p.Notes}
	})
	c.Pieces["train"], c.Pieces["validation"], c.Pieces["test"] = pieces[:training], pieces[training:training+1], pieces[training+1:]
	return c
}

// Seconds is the length of a split.
func (c *Corpus) Seconds(split string) float64 {
	n := 0
	for _, p := range c.Pieces[split] {
		n += len(p.Samples)
	}
	return float64(n) / float64(c.Rate)
}

// Memory is how many bytes the samples of all pieces take that are not on a disk.
func (c *Corpus) Memory() int64 {
	n := int64(0)
	for _, pieces := range c.Pieces {
		for _, p := range pieces {
			if !p.onDisk {
				n += 4 * int64(len(p.Samples))
			}
		}
	}
	return n
}

// Segments writes the segments of training step number step, [batch][length]: each begins
// at a sample drawn uniformly from all of the training pieces that leave room for it. A
// piece that is shorter has zeros behind it.
func Segments[F tensor.Float](c *Corpus, segments []F, step, length int) {
	var room []int
	total := 0
	for _, p := range c.Pieces["train"] {
		total += max(1, len(p.Samples)-length+1)
		room = append(room, total)
	}
	for b := range len(segments) / length {
		r := rng.Stream(c.Seed, "audio segments", uint64(step), uint64(b))
		at := r.IntN(total)
		i, before := 0, 0
		for room[i] <= at {
			before = room[i]
			i++
		}
		to := segments[b*length : (b+1)*length]
		clear(to)
		from := c.Pieces["train"][i].Samples
		for k, v := range from[min(at-before, len(from)):min(at-before+length, len(from))] {
			to[k] = F(v)
		}
	}
}

// Found says what there is, a sentence each.
func (c *Corpus) Found() []string {
	var found []string
	for _, split := range splits {
		notes := 0
		for _, p := range c.Pieces[split] {
			notes += len(p.Notes)
		}
		found = append(found, fmt.Sprintf("%s: %d pieces, %.0f s at %d Hz, %d notes known", split, len(c.Pieces[split]), c.Seconds(split), c.Rate, notes))
	}
	if n := len(c.Missing); n > 0 {
		found = append(found, fmt.Sprintf("%d files of the table are missing: %s, …", n, c.Missing[0]))
	}
	return found
}
