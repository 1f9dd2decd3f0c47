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

// transformInputs transforms the channels [lo, hi) of the group: V = Bᵀ d B.
func (s *step[F]) transformInputs(lo, hi int) {
	h, w, to := s.height, s.width, &s.inputs
	// A row of a strip, with its padding; the rows of all strips lie beside each other.
	pitch := tileOutputs*s.across + kernel.WinogradKernel - 1
	length := (s.last - s.first) * pitch
	memory := takeScratch[F](tileInputs * (length + w.in))
	rows, edge := memory.data[:tileInputs*length], memory.data[tileInputs*length:]
	clear(rows) // for the padding, which nothing is written to
	for c := lo; c < hi; c++ {
		for i := s.first; i < s.last; i++ {
			image := plane(s.x, s.in, i/s.down, s.group*(s.in/s.groups)+c, h.in, w.in)
			from := rowsInside(edge, image, tileOutputs*(i%s.down)-h.padding, tileInputs, w.in)
			kernel.WinogradRows(kernel.WinogradInput, w.in, rows[(i-s.first)*pitch+w.padding:], length, from, w.in)
		}
		var offset [eightTiles]int
		place, column := 0, 0
		for t := 0; t < s.tiles(); t += eightTiles {
			for k := range offset {
				offset[k] = min(place, length-tileInputs) // the last eight may not be whole
				place, column = place+tileOutputs, column+1
				if column == s.across {
					place, column = place+pitch-tileOutputs*s.across, 0
				}
			}
			kernel.TileInputs(to.at(0, c)[t:], to.position, rows, length, &offset)
		}
	}
	memory.giveBack()
}

// transformGradients transforms the gradients of the outputs [lo, hi) of the group: A y Aᵀ.
func (s *step[F]) transformGradients(lo, hi int) {
	h, w, to := s.height, s.width, &s.outputs
	pitch, length := tileOutputs*s.across, tileOutputs*to.stride
	memory := takeScratch[F](tileInputs*length + tileOutputs*w.out)
	rows, edge := memory.data[:tileInputs*length], memory.data[tileInputs*length:]
	clear(rows)
	for c := lo; c < hi; c++ {
		for i := s.first; i < s.last; i++ {
			image := plane(s.y, s.out, i/s.down, s.group*(s.out/s.groups)+c, h.out, w.out)
			from := rowsInside(edge, image, tileOutputs*(i%s.down), tileOutputs, w.out)
			kernel.WinogradRows(kernel.WinogradOutputAdjoint, w.out, rows[(i-s.first)*pitch:], length, from, w.out)
		}
		for t := 0; t < s.tiles(); t += eightTiles {
			kernel.TileOutputsAdjoint(to.at(0, c)[t:], to.position, rows[tileOutputs*t:], length)
		}
	}
	memory.giveBack()
}

// transformOutputs transforms the outputs [lo, hi) of the group back, Aᵀ Y A, and writes
// them with their bias to y, or adds them to it.
func (s *step[F]) transformOutputs(lo, hi int) {
	h, w, from := s.height, s.width, &s.outputs
	pitch, length := tileOutputs*s.across, tileOutputs*from.stride
	memory := takeScratch[F](tileInputs*length + tileOutputs*w.out)
	rows, edge := memory.data[:tileInputs*length], memory.data[tileInputs*length:]
	for c := lo; c < hi; c++ {
		for t := 0; t < s.tiles(); t += eightTiles {
			kernel.TileOutputs(rows[tileOutputs*t:], length, from.at(0, c)[t:], from.position)
		}
		channel, bias := s.group*(s.out/s.groups)+c, F(0)
		if s.bias != nil {
			bias = s.bias[channel]
		}
		for i := s.first; i < s.last; i++ {
			first := tileOutputs * (i % s.down)
			to := plane(s.y, s.out, i/s.down, channel, h.out, w.out)[first*w.out:]
			part := rows[(i-s.first)*pitch:]
			if first+tileOutputs <= h.out {
				kernel.WinogradOutputRows(w.out, to, w.out, part, length, bias, s.add)
				continue
			}
			copy(edge, to)
			kernel.WinogradOutputRows(w.out, edge, w.out, part, length, bias, s.add)
			copy(to, edge)
		}
	}
	memory.giveBack()
}
