// Package sequence shows images pixel after pixel: sequential MNIST and its
// kin, as spikes at threshold crossings, as grey levels, or row by row
// (Bellec et al., arXiv:1803.09574).
package sequence

import (
	"fmt"
	"maps"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/datasets/images"
)

// The encodings.
const (
	ThresholdCrossing = "threshold-crossing" // spikes; see crossing
	GreyLevel         = "grey"               // a pixel a step, as one current
	Rows              = "rows"               // a row of pixels a step, as currents
)

// Options say how images become sequences. Every field has a value; there are
// no defaults here.
type Options struct {
	Encoding string // ThresholdCrossing, GreyLevel or Rows

	// InputLines is the number n_in of input lines of ThresholdCrossing, even
	// and at least 4: n_in-1 for crossings, the last for the cue. The other
	// encodings need 1 and the width in (pooled) pixels; 0 is taken as that.
	InputLines int

	Pool   int // pixels are averages of Pool×Pool pixels; 1 for none
	StepMS int // steps of 1 ms that each pixel, or row, is shown

	// CueSteps times StepMS steps follow the image, in which only the last line
	// fires, in every step. 0 but for ThresholdCrossing.
	CueSteps int

	ReadoutSteps     int // the decision is read from the last steps of the trial
	ValidationImages int // the first training images, kept for validation

	Seed    uint64 // of the order of the training images
	Threads int
}

// Source yields the images of a collection as sequences, one decision a trial.
// It may be used by several goroutines at once.
type Source struct {
	images     *images.Collection
	validation int // images
	readout    int // steps
	threads    int
	shape      datasets.Shape
	order      *datasets.Order
	encoder    encoder
}

// encoder writes images into the lanes of a group.
type encoder interface {
	// shape is the number of steps of a trial, and of its input lines.
	shape() (steps, lines int)
	// refill makes dst a batch with the encoder's kind of input.
	refill(dst *datasets.Batch, trials int)
	// begin clears a group and writes what all its trials share.
	begin(g *datasets.Group)
	// encode writes an image into an empty lane.
	encode(g *datasets.Group, lane int, image []uint8)
}

// New returns a source over the images of c.
func New(c *images.Collection, o Options) (*Source, error) {
	e, err := newEncoder(c.Train.H, c.Train.W, o)
	if err != nil {
		return nil, err
	}
	steps, lines := e.shape()
	if o.ReadoutSteps < 1 || o.ReadoutSteps > steps {
		return nil, fault.Inputf("readout_steps is %d, expected 1 to %d, the steps of a trial", o.ReadoutSteps, steps)
	}
	if o.ValidationImages < 0 || o.ValidationImages >= c.Train.N {
		return nil, fault.Inputf("validation_images is %d, expected 0 to %d, as there are %d training images",
			o.ValidationImages, c.Train.N-1, c.Train.N)
	}
	return &Source{
		images:     c,
		validation: o.ValidationImages,
		readout:    o.ReadoutSteps,
		threads:    o.Threads,
		shape:      datasets.Shape{Steps: steps, Lines: lines, Classes: images.Classes},
		order:      datasets.NewOrder(o.Seed, c.Train.N-o.ValidationImages),
		encoder:    e,
	}, nil
}

func newEncoder(height, width int, o Options) (encoder, error) {
	if o.Pool < 1 || height%o.Pool != 0 || width%o.Pool != 0 {
		return nil, fault.Inputf("pool is %d, expected a divisor of the images' %d×%d pixels", o.Pool, height, width)
	}
	const longest = 1_000_000 // steps, far beyond what can be trained
	if o.StepMS < 1 || o.StepMS > longest {
		return nil, fault.Inputf("step_ms is %d, expected 1 to %d", o.StepMS, longest)
	}
	if o.CueSteps < 0 || o.CueSteps > longest {
		return nil, fault.Inputf("cue_steps is %d, expected 0 to %d", o.CueSteps, longest)
	}
	p := pooling{side: o.Pool, stride: width, rows: height / o.Pool, columns: width / o.Pool}
	if steps := (p.rows*p.columns + o.CueSteps) * o.StepMS; steps > longest {
		return nil, fault.Inputf("step_ms and cue_steps make a trial of %d steps, expected at most %d", steps, longest)
	}
	if o.Encoding == ThresholdCrossing {
		return newCrossing(p, o)
	}
	lines := 1
	switch o.Encoding {
	case GreyLevel:
	case Rows:
		lines = p.columns
	default:
		return nil, fault.Inputf("encoding is %q, expected %s, %s or %s", o.Encoding, ThresholdCrossing, GreyLevel, Rows)
	}
	if o.InputLines != 0 && o.InputLines != lines {
		return nil, fault.Inputf("input_lines is %d, expected %d with encoding %s of these images", o.InputLines, lines, o.Encoding)
	}
	if o.CueSteps != 0 {
		return nil, fault.Inputf("cue_steps is %d, expected 0 with encoding %s, which has no line for a cue", o.CueSteps, o.Encoding)
	}
	return newAnalogue(p, lines, o.StepMS), nil
}

// Shape implements datasets.Source.
func (s *Source) Shape() datasets.Shape { return s.shape }

// Populations implements datasets.Source: the last line of threshold crossings
// is the cue.
func (s *Source) Populations() []datasets.Population {
	if _, ok := s.encoder.(*crossing); ok {
		return []datasets.Population{{Name: "pixels", Lines: s.shape.Lines - 1}, {Name: "cue", Lines: 1}}
	}
	return []datasets.Population{{Name: "pixels", Lines: s.shape.Lines}}
}

// Checksums implements datasets.Source.
func (s *Source) Checksums() map[string]string { return maps.Clone(s.images.Checksums) }

// Size implements datasets.Source; it is 0 for a split that does not exist.
func (s *Source) Size(split string) int {
	_, first, size, err := s.split(split)
	if err != nil {
		return 0
	}
	return size - first
}

// split returns the images [first, size) of a set.
func (s *Source) split(name string) (set *images.Set, first, size int, err error) {
	train, test := &s.images.Train, &s.images.Test
	switch name {
	case "train":
		return train, s.validation, train.N, nil
	case "validation":
		return train, 0, s.validation, nil
	case "test":
		return test, 0, test.N, nil
	}
	return nil, 0, 0, fault.Inputf("there is no split %q, expected train, validation or test", name)
}

// Train implements datasets.Source: the training images in a new order each
// epoch, the epochs one after another without a gap; batch s takes the
// positions [s·trials, (s+1)·trials).
func (s *Source) Train(dst *datasets.Batch, step, trials int) error {
	if step < 0 || trials < 1 {
		return fmt.Errorf("batch of %d trials at step %d, expected at least one trial and step 0", trials, step)
	}
	s.fill(dst, &s.images.Train, trials, func(i int) int { return s.validation + s.order.At(step*trials+i) })
	return nil
}

// Evaluate implements datasets.Source: the images of a split in the order of
// the file.
func (s *Source) Evaluate(dst *datasets.Batch, split string, first, trials int) error {
	set, start, end, err := s.split(split)
	if err != nil {
		return err
	}
	if first < 0 || trials < 0 {
		return fmt.Errorf("trials [%d, %d+%d) of split %s, expected no negative number", first, first, trials, split)
	}
	start = min(start+first, end)
	s.fill(dst, set, min(trials, end-start), func(i int) int { return start + i })
	return nil
}

// fill makes dst the batch whose trial i shows image number(i) of set.
func (s *Source) fill(dst *datasets.Batch, set *images.Set, trials int, number func(int) int) {
	s.encoder.refill(dst, trials)
	for i := range trials {
		dst.Decisions = append(dst.Decisions, datasets.Decision{
			Trial: i, Start: s.shape.Steps - s.readout, End: s.shape.Steps, Class: int(set.Labels[number(i)])})
	}
	parallel.For(s.threads, len(dst.Groups), func(_, i int) {
		g := &dst.Groups[i]
		s.encoder.begin(g)
		for lane := range g.Trials {
			s.encoder.encode(g, lane, set.Image(number(i*tensor.Lanes+lane)))
		}
	})
}
