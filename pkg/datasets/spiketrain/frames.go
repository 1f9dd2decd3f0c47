package spiketrain

import (
	"math"
	"os"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/matlab"
	"github.com/snnctl/snnctl/internal/npy"
)

// Movie is a sequence of grey pictures.
type Movie struct {
	Frames, Rows, Columns int
	Pixels                []float32 // [frame][row][column]
}

// ReadMovie reads a movie (rows, columns, frames) from an npy file, or from the variable
// M of a MATLAB file. Whole numbers are taken from their type's range to [0, 1].
func ReadMovie(file string) (*Movie, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, &fault.Input{Err: err}
	}
	head := make([]byte, 6)
	_, _ = f.Read(head) // what is too short has no such head
	f.Close()
	var shape []int
	var values []float64
	var scale float64
	firstFastest := false
	if string(head) == "\x93NUMPY" {
		s, err := npy.Open(file)
		if err != nil {
			return nil, err
		}
		defer s.Close()
		total := 1
		for _, n := range s.Shape {
			total *= n
		}
		if total > maxBins {
			return nil, fault.Inputf("%s has %d values, expected at most %d", file, total, maxBins)
		}
		values, shape, scale = make([]float64, total), s.Shape, 1/greatest(strings.TrimLeft(s.Type, "<|"))
		if err := s.Next(values); err != nil {
			return nil, err
		}
	} else {
		a, err := matlab.Read(file, "M")
		if err != nil {
			return nil, err
		}
		values, shape, firstFastest = a.Values, a.Shape, true
		scale = 1 / greatest(map[matlab.Class]string{matlab.Uint8: "u1", matlab.Int8: "i1", matlab.Uint16: "u2", matlab.Int16: "i2", matlab.Uint32: "u4", matlab.Int32: "i4"}[a.Class])
	}
	if len(shape) != 3 || len(values) == 0 {
		return nil, fault.Inputf("%s has the shape %v, expected (rows, columns, frames)", file, shape)
	}
	m := &Movie{Rows: shape[0], Columns: shape[1], Frames: shape[2], Pixels: make([]float32, len(values))}
	for r := range m.Rows {
		for c := range m.Columns {
			for t := range m.Frames {
				at := (r*m.Columns+c)*m.Frames + t
				if firstFastest {
					at = r + m.Rows*(c+m.Columns*t)
				}
				x := values[at] * scale
				if math.IsNaN(x) || math.IsInf(x, 0) {
					return nil, fault.Inputf("%s: frame %d, row %d, column %d is %v, expected a brightness", file, t, r, c, x)
				}
				m.Pixels[(t*m.Rows+r)*m.Columns+c] = float32(x)
			}
		}
	}
	return m, nil
}

// greatest is the greatest whole number of a type as NumPy calls it; 1 for other types.
func greatest(kind string) float64 {
	switch kind {
	case "u1":
		return math.MaxUint8
	case "i1":
		return math.MaxInt8
	case "u2":
		return math.MaxUint16
	case "i2":
		return math.MaxInt16
	case "u4":
		return math.MaxUint32
	case "i4":
		return math.MaxInt32
	}
	return 1
}

// Resized has square frames of another size: smoothed against aliasing by a Gaussian of
// (factor-1)/2 pixels where a side shrinks by that factor, then interpolated linearly
// between the centres of pixels, as scikit-image's resize does. Beyond its edges a frame
// is its mirror image.
func (m *Movie) Resized(side int) *Movie {
	out := &Movie{Frames: m.Frames, Rows: side, Columns: side, Pixels: make([]float32, m.Frames*side*side)}
	rows, columns := resampling(m.Rows, side), resampling(m.Columns, side)
	between := make([]float64, side*m.Columns)
	for t := range m.Frames {
		from, to := m.Pixels[t*m.Rows*m.Columns:(t+1)*m.Rows*m.Columns], out.Pixels[t*side*side:(t+1)*side*side]
		low, high := from[0], from[0]
		for _, x := range from {
			low, high = min(low, x), max(high, x)
		}
		clear(between)
		for i, weights := range rows {
			for _, w := range weights {
				for c := range m.Columns {
					between[i*m.Columns+c] += w.weight * float64(from[w.at*m.Columns+c])
				}
			}
		}
		for i := range side {
			for j, weights := range columns {
				var sum float64
				for _, w := range weights {
					sum += w.weight * between[i*m.Columns+w.at]
				}
				to[i*side+j] = min(max(float32(sum), low), high)
			}
		}
	}
	return out
}

// weighted is a pixel's part in another.
type weighted struct {
	at     int
	weight float64
}

// resampling gives, for each of the new pixels of a side, the old ones it is made of.
func resampling(from, to int) [][]weighted {
	factor := float64(from) / float64(to)
	sigma := max(0, (factor-1)/2)
	reach := int(4*sigma + 0.5)
	kernel, total := make([]float64, 2*reach+1), 0.0
	for i := range kernel {
		kernel[i] = 1
		if sigma > 0 {
			kernel[i] = math.Exp(-0.5 * float64((i-reach)*(i-reach)) / (sigma * sigma))
		}
		total += kernel[i]
	}
	out := make([][]weighted, to)
	for i := range out {
		at := (float64(i)+0.5)*factor - 0.5
		low := int(math.Floor(at))
		sums := map[int]float64{}
		var order []int
		for _, side := range []weighted{{low, 1 - (at - float64(low))}, {low + 1, at - float64(low)}} {
			for k, g := range kernel {
				pixel := mirrored(mirrored(side.at, from)+k-reach, from)
				if _, known := sums[pixel]; !known {
					order = append(order, pixel)
				}
				sums[pixel] += side.weight * g / total
			}
		}
		for _, pixel := range order {
			out[i] = append(out[i], weighted{pixel, sums[pixel]})
		}
	}
	return out
}

// mirrored is the place of i in n pixels that are mirrored at the centres of the outer
// ones.
func mirrored(i, n int) int {
	if n == 1 {
		return 0
	}
	period := 2 * (n - 1)
	i = ((i % period) + period) % period
	if i >= n {
		i = period - i
	}
	return i
}
