package autodiff

import (
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

const (
	badDropout      = "autodiff: Dropout: probability is not in [0, 1)"
	badDropoutShape = "autodiff: Dropout: x has no axis"
)

// Dropout sets each element to 0 with the given probability p in [0, 1), and
// divides the others by 1 - p. It is for training; in evaluation leave it out.
//
// The first axis of x counts trials: the mask of trial i is drawn from the
// stream (seed, layer, step, i), and so does not depend on the batch's size.
func Dropout[F tensor.Float](t *Tape[F], threads int, x *Var[F], p float64, seed uint64, layer rng.Purpose, step uint64) *Var[F] {
	if !(p >= 0 && p < 1) {
		panic(badDropout)
	}
	if len(x.Value.Shape) == 0 {
		panic(badDropoutShape)
	}
	y, trials := like(t, x), x.Value.Shape[0]
	mask := make([]F, len(y.Value.Data)) // 0 or 1/(1-p)
	keep := F(1 / (1 - p))
	parallel.For(threads, trials, func(_, trial int) {
		r := rng.Stream(seed, layer, step, uint64(trial))
		n := len(mask) / trials
		for i := trial * n; i < (trial+1)*n; i++ {
			if r.Float64() >= p {
				mask[i] = keep
				y.Value.Data[i] = keep * x.Value.Data[i]
			}
		}
	})
	if x.Grad == nil {
		return y
	}
	t.Record(func() {
		eachBlock(threads, len(mask), func(lo, hi int) {
			gx, gy := x.Grad.Data[lo:hi], y.Grad.Data[lo:hi]
			for i, m := range mask[lo:hi] {
				gx[i] += F(m * gy[i])
			}
		})
	})
	return y
}
