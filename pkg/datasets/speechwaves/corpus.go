// Package speechwaves yields windows of speech as raw sound, with a class for every frame of
// 10 ms: of one's own recordings, or of synthetic speech (2010.08262, section 11 of the method).
package speechwaves

import (
	"fmt"
	"math"
	"slices"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// FramesPerSecond of the classes.
const FramesPerSecond = 100

// Unlabelled is the class of a frame without one.
const Unlabelled = -1

// Recording is an utterance.
type Recording struct {
	Name    string
	Samples []int16
	Classes []int16 // of each whole frame, or Unlabelled

	fileRate int // Hz, before it was brought to the corpus'
}

// Span is the samples [From, To) of a recording, both at the beginning of a frame.
type Span struct {
	Recording *Recording
	From, To  int
}

// Corpus is recordings of one sampling rate.
type Corpus struct {
	Rate       int // Hz, a multiple of FramesPerSecond
	ClassNames []string
	Spans      map[string][]Span // by split: train, validation, test

	Checksums map[string]string // SHA-256 of the files, by name
}

// Frame is the number of samples of a frame.
func (c *Corpus) Frame() int { return c.Rate / FramesPerSecond }

// Seconds is the length of a split.
func (c *Corpus) Seconds(split string) float64 {
	n := 0
	for _, s := range c.Spans[split] {
		n += s.To - s.From
	}
	return float64(n) / float64(c.Rate)
}

// Batch is a number of windows.
type Batch[F tensor.Float] struct {
	Windows int
	Values  []F   // [windows][samples], of the training part's root mean square 1
	Classes []int // [windows][frames], or Unlabelled
}

// Source yields windows of a corpus. They depend on the seed and on the arguments alone. It
// serves one goroutine.
type Source[F tensor.Float] struct {
	Corpus  *Corpus
	Samples int // of a window: a whole number of frames
	Seed    uint64
	Threads int

	gain    float64                // 1 over the root mean square of the training part
	places  int                    // where a training window may begin
	windows map[string][]placement // of each split, one after the other
}

// placement is where a window begins.
type placement struct {
	span  Span
	begin int
}

// New makes a source whose windows fit into the recordings.
func New[F tensor.Float](c *Corpus, samples int, seed uint64, threads int) (*Source[F], error) {
	frame := c.Frame()
	if samples < frame || samples%frame != 0 {
		return nil, fault.Inputf("a window has %d samples, expected a multiple of %d, those of a frame of 10 ms", samples, frame)
	}
	s := &Source[F]{Corpus: c, Samples: samples, Seed: seed, Threads: threads, windows: map[string][]placement{}}
	var square float64
	n := 0
	for split, spans := range c.Spans {
		for _, span := range spans {
			for begin := span.From; begin+samples <= span.To; begin += samples {
				s.windows[split] = append(s.windows[split], placement{span, begin})
			}
			if split != "train" {
				continue
			}
			if room := span.To - span.From - samples; room >= 0 {
				s.places += room/frame + 1
			}
			for _, v := range span.Recording.Samples[span.From:span.To] {
				square += float64(v) * float64(v)
				n++
			}
		}
	}
	for _, split := range []string{"train", "validation", "test"} {
		if len(s.windows[split]) == 0 {
			return nil, fault.Inputf("no recording of split %s is as long as a window of %d samples (%.2f s)", split, samples, float64(samples)/float64(c.Rate))
		}
	}
	if square == 0 {
		return nil, fault.Inputf("the training recordings are silent")
	}
	s.gain = 1 / math.Sqrt(square/float64(n))
	return s, nil
}

// Size is the number of windows of a split that follow each other without overlap.
func (s *Source[F]) Size(split string) int { return len(s.windows[split]) }

// Train yields the windows of a training step, each of which begins at any frame of the
// training part.
func (s *Source[F]) Train(dst *Batch[F], step, windows int) error {
	frame := s.Corpus.Frame()
	return s.fill(dst, windows, func(window int) placement {
		at := rng.Stream(s.Seed, "speech windows", uint64(step), uint64(window)).IntN(s.places)
		for _, span := range s.Corpus.Spans["train"] {
			room := span.To - span.From - s.Samples
			if room < 0 {
				continue
			}
			if n := room/frame + 1; at >= n {
				at -= n
				continue
			}
			return placement{span, span.From + at*frame}
		}
		panic("speechwaves: fewer places than counted")
	})
}

// Evaluate yields the windows [first, first+windows) of a split, or fewer at its end.
func (s *Source[F]) Evaluate(dst *Batch[F], split string, first, windows int) error {
	all := s.windows[split]
	if first < 0 || windows < 0 || first > len(all) {
		return fmt.Errorf("windows [%d, %d+%d) of split %s, which has %d", first, first, windows, split, len(all))
	}
	return s.fill(dst, min(windows, len(all)-first), func(window int) placement { return all[first+window] })
}

func (s *Source[F]) fill(dst *Batch[F], windows int, choose func(window int) placement) error {
	frame := s.Corpus.Frame()
	frames := s.Samples / frame
	dst.Windows = windows
	dst.Values = slices.Grow(dst.Values[:0], windows*s.Samples)[:windows*s.Samples]
	dst.Classes = slices.Grow(dst.Classes[:0], windows*frames)[:windows*frames]
	parallel.For(s.Threads, windows, func(_, window int) {
		at := choose(window)
		to := dst.Values[window*s.Samples : (window+1)*s.Samples]
		for i, v := range at.span.Recording.Samples[at.begin : at.begin+s.Samples] {
			to[i] = F(float64(v) * s.gain)
		}
		for i, class := range at.span.Recording.Classes[at.begin/frame:][:frames] {
			dst.Classes[window*frames+i] = int(class)
		}
	})
	return nil
}

// Divide gives the last part of each recording to the test, and as much before it to the
// validation.
func Divide(recordings []*Recording, rate int, test float64) map[string][]Span {
	spans := map[string][]Span{}
	frame := rate / FramesPerSecond
	for _, r := range recordings {
		frames := len(r.Classes)
		held := max(1, int(math.Round(test*float64(frames))))
		train, validation := max(0, frames-2*held), max(0, frames-held)
		for _, part := range []struct {
			split    string
			from, to int
		}{{"train", 0, train}, {"validation", train, validation}, {"test", validation, frames}} {
			if part.to > part.from {
				spans[part.split] = append(spans[part.split], Span{r, part.from * frame, part.to * frame})
			}
		}
	}
	return spans
}

// Found says what there is, a sentence each.
func (c *Corpus) Found() []string {
	return []string{fmt.Sprintf("speech at %d Hz, %d classes: %.0f s to learn from, %.0f s for validation, %.0f s for the test",
		c.Rate, len(c.ClassNames), c.Seconds("train"), c.Seconds("validation"), c.Seconds("test"))}
}
