package autodiff

import (
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// AvgPool2D is y[n,c,i,j], the mean of x[n,c,·,·] within window (i,j), with the
// shapes of MaxPool2D. With countPadding the padding counts as zeros; without,
// the mean is over the places inside the input.
func AvgPool2D[F tensor.Float](t *Tape[F], threads int, x *Var[F], height, width Pool, countPadding bool) *Var[F] {
	wantAxes(badPoolInput, x, 4)
	spans := func(in int, p Pool) []span {
		spans := p.window(in).spans()
		if countPadding {
			for i := range spans {
				spans[i].count = p.Size
			}
		}
		return spans
	}
	return averages(t, threads, x, spans(x.Value.Shape[2], height), spans(x.Value.Shape[3], width))
}

// AvgPool1D is AvgPool2D on x [batch][channels][L], images one row high.
func AvgPool1D[F tensor.Float](t *Tape[F], threads int, x *Var[F], p Pool, countPadding bool) *Var[F] {
	wantAxes(badPoolInput, x, 3)
	s := x.Value.Shape
	y := AvgPool2D(t, threads, reshaped(x, s[0], s[1], 1, s[2]), Pool{Size: 1}, p, countPadding)
	return reshaped(y, s[0], s[1], y.Value.Shape[3])
}

const badAdaptive = "autodiff: AdaptiveAvgPool2D: height or width of the result is not positive"

// AdaptiveAvgPool2D is y [batch][channels][height][width] of any x
// [batch][channels][H][W]: output i is the mean over the rows from ⌊i H/height⌋
// to before ⌈(i+1) H/height⌉, and the columns likewise.
func AdaptiveAvgPool2D[F tensor.Float](t *Tape[F], threads int, x *Var[F], height, width int) *Var[F] {
	wantAxes(badPoolInput, x, 4)
	if height < 1 || width < 1 {
		panic(badAdaptive)
	}
	spans := func(in, out int) []span {
		spans := make([]span, out)
		for i := range spans {
			first, last := i*in/out, ((i+1)*in+out-1)/out
			spans[i] = span{first, last, last - first}
		}
		return spans
	}
	return averages(t, threads, x, spans(x.Value.Shape[2], height), spans(x.Value.Shape[3], width))
}

const badGlobal = "autodiff: GlobalAvgPool: x has not the axes [batch][channels] and at least one more, or is empty"

// GlobalAvgPool is y[n,c], the mean of all of x[n,c,...].
func GlobalAvgPool[F tensor.Float](t *Tape[F], threads int, x *Var[F]) *Var[F] {
	s := x.Value.Shape
	if len(s) < 3 || size(s) == 0 {
		panic(badGlobal)
	}
	places := size(s[2:])
	whole := []span{{0, places, places}}
	y := averages(t, threads, reshaped(x, s[0], s[1], 1, places), []span{{0, 1, 1}}, whole)
	return reshaped(y, s[0], s[1])
}

// averages is the mean over rows × columns of each plane of x
// [batch][channels][H][W].
func averages[F tensor.Float](t *Tape[F], threads int, x *Var[F], rows, columns []span) *Var[F] {
	s := x.Value.Shape
	y := t.Result(s[0], s[1], len(rows), len(columns))
	planes, in, out := s[0]*s[1], s[2]*s[3], len(rows)*len(columns)
	parallel.For(threads, planes, func(_, p int) {
		plane, to := x.Value.Data[p*in:(p+1)*in], y.Value.Data[p*out:(p+1)*out]
		for ri, r := range rows {
			for ci, c := range columns {
				var sum F
				for i := r.first; i < r.last; i++ {
					for _, v := range plane[i*s[3]+c.first : i*s[3]+c.last] {
						sum += v
					}
				}
				to[ri*len(columns)+ci] = sum / F(r.count*c.count)
			}
		}
	})
	if x.Grad == nil {
		return y
	}
	t.Record(func() {
		parallel.For(threads, planes, func(_, p int) {
			plane, gy := x.Grad.Data[p*in:(p+1)*in], y.Grad.Data[p*out:(p+1)*out]
			for ri, r := range rows {
				for ci, c := range columns {
					g := gy[ri*len(columns)+ci] / F(r.count*c.count)
					for i := r.first; i < r.last; i++ {
						to := plane[i*s[3]+c.first : i*s[3]+c.last]
						for j := range to {
							to[j] += g
						}
					}
				}
			}
		})
	})
	return y
}
