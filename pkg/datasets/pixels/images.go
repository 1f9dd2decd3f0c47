// Package pixels is what all sets of pictures have in common, whatever files they
// come from: labelled images of one size with random access, their
// normalisation, and the augmentation of training images.
package pixels

import "github.com/snnctl/snnctl/internal/fault"

// Shape is the size of an image; its values lie channel by channel, row by row.
type Shape struct{ Channels, Height, Width int }

// Size is the number of values of an image.
func (s Shape) Size() int { return s.Channels * s.Height * s.Width }

// Window places the part of a picture that is shown, where the file has a larger
// one: 0 is the left (or upper) edge, 1/2 the centre, 1 the right (or lower) edge.
type Window struct{ X, Y float64 }

// Centre is the window of evaluation.
var Centre = Window{0.5, 0.5}

// Unlabelled is the label of an image without one.
const Unlabelled = -1

// Images is labelled images of one shape, in a fixed order. Its methods may be
// called by several goroutines at once.
type Images interface {
	Shape() Shape
	Len() int
	Classes() int    // labels are 0 to Classes-1
	Label(i int) int // or Unlabelled

	// Read writes image i to dst, of Shape().Size() values, as the file has it:
	// bytes are 0 to 255. Files of one size ignore the window.
	Read(dst []float32, i int, at Window) error
}

// Set is the splits of a data set.
type Set struct {
	Train, Test Images
	Validation  Images // nil where the set has no such split
	Unlabelled  Images // to learn from without classes; nil where the set has none

	ClassNames []string // by label; nil where there are none
	Missing    string   // what the published set has and this copy lacks; "" for nothing

	// Low and High are the ends of the values of files, 0 and 255 of bytes; both
	// are 0 where nothing else is known.
	Low, High float64

	// Checksums gives the SHA-256 of each file that was read, by its name.
	Checksums map[string]string
}

// Bytes is images in memory.
type Bytes struct {
	Of     Shape
	Pixels []uint8 // [images][channels][height][width]
	Labels []int32
	Names  int // of classes
}

// Shape implements Images.
func (b *Bytes) Shape() Shape { return b.Of }

// Len implements Images.
func (b *Bytes) Len() int { return len(b.Labels) }

// Classes implements Images.
func (b *Bytes) Classes() int { return b.Names }

// Label implements Images.
func (b *Bytes) Label(i int) int { return int(b.Labels[i]) }

// Image is the values of image i.
func (b *Bytes) Image(i int) []uint8 { return b.Pixels[i*b.Of.Size() : (i+1)*b.Of.Size()] }

// Read implements Images.
func (b *Bytes) Read(dst []float32, i int, _ Window) error {
	image := b.Image(i)
	for j, v := range image {
		dst[j] = float32(v)
	}
	return nil
}

// Part is the images [first, first+n) of a set; n = 0 takes all from first on.
// name is what errors call the set.
func Part(images Images, name string, first, n int) (Images, error) {
	if n == 0 {
		n = images.Len() - first
	}
	if first < 0 || n < 1 || first+n > images.Len() {
		return nil, fault.Inputf("images %d to %d of %s are asked for, which has %d", first, first+n-1, name, images.Len())
	}
	if first == 0 && n == images.Len() {
		return images, nil
	}
	return &part{Images: images, first: first, n: n}, nil
}

type part struct {
	Images
	first, n int
}

func (p *part) Len() int        { return p.n }
func (p *part) Label(i int) int { return p.Images.Label(p.first + i) }
func (p *part) Read(dst []float32, i int, at Window) error {
	return p.Images.Read(dst, p.first+i, at)
}
