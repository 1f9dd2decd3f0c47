package autodiff

import "github.com/snnctl/snnctl/internal/tensor"

const badElements = "autodiff: Plus or Times: the shapes differ"

// Plus is y = a + b, element by element; a and b have one shape.
func Plus[F tensor.Float](t *Tape[F], threads int, a, b *Var[F]) *Var[F] {
	want(badElements, a, b.Value.Shape...)
	y := like(t, a)
	eachBlock(threads, len(y.Value.Data), func(lo, hi int) {
		to, bs := y.Value.Data[lo:hi], b.Value.Data[lo:hi]
		for i, v := range a.Value.Data[lo:hi] {
			to[i] = v + bs[i]
		}
	})
	t.Record(func() {
		for _, x := range []*Var[F]{a, b} {
			if x.Grad == nil {
				continue
			}
			eachBlock(threads, len(y.Value.Data), func(lo, hi int) {
				gx := x.Grad.Data[lo:hi]
				for i, g := range y.Grad.Data[lo:hi] {
					gx[i] += g
				}
			})
		}
	})
	return y
}

// Times is y = a · b, element by element; a and b have one shape.
func Times[F tensor.Float](t *Tape[F], threads int, a, b *Var[F]) *Var[F] {
	want(badElements, a, b.Value.Shape...)
	y := like(t, a)
	eachBlock(threads, len(y.Value.Data), func(lo, hi int) {
		to, bs := y.Value.Data[lo:hi], b.Value.Data[lo:hi]
		for i, v := range a.Value.Data[lo:hi] {
			to[i] = v * bs[i]
		}
	})
	t.Record(func() {
		for _, x := range [][2]*Var[F]{{a, b}, {b, a}} {
			if x[0].Grad == nil {
				continue
			}
			eachBlock(threads, len(y.Value.Data), func(lo, hi int) {
				gx, other := x[0].Grad.Data[lo:hi], x[1].Value.Data[lo:hi]
				for i, g := range y.Grad.Data[lo:hi] {
					gx[i] += F(g * other[i])
				}
			})
		}
	})
	return y
}
