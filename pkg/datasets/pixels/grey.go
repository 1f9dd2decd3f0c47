package pixels

import (
	"sync"

	"github.com/snnctl/snnctl/internal/fault"
)

// Grey is the set with one channel instead of red, green and blue: the luma of ITU-R 601-2,
//
//	L = 0.299 R + 0.587 G + 0.114 B,
//
// rounded to a whole number as Pillow does. A set of other channels stays as it is. Values must be bytes.
func (s Set) Grey() (Set, error) {
	if s.High != 0 && s.High != 255 && s.Train.Shape().Channels == 3 {
		return s, fault.Inputf("grey is of images of bytes, but the values of these go to %g", s.High)
	}
	return s.each(func(images Images) Images {
		if images.Shape().Channels != 3 {
			return images
		}
		return &grey{Images: images}
	}), nil
}

// each is the set with its splits exchanged for what f makes of them.
func (s Set) each(f func(Images) Images) Set {
	for _, images := range []*Images{&s.Train, &s.Test, &s.Validation, &s.Unlabelled} {
		if *images != nil {
			*images = f(*images)
		}
	}
	return s
}

type grey struct {
	Images
	scratch sync.Pool // of *[]float32
}

func (g *grey) Shape() Shape {
	s := g.Images.Shape()
	s.Channels = 1
	return s
}

func (g *grey) Read(dst []float32, i int, at Window) error {
	s := g.Images.Shape()
	whole, giveBack := borrow(&g.scratch, s.Size())
	defer giveBack()
	if err := g.Images.Read(whole, i, at); err != nil {
		return err
	}
	n := s.Height * s.Width
	red, green, blue := whole[:n], whole[n:2*n], whole[2*n:3*n]
	for k := range dst[:n] {
		const half = 1 << 15
		dst[k] = float32((uint32(red[k])*19595 + uint32(green[k])*38470 + uint32(blue[k])*7471 + half) >> 16)
	}
	return nil
}

// borrow takes a slice of n values from a pool.
func borrow(pool *sync.Pool, n int) (x []float32, giveBack func()) {
	p, ok := pool.Get().(*[]float32)
	if !ok {
		memory := make([]float32, n)
		p = &memory
	}
	return *p, func() { pool.Put(p) }
}
