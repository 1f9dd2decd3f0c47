package imagefolder

import (
	"image"
	"sync"
	"sync/atomic"

	"github.com/snnctl/snnctl/pkg/datasets/pixels"
)

// images decodes pictures as they are asked for.
type images struct {
	split    *split
	of       pixels.Shape
	classes  int
	decoders sync.Pool // of *decoder
}

func newImages(s *split, shape pixels.Shape, shorter, classes int) *images {
	return &images{split: s, of: shape, classes: classes, decoders: sync.Pool{New: func() any {
		return &decoder{shape: shape, shorter: shorter, rgba: image.NewRGBA(image.Rect(0, 0, shape.Width, shape.Height))}
	}}}
}

// Shape implements pixels.Images.
func (s *images) Shape() pixels.Shape { return s.of }

// Len implements pixels.Images.
func (s *images) Len() int { return len(s.split.listed) }

// Classes implements pixels.Images.
func (s *images) Classes() int { return s.classes }

// Label implements pixels.Images.
func (s *images) Label(i int) int { return int(s.split.listed[i].class) }

// Read implements pixels.Images.
func (s *images) Read(dst []float32, i int, at pixels.Window) error {
	d := s.decoders.Get().(*decoder)
	defer s.decoders.Put(d)
	f := &s.split.listed[i]
	content, err := s.split.read(f, d.content)
	if err != nil {
		return err
	}
	d.content = content
	return d.decode(dst, content, s.split.where(f), at)
}

// kept is images that stay in memory once they were decoded. Their window is
// always the centre.
type kept struct {
	pixels.Images
	pixels []uint8         // [images][channels][height][width]
	state  []atomic.Uint32 // of each image: absent, or what follows
}

const (
	absent   = iota
	arriving // some goroutine writes it
	present
)

func keepDecoded(from pixels.Images) *kept {
	return &kept{Images: from, pixels: make([]uint8, from.Len()*from.Shape().Size()), state: make([]atomic.Uint32, from.Len())}
}

// Read implements pixels.Images.
func (k *kept) Read(dst []float32, i int, _ pixels.Window) error {
	size := len(k.pixels) / len(k.state)
	bytes := k.pixels[i*size : (i+1)*size]
	if k.state[i].Load() == present {
		for j, v := range bytes {
			dst[j] = float32(v)
		}
		return nil
	}
	if err := k.Images.Read(dst, i, pixels.Centre); err != nil {
		return err
	}
	if k.state[i].CompareAndSwap(absent, arriving) {
		for j, v := range dst[:size] {
			bytes[j] = uint8(v)
		}
		k.state[i].Store(present)
	}
	return nil
}
