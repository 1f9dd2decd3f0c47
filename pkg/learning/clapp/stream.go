package clapp

import (
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/movingimages"
	"github.com/snnctl/snnctl/pkg/datasets/patches"
	"github.com/snnctl/snnctl/pkg/datasets/speechwaves"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// Batch is trials as an encoder takes them.
type Batch[F tensor.Float] struct {
	Trials int
	Values []F // [trials][rows][columns] inputs of the encoder

	// Classes are those of each trial, or of each of Frames parts of it of equal length; a
	// negative one is unknown.
	Classes []int
	Frames  int

	Raw []F // the input of each class, for comparison with features of it; nil for none
}

// Stream yields the inputs of an encoder, in rows that follow each other in time.
type Stream[F tensor.Float] interface {
	Shape() relu.Shape         // of an input
	Grid() (rows, columns int) // of a trial; sound is one input, along which time goes
	Classes() int              // 0 where there are none
	ClassNames() []string      // nil where there are none
	Size(split string) int     // in trials
	Checksums() map[string]string
	Found() []string // what there is, a sentence each

	// Train yields the trials of a training step, Labelled those of a step of learning classes, as
	// changed at random as the training's, and Evaluate those of a split as they are.
	Train(b *Batch[F], step, trials int) error
	Labelled(b *Batch[F], step, trials int) error
	Evaluate(b *Batch[F], split string, first, trials int) error
}

// Patches shows images cut into patches, from top to bottom.
type Patches[F tensor.Float] struct {
	*patches.Source[F]
	batch patches.Batch[F]
}

// Shape implements Stream.
func (p *Patches[F]) Shape() relu.Shape { return relu.Shape(p.Source.Shape()) }

// Classes implements Stream.
func (p *Patches[F]) Classes() int { return p.Images.Classes() }

// ClassNames implements Stream.
func (p *Patches[F]) ClassNames() []string { return p.Images.Set.ClassNames }

// Size implements Stream.
func (p *Patches[F]) Size(split string) int { return p.Images.Size(split) }

// Checksums implements Stream.
func (p *Patches[F]) Checksums() map[string]string { return p.Images.Checksums() }

// Train implements Stream.
func (p *Patches[F]) Train(b *Batch[F], step, trials int) error {
	return p.take(b, p.Source.Unsupervised(&p.batch, step, trials))
}

// Labelled implements Stream.
func (p *Patches[F]) Labelled(b *Batch[F], step, trials int) error {
	return p.take(b, p.Source.Train(&p.batch, step, trials))
}

// Evaluate implements Stream.
func (p *Patches[F]) Evaluate(b *Batch[F], split string, first, trials int) error {
	return p.take(b, p.Source.Evaluate(&p.batch, split, first, trials))
}

func (p *Patches[F]) take(b *Batch[F], err error) error {
	*b = Batch[F]{p.batch.Trials, p.batch.Values, p.batch.Classes, 1, p.batch.Images()}
	return err
}

// Clips shows pictures that move.
type Clips[F tensor.Float] struct {
	*movingimages.Source[F]
	batch movingimages.Batch[F]
}

// Shape implements Stream.
func (c *Clips[F]) Shape() relu.Shape { return relu.Shape(c.Source.Shape()) }

// Grid implements Stream.
func (c *Clips[F]) Grid() (rows, columns int) { return c.Frames, 1 }

// Classes implements Stream.
func (c *Clips[F]) Classes() int { return c.Images.Classes() }

// ClassNames implements Stream.
func (c *Clips[F]) ClassNames() []string { return c.Images.Set.ClassNames }

// Size implements Stream.
func (c *Clips[F]) Size(split string) int { return c.Images.Size(split) }

// Checksums implements Stream.
func (c *Clips[F]) Checksums() map[string]string { return c.Images.Checksums() }

// Found implements Stream.
func (c *Clips[F]) Found() []string { return []string{c.Options.String()} }

// Train implements Stream.
func (c *Clips[F]) Train(b *Batch[F], step, trials int) error {
	return c.take(b, c.Source.Train(&c.batch, step, trials))
}

// Labelled implements Stream.
func (c *Clips[F]) Labelled(b *Batch[F], step, trials int) error {
	return c.take(b, c.Source.Labelled(&c.batch, step, trials))
}

// Evaluate implements Stream.
func (c *Clips[F]) Evaluate(b *Batch[F], split string, first, trials int) error {
	return c.take(b, c.Source.Evaluate(&c.batch, split, first, trials))
}

func (c *Clips[F]) take(b *Batch[F], err error) error {
	*b = Batch[F]{c.batch.Clips, c.batch.Values, c.batch.Classes, 1, nil}
	return err
}

// Sound shows windows of speech.
type Sound[F tensor.Float] struct {
	*speechwaves.Source[F]
	batch speechwaves.Batch[F]
}

// Shape implements Stream.
func (s *Sound[F]) Shape() relu.Shape { return relu.Shape{Channels: 1, Height: 1, Width: s.Samples} }

// Grid implements Stream.
func (s *Sound[F]) Grid() (rows, columns int) { return 1, 1 }

// Classes implements Stream.
func (s *Sound[F]) Classes() int { return len(s.Corpus.ClassNames) }

// ClassNames implements Stream.
func (s *Sound[F]) ClassNames() []string { return s.Corpus.ClassNames }

// Checksums implements Stream.
func (s *Sound[F]) Checksums() map[string]string { return s.Corpus.Checksums }

// Found implements Stream.
func (s *Sound[F]) Found() []string { return s.Corpus.Found() }

// Train implements Stream.
func (s *Sound[F]) Train(b *Batch[F], step, trials int) error {
	return s.take(b, s.Source.Train(&s.batch, step, trials))
}

// Labelled implements Stream.
func (s *Sound[F]) Labelled(b *Batch[F], step, trials int) error { return s.Train(b, step, trials) }

// Evaluate implements Stream.
func (s *Sound[F]) Evaluate(b *Batch[F], split string, first, trials int) error {
	return s.take(b, s.Source.Evaluate(&s.batch, split, first, trials))
}

func (s *Sound[F]) take(b *Batch[F], err error) error {
	*b = Batch[F]{s.batch.Windows, s.batch.Values, s.batch.Classes, s.Samples / s.Corpus.Frame(), s.batch.Values}
	return err
}
