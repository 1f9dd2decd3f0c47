package autodiff

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

const (
	tileOutputs = kernel.WinogradOutputs
	tileInputs  = kernel.WinogradInputs
	eightTiles  = kernel.WinogradTiles
)

// plane returns channel c of image n of x [batch][channels][height][width].
func plane[F tensor.Float](x []F, channels, n, c, height, width int) []F {
	return x[(n*channels+c)*height*width:][:height*width]
}

// rowsInside returns size rows of a plane from row first on, and their distance; where
// some lie outside, a copy in edge with zeros for them.
func rowsInside[F tensor.Float](edge, plane []F, first, size, width int) []F {
	height := len(plane) / width
	if first >= 0 && first+size <= height {
		return plane[first*width:][:size*width]
	}
	edge = edge[:size*width]
	clear(edge)
	lo, hi := max(first, 0), min(first+size, height)
	if lo < hi {
		copy(edge[(lo-first)*width:], plane[lo*width:hi*width])
	}
	return edge
}

// inputs transforms the channels [lo, hi) of a group that begins at channel first: V = Bᵀ d B.
func (v *winograd[F]) inputs(to *transformed[F], x []F, s strips, first, lo, hi int) {
	h, w := v.height, v.width
	// A row of a strip, with its padding, and the rows of all strips beside each other.
	pitch := tileOutputs*v.across + kernel.WinogradKernel - 1
	length := (s.last - s.first) * pitch
	memory := takeScratch[F](tileInputs * (length + w.in))
	rows, edge := memory.data[:tileInputs*length], memory.data[tileInputs*length:]
	clear(rows) // for the padding, which nothing is written to
	for c := lo; c < hi; c++ {
		for i := s.first; i < s.last; i++ {
			from := rowsInside(edge, plane(x, v.in, i/v.down, first+c, h.in, w.in), tileOutputs*(i%v.down)-h.padding, tileInputs, w.in)
			kernel.WinogradRows(kernel.WinogradInput, w.in, rows[(i-s.first)*pitch+w.padding:], length, from, w.in)
		}
		var offset [eightTiles]int
		place, column := 0, 0
		for t := 0; t < v.tiles(s); t += eightTiles {
			for k := range offset {
				offset[k] = min(place, length-tileInputs) // the last eight may not be whole
				place, column = place+tileOutputs, column+1
				if column == v.across {
					place, column = place+pitch-tileOutputs*v.across, 0
				}
			}
			kernel.TileInputs(to.at(0, c)[t:], to.position, rows, length, &offset)
		}
	}
	memory.giveBack()
}

// adjointsOfOutputs transforms the gradients of channels [lo, hi) of a group that begins at
// channel first: A y Aᵀ.
func (v *winograd[F]) adjointsOfOutputs(to *transformed[F], gy []F, s strips, first, lo, hi int) {
	h, w := v.height, v.width
	pitch, length := tileOutputs*v.across, tileOutputs*to.stride
	memory := takeScratch[F](tileInputs*length + tileOutputs*w.out)
	rows, edge := memory.data[:tileInputs*length], memory.data[tileInputs*length:]
	clear(rows)
	for c := lo; c < hi; c++ {
		for i := s.first; i < s.last; i++ {
			from := rowsInside(edge, plane(gy, v.out, i/v.down, first+c, h.out, w.out), tileOutputs*(i%v.down), tileOutputs, w.out)
			kernel.WinogradRows(kernel.WinogradOutputAdjoint, w.out, rows[(i-s.first)*pitch:], length, from, w.out)
		}
		for t := 0; t < v.tiles(s); t += eightTiles {
			kernel.TileOutputsAdjoint(to.at(0, c)[t:], to.position, rows[tileOutputs*t:], length)
		}
	}
	memory.giveBack()
}

// outputs transforms the channels [lo, hi) of a group that begins at channel first back,
// Aᵀ Y A, and writes them with their bias, if that is not nil, to y, or adds them to it.
func (v *winograd[F]) outputs(y []F, from *transformed[F], s strips, first, lo, hi int, bias []F, add bool) {
	h, w := v.height, v.width
	pitch, length := tileOutputs*v.across, tileOutputs*from.stride
	memory := takeScratch[F](tileInputs*length + tileOutputs*w.out)
	rows, edge := memory.data[:tileInputs*length], memory.data[tileInputs*length:]
	for c := lo; c < hi; c++ {
		for t := 0; t < v.tiles(s); t += eightTiles {
			kernel.TileOutputs(rows[tileOutputs*t:], length, from.at(0, c)[t:], from.position)
		}
		var b F
		if bias != nil {
			b = bias[first+c]
		}
		for i := s.first; i < s.last; i++ {
			to, r := plane(y, v.out, i/v.down, first+c, h.out, w.out), tileOutputs*(i%v.down)
			part := rows[(i-s.first)*pitch:]
			if to = to[r*w.out:]; r+tileOutputs <= h.out {
				kernel.WinogradOutputRows(w.out, to, w.out, part, length, b, add)
				continue
			}
			copy(edge, to)
			kernel.WinogradOutputRows(w.out, edge, w.out, part, length, b, add)
			copy(to, edge)
		}
	}
	memory.giveBack()
}
