package autodiff

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Pool is a window that moves along one axis: Size places wide, by Stride from
// one output to the next (0 means Size), with Padding, less than Size, places
// before and behind the input.
type Pool struct{ Size, Stride, Padding int }

const (
	badPool      = "autodiff: pooling: size is not positive, or padding is not less than size"
	badPoolInput = "autodiff: pooling: x has not the axes [batch][channels][height][width], or [batch][channels][length], or is empty"
)

func (p Pool) window(in int) window {
	if p.Size < 1 || p.Padding >= p.Size {
		panic(badPool)
	}
	if p.Stride == 0 {
		p.Stride = p.Size
	}
	return newWindow(in, p.Size, Axis{Stride: p.Stride, Padding: p.Padding})
}

// MaxPool2D is y[n,c,i,j], the greatest of x[n,c,·,·] within window (i,j), with
// x [batch][channels][H][W], y [batch][channels][OH][OW] and OH = ⌊(H + 2p -
// size) / stride⌋ + 1. Padding is never the greatest. Of equal ones the first,
// row by row, gets the gradient. With a NaN among them the greatest is NaN.
func MaxPool2D[F tensor.Float](t *Tape[F], threads int, x *Var[F], height, width Pool) *Var[F] {
	wantAxes(badPoolInput, x, 4)
	s := x.Value.Shape
	h, w := height.window(s[2]), width.window(s[3])
	y := t.Unset(threads, s[0], s[1], h.out, w.out)
	chosen := takeScratch[int32](len(y.Value.Data)) // place within the plane of x
	planes, in, out := s[0]*s[1], s[2]*s[3], h.out*w.out
	if squares(h, w) && w.in < narrow && w.in%2 == 0 && h.in%2 == 0 {
		const many = 64 // planes at once
		parallel.For(threads, (planes+many-1)/many, func(_, i int) {
			lo, hi := i*many, min(planes, (i+1)*many)
			narrowSquares(y.Value.Data[lo*out:hi*out], chosen.data[lo*out:hi*out], x.Value.Data[lo*in:hi*in], w.in, in)
		})
	} else {
		greatest := greatestOf[F](h, w)
		parallel.For(threads, planes, func(_, p int) {
			greatest(y.Value.Data[p*out:(p+1)*out], chosen.data[p*out:(p+1)*out], x.Value.Data[p*in:(p+1)*in])
		})
	}
	if x.Grad == nil {
		chosen.giveBack()
		return y
	}
	t.Record(func() {
		parallel.For(threads, planes, func(_, p int) {
			plane, at := x.Grad.Data[p*in:(p+1)*in], chosen.data[p*out:(p+1)*out]
			for k, g := range y.Grad.Data[p*out : (p+1)*out] {
				plane[at[k]] += g
			}
		})
		chosen.giveBack()
	})
	return y
}

// squares says whether windows are squares of 2×2 beside each other.
func squares(h, w window) bool {
	halves := func(w window) bool { return w.taps == 2 && w.stride == 2 && w.padding == 0 }
	return halves(h) && halves(w)
}

// narrowSquares pools planes of few columns, one after the other in x, over squares of 2×2. Rows are laid beside each other,
// the upper ones of all squares and the lower ones, so that a kernel has enough to do.
func narrowSquares[F tensor.Float](y []F, places []int32, x []F, width, plane int) {
	const most = 64 // squares at once
	var upper, lower [2 * most]F
	pairs := 2 * most / width // of rows, of which each has width/2 squares
	half, of := width/2, int32(plane)
	square := 0
	for first := 0; first < len(x); {
		rows := min(pairs, (len(x)-first)/(2*width))
		at := 0
		for i := first; at < rows*width; i += 2 * width {
			copy(upper[at:], x[i:i+width])
			copy(lower[at:], x[i+width:i+2*width])
			at += width
		}
		n := rows * half
		const isLower = 1 << 16
		kernel.MaxOfSquares(y[square:square+n], places[square:square+n], upper[:at], lower[:at], 0, isLower)
		base := int32(first % plane) // of the pair of rows
		for k := 0; k < n; k += half {
			for j := square + k; j < square+k+half; j++ {
				p := places[j]
				places[j] = base + p&(isLower-1) - int32(2*k) + p/isLower*int32(width)
			}
			if base += 2 * int32(width); base == of {
				base = 0
			}
		}
		square += n
		first += 2 * width * rows
	}
}

// greatestOf returns the function that pools a plane x into y, and notes the places.
func greatestOf[F tensor.Float](h, w window) func(y []F, places []int32, x []F) {
	if squares(h, w) {
		return func(y []F, places []int32, x []F) {
			for i := range h.out {
				at := 2 * i * w.in
				kernel.MaxOfSquares(y[i*w.out:(i+1)*w.out], places[i*w.out:], x[at:], x[at+w.in:], int32(at), int32(at+w.in))
			}
		}
	}
	rows, columns := h.spans(), w.spans()
	return func(y []F, places []int32, x []F) {
		k := 0
		for _, r := range rows {
			for _, c := range columns {
				best := r.first*w.in + c.first
				peak := x[best]
				for i := r.first; i < r.last; i++ {
					for j := i*w.in + c.first; j < i*w.in+c.last; j++ {
						// Written so that neither line is a branch, which
						// would be mispredicted.
						if v := x[j]; v > peak {
							best = j
						}
						peak = max(peak, x[j])
					}
				}
				y[k], places[k] = peak, int32(best)
				k++
			}
		}
	}
}

// MaxPool1D is MaxPool2D on x [batch][channels][L], images one row high.
func MaxPool1D[F tensor.Float](t *Tape[F], threads int, x *Var[F], p Pool) *Var[F] {
	wantAxes(badPoolInput, x, 3)
	s := x.Value.Shape
	y := MaxPool2D(t, threads, reshaped(x, s[0], s[1], 1, s[2]), Pool{Size: 1}, p)
	return reshaped(y, s[0], s[1], y.Value.Shape[3])
}

// span is the places [first, last) that an output pools, taken as count.
type span struct{ first, last, count int }

// spans returns what each output pools of the input, padding left out.
func (w window) spans() []span {
	spans := make([]span, w.out)
	for i := range spans {
		first, last := max(0, w.place(i, 0)), min(w.in, w.place(i, w.taps-1)+1)
		spans[i] = span{first, last, last - first}
	}
	return spans
}
