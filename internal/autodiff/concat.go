package autodiff

import (
	"slices"

	"github.com/snnctl/snnctl/internal/tensor"
)

const badConcat = "autodiff: Concat: the shapes differ in more than the axis that is joined"

// Concat joins values along an axis; their other axes are equal.
func Concat[F tensor.Float](t *Tape[F], axis int, parts ...*Var[F]) *Var[F] {
	shape := slices.Clone(parts[0].Value.Shape)
	shape[axis] = 0
	for _, p := range parts {
		s := p.Value.Shape
		if len(s) != len(shape) || !slices.Equal(s[:axis], shape[:axis]) || !slices.Equal(s[axis+1:], shape[axis+1:]) {
			panic(badConcat)
		}
		shape[axis] += s[axis]
	}
	y := t.Result(shape...)
	outer, row := size(shape[:axis]), size(shape[axis:])
	// each calls f for each run of elements that a part has in y, and where it starts.
	each := func(f func(p *Var[F], lo, hi, at int)) {
		start := 0
		for _, p := range parts {
			n := size(p.Value.Shape[axis:])
			for o := range outer {
				f(p, o*n, (o+1)*n, o*row+start)
			}
			start += n
		}
	}
	each(func(p *Var[F], lo, hi, at int) { copy(y.Value.Data[at:], p.Value.Data[lo:hi]) })
	t.Record(func() {
		each(func(p *Var[F], lo, hi, at int) {
			if p.Grad == nil {
				return
			}
			gy := y.Grad.Data[at:][:hi-lo]
			for i := range gy {
				p.Grad.Data[lo+i] += gy[i]
			}
		})
	})
	return y
}
