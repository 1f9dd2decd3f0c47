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

// narrow is the width of rows below which they are not transformed one by one: first they are laid beside each
// other, as a call of a kernel costs more than the eight numbers it can do at once.
const narrow = 16

// layRows copies the rows [lo, hi) of a strip, which lie one after the other in from, to where they lie in long ones.
func layRows[F tensor.Float](to []F, length int, from []F, width, lo, hi int) {
	switch width {
	case 4:
		for row := lo; row < hi; row, from = row+1, from[4:] {
			*(*[4]F)(to[row*length:]) = [4]F(from)
		}
	case 8:
		for row := lo; row < hi; row, from = row+1, from[8:] {
			*(*[8]F)(to[row*length:]) = [8]F(from)
		}
	default:
		for row := lo; row < hi; row, from = row+1, from[width:] {
			copy(to[row*length:], from[:width])
		}
	}
}

// layStrips lays the strips of a channel of x, rows of so many with so many zeros above, beside each other. What is
// outside stays as it was.
func (s *step[F]) layStrips(to []F, length, pitch int, x []F, channels, channel, height, width, rows, above int) {
	image, down := s.first/s.down, s.first%s.down
	for i := 0; i < s.last-s.first; i++ {
		top := tileOutputs*down - above
		lo, hi := max(0, -top), min(rows, height-top)
		layRows(to[i*pitch:], length, x[((image*channels+channel)*height+top+lo)*width:], width, lo, hi)
		if down++; down == s.down {
			image, down = image+1, 0
		}
	}
}

// takeRow copies a row of so many numbers, or adds it.
func takeRow[F tensor.Float](to, from []F, width int, add bool) {
	to, from = to[:width], from[:width]
	switch {
	case add:
		for i, v := range from {
			to[i] = v + to[i]
		}
	case width == 4:
		*(*[4]F)(to) = [4]F(from)
	case width == 8:
		*(*[8]F)(to) = [8]F(from)
	default:
		copy(to, from)
	}
}

// transformInputs transforms the channels [lo, hi) of the group: V = Bᵀ d B.
func (s *step[F]) transformInputs(lo, hi int) {
	h, w, to := s.height, s.width, &s.inputs
	// A row of a strip, with its padding; the rows of all strips lie beside each other.
	pitch := tileOutputs*s.across + kernel.WinogradKernel - 1
	length := (s.last - s.first) * pitch
	memory := takeScratch[F](tileInputs * (length + max(length, w.in)))
	rows, edge := memory.data[:tileInputs*length], memory.data[tileInputs*length:]
	clear(memory.data) // for the padding, which nothing is written to
	for c := lo; c < hi; c++ {
		channel := s.group*(s.in/s.groups) + c
		if w.in < narrow {
			s.layStrips(edge[w.padding:], length, pitch, s.x, s.in, channel, h.in, w.in, tileInputs, h.padding)
			kernel.WinogradRows(kernel.WinogradInput, length, rows, length, edge, length)
		}
		for i := s.first; i < s.last && w.in >= narrow; i++ {
			image := plane(s.x, s.in, i/s.down, channel, h.in, w.in)
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
	memory := takeScratch[F](tileInputs*length + tileOutputs*max(length, w.out))
	rows, edge := memory.data[:tileInputs*length], memory.data[tileInputs*length:]
	clear(memory.data)
	for c := lo; c < hi; c++ {
		channel := s.group*(s.out/s.groups) + c
		if w.out < narrow {
			s.layStrips(edge, length, pitch, s.y, s.out, channel, h.out, w.out, tileOutputs, 0)
			kernel.WinogradRows(kernel.WinogradOutputAdjoint, length, rows, length, edge, length)
		}
		for i := s.first; i < s.last && w.out >= narrow; i++ {
			image := plane(s.y, s.out, i/s.down, channel, h.out, w.out)
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
	memory := takeScratch[F](tileInputs*length + tileOutputs*max(length, w.out))
	rows, edge := memory.data[:tileInputs*length], memory.data[tileInputs*length:]
	for c := lo; c < hi; c++ {
		for t := 0; t < s.tiles(); t += eightTiles {
			kernel.TileOutputs(rows[tileOutputs*t:], length, from.at(0, c)[t:], from.position)
		}
		channel, bias := s.group*(s.out/s.groups)+c, F(0)
		if s.bias != nil {
			bias = s.bias[channel]
		}
		if w.out < narrow {
			kernel.WinogradOutputRows(length, edge, length, rows, length, bias, false)
		}
		for i := s.first; i < s.last; i++ {
			first := tileOutputs * (i % s.down)
			to := plane(s.y, s.out, i/s.down, channel, h.out, w.out)[first*w.out:]
			if w.out < narrow {
				for row := range min(tileOutputs, h.out-first) {
					takeRow(to[row*w.out:], edge[row*length+(i-s.first)*pitch:], w.out, s.add)
				}
				continue
			}
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
