package autodiff

import (
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

const badPad = "autodiff: Pad2D: x has not the axes [batch][channels][height][width], is empty, or the padding is negative"

// Pad2D puts zeros around the images of x [batch][channels][H][W]; y is
// [batch][channels][top+H+bottom][left+W+right].
func Pad2D[F tensor.Float](t *Tape[F], threads int, x *Var[F], top, left, bottom, right int) *Var[F] {
	wantAxes(badPad, x, 4)
	if min(top, left, bottom, right) < 0 {
		panic(badPad)
	}
	s := x.Value.Shape
	height, width := top+s[2]+bottom, left+s[3]+right
	y := t.Unset(threads, s[0], s[1], height, width)
	// rows pairs each row of the plane p of x with where it lies in y.
	rows := func(p int, x, y []F, do func(x, y []F)) {
		for i := range s[2] {
			from := (p*s[2] + i) * s[3]
			to := (p*height+top+i)*width + left
			do(x[from:from+s[3]], y[to:to+s[3]])
		}
	}
	parallel.For(threads, s[0]*s[1], func(_, p int) {
		clear(y.Value.Data[p*height*width : (p+1)*height*width])
		rows(p, x.Value.Data, y.Value.Data, func(x, y []F) { copy(y, x) })
	})
	if x.Grad == nil {
		return y
	}
	t.Record(func() {
		parallel.For(threads, s[0]*s[1], func(_, p int) {
			rows(p, x.Grad.Data, y.Grad.Data, func(gx, gy []F) {
				for i, g := range gy {
					gx[i] += g
				}
			})
		})
	})
	return y
}
