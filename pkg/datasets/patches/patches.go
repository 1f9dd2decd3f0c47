// Package patches cuts images into overlapping patches, in rows from top to bottom and columns
// (2010.08262, section 3 of the method).
package patches

import (
	"fmt"
	"math"
	"slices"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
)

// Batch is the patches of a number of images, with the images' classes.
type Batch[F tensor.Float] struct {
	Trials  int
	Values  []F   // [trials][rows][columns][channels][size][size]
	Classes []int // [trials]

	images pixels.Batch[F]
}

// Images are those that were cut, [trials][channels][height][width].
func (b *Batch[F]) Images() []F { return b.images.Values }

// Source cuts the batches of images of another source. It serves one goroutine.
type Source[F tensor.Float] struct {
	Images       *pixels.Source[F]
	Size, Stride int // side of a patch, and pixels from one to the next

	// Standardise takes its mean from each patch and divides the rest by its standard deviation, or by leastDeviation: then
	// brightness and contrast, which all patches of an image share, do not tell what follows what.
	Standardise bool
}

// leastDeviation is the least that a patch is divided by, in units of the images' normalisation.
const leastDeviation = 0.1

// New makes a source whose patches fit into the images. What of an image is beyond the last whole patch is
// not seen.
func New[F tensor.Float](images *pixels.Source[F], size, stride int) (*Source[F], error) {
	if s := images.Shape(); size < 1 || stride < 1 || size > s.Height || size > s.Width {
		return nil, fault.Inputf("patches are of %d pixels, %d from one to the next, expected at least 1 and patches that fit into images of %d×%d", size, stride, s.Height, s.Width)
	}
	return &Source[F]{Images: images, Size: size, Stride: stride}, nil
}

// Shape is that of a patch.
func (s *Source[F]) Shape() pixels.Shape {
	return pixels.Shape{Channels: s.Images.Shape().Channels, Height: s.Size, Width: s.Size}
}

// Grid is the patches of an image: ⌊(side - size)/stride⌋ + 1 each way.
func (s *Source[F]) Grid() (rows, columns int) {
	of := s.Images.Shape()
	return (of.Height-s.Size)/s.Stride + 1, (of.Width-s.Size)/s.Stride + 1
}

// Train yields the patches of pixels.Source.Train.
func (s *Source[F]) Train(dst *Batch[F], step, trials int) error {
	return s.cut(dst, s.Images.Train(&dst.images, step, trials))
}

// Unsupervised yields the patches of pixels.Source.Unsupervised.
func (s *Source[F]) Unsupervised(dst *Batch[F], step, trials int) error {
	return s.cut(dst, s.Images.Unsupervised(&dst.images, step, trials))
}

// Evaluate yields the patches of pixels.Source.Evaluate.
func (s *Source[F]) Evaluate(dst *Batch[F], split string, first, trials int) error {
	return s.cut(dst, s.Images.Evaluate(&dst.images, split, first, trials))
}

func (s *Source[F]) cut(dst *Batch[F], err error) error {
	if err != nil {
		return err
	}
	of := s.Images.Shape()
	rows, columns := s.Grid()
	patch := s.Shape().Size()
	dst.Trials, dst.Classes = dst.images.Trials, dst.images.Classes
	n := dst.Trials * rows * columns * patch
	dst.Values = slices.Grow(dst.Values[:0], n)[:n]
	parallel.For(s.Images.Threads, dst.Trials, func(_, trial int) {
		image := dst.images.Values[trial*of.Size() : (trial+1)*of.Size()]
		to := dst.Values[trial*rows*columns*patch : (trial+1)*rows*columns*patch]
		for row := range rows {
			for column := range columns {
				for c := range of.Channels {
					for y := range s.Size {
						from := (c*of.Height+row*s.Stride+y)*of.Width + column*s.Stride
						copy(to[:s.Size], image[from:])
						to = to[s.Size:]
					}
				}
				if s.Standardise {
					standardise(dst.Values[(trial*rows*columns+row*columns+column)*patch:][:patch])
				}
			}
		}
	})
	return nil
}

func standardise[F tensor.Float](x []F) {
	var sum, squares float64
	for _, v := range x {
		sum += float64(v)
	}
	mean := sum / float64(len(x))
	for _, v := range x {
		squares += (float64(v) - mean) * (float64(v) - mean)
	}
	deviation := max(math.Sqrt(squares/float64(len(x))), leastDeviation)
	for i, v := range x {
		x[i] = F((float64(v) - mean) / deviation)
	}
}

// Found says what there is, a sentence each.
func (s *Source[F]) Found() []string {
	rows, columns := s.Grid()
	n := s.Images.Size("train")
	if s.Images.Set.Unlabelled != nil {
		n = s.Images.Set.Unlabelled.Len()
	}
	return []string{fmt.Sprintf("%d images to learn from, in %d×%d patches of %d×%d, %d from one to the next", n, rows, columns, s.Size, s.Size, s.Stride)}
}
