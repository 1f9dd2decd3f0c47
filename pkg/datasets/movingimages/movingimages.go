// Package movingimages makes clips of pictures that drift over a larger canvas and rebound from
// its edges: a stand-in for films, whose neighbouring frames show the same thing (2010.08262,
// section 12 of the method).
package movingimages

import (
	"fmt"
	"math"
	"slices"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
)

// Options are the choices of a source.
type Options struct {
	Canvas int     // side of the square canvas, pixels; at least that of an image
	Frames int     // of a clip, at least 1
	Speed  float64 // largest component of the velocity, pixels a frame, at least 0
}

// Batch is a number of clips with the classes of what moves in them.
type Batch[F tensor.Float] struct {
	Clips   int
	Values  []F   // [clips][frames][channels][canvas][canvas]
	Classes []int // [clips]

	images pixels.Batch[F]
}

// Source yields clips of the images of another source. It depends on its seed and on the
// arguments alone, and serves one goroutine.
type Source[F tensor.Float] struct {
	Options
	Images *pixels.Source[F]
}

// New makes a source whose canvas holds the images.
func New[F tensor.Float](images *pixels.Source[F], o Options) (*Source[F], error) {
	if s := images.Shape(); o.Canvas < s.Height || o.Canvas < s.Width {
		return nil, fault.Inputf("the canvas is %d×%d pixels, expected at least the %d×%d of an image", o.Canvas, o.Canvas, s.Height, s.Width)
	}
	if o.Frames < 1 || o.Speed < 0 || math.IsInf(o.Speed, 0) || math.IsNaN(o.Speed) {
		return nil, fault.Inputf("clips have %d frames and speeds to %g pixels a frame, expected at least 1 and 0", o.Frames, o.Speed)
	}
	return &Source[F]{Options: o, Images: images}, nil
}

// Shape is that of a frame.
func (s *Source[F]) Shape() pixels.Shape {
	return pixels.Shape{Channels: s.Images.Shape().Channels, Height: s.Canvas, Width: s.Canvas}
}

// Train yields the clips of a training step, of images in the order of the unsupervised images.
func (s *Source[F]) Train(dst *Batch[F], step, clips int) error {
	if err := s.Images.Unsupervised(&dst.images, step, clips); err != nil {
		return err
	}
	s.fill(dst, func(clip int) (uint64, uint64) { return uint64(step), uint64(clip) }, "clip")
	return nil
}

// Labelled yields those of images that have classes.
func (s *Source[F]) Labelled(dst *Batch[F], step, clips int) error {
	if err := s.Images.Train(&dst.images, step, clips); err != nil {
		return err
	}
	s.fill(dst, func(clip int) (uint64, uint64) { return uint64(step), uint64(clip) }, "clip")
	return nil
}

// Evaluate yields one clip of each of the images [first, first+clips) of a split, the same each time.
func (s *Source[F]) Evaluate(dst *Batch[F], split string, first, clips int) error {
	if err := s.Images.Evaluate(&dst.images, split, first, clips); err != nil {
		return err
	}
	s.fill(dst, func(clip int) (uint64, uint64) { return 0, uint64(first + clip) }, rng.Purpose("clip-"+split))
	return nil
}

// fill lets the images of a batch move.
func (s *Source[F]) fill(dst *Batch[F], address func(clip int) (uint64, uint64), purpose rng.Purpose) {
	of := s.Images.Shape()
	frame, size := s.Shape().Size(), of.Size()
	dst.Clips, dst.Classes = dst.images.Trials, dst.images.Classes
	n := dst.Clips * s.Frames * frame
	dst.Values = slices.Grow(dst.Values[:0], n)[:n]
	ground := background[F](s.Images.Normalisation, of)
	parallel.For(s.Images.Threads, dst.Clips, func(_, clip int) {
		a, b := address(clip)
		path := Draw(s.Options, of, s.Images.Seed, purpose, a, b)
		image := dst.images.Values[clip*size : (clip+1)*size]
		for t := range s.Frames {
			row, column := path.At(t)
			to := dst.Values[(clip*s.Frames+t)*frame : (clip*s.Frames+t+1)*frame]
			for c := range of.Channels {
				plane := to[c*s.Canvas*s.Canvas : (c+1)*s.Canvas*s.Canvas]
				for i := range plane {
					plane[i] = ground[c]
				}
				for y := range of.Height {
					copy(plane[(row+y)*s.Canvas+column:], image[(c*of.Height+y)*of.Width:][:of.Width])
				}
			}
		}
	})
}

// background is what normalisation makes of black, a channel each.
func background[F tensor.Float](n pixels.Normalisation, of pixels.Shape) []F {
	dot := pixels.Shape{Channels: of.Channels, Height: 1, Width: 1}
	ground := make([]F, of.Channels)
	pixels.Apply(n, ground, make([]float32, of.Channels), dot)
	return ground
}

// Path is how an image moves: its upper left corner at frame 0, pixels, its velocity,
// pixels a frame.
type Path struct {
	Row, Column   float64
	Down, Right   float64
	Height, Width float64 // of where the corner can be
}

// Draw is the path of a clip: it starts anywhere, and both components of its velocity are uniform in ±Speed.
func Draw(o Options, of pixels.Shape, seed uint64, purpose rng.Purpose, step, index uint64) Path {
	r := rng.Stream(seed, purpose, step, index)
	p := Path{Height: float64(o.Canvas - of.Height), Width: float64(o.Canvas - of.Width)}
	p.Row, p.Column = r.Float64()*p.Height, r.Float64()*p.Width
	p.Down, p.Right = o.Speed*(2*r.Float64()-1), o.Speed*(2*r.Float64()-1)
	return p
}

// At is where the corner is at frame t, in whole pixels.
func (p Path) At(t int) (row, column int) {
	return int(math.Round(rebound(p.Row+float64(t)*p.Down, p.Height))), int(math.Round(rebound(p.Column+float64(t)*p.Right, p.Width)))
}

// rebound folds the line into [0, length], as a ball between two walls goes.
func rebound(x, length float64) float64 {
	if length == 0 {
		return 0
	}
	x = math.Mod(math.Abs(x), 2*length)
	return min(x, 2*length-x)
}

// String tells what clips there are.
func (o Options) String() string {
	return fmt.Sprintf("clips of %d frames of %d×%d", o.Frames, o.Canvas, o.Canvas)
}
