package images

import "github.com/snnctl/snnctl/pkg/datasets/pixels"

// Pixels is the collection as sets of whole images are seen; it shares the memory of
// the pixels.
func (c *Collection) Pixels() pixels.Set {
	return pixels.Set{Train: c.Train.bytes(), Test: c.Test.bytes(), Checksums: c.Checksums}
}

func (s *Set) bytes() *pixels.Bytes {
	b := &pixels.Bytes{Of: pixels.Shape{Channels: 1, Height: s.H, Width: s.W}, Pixels: s.Pixels, Labels: make([]int32, s.N), Names: Classes}
	for i, label := range s.Labels {
		b.Labels[i] = int32(label)
	}
	return b
}
