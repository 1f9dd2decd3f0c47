package autodiff

import (
	"math"
	"math/rand/v2"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

const (
	badDropout      = "autodiff: Dropout: probability is not in [0, 1)"
	badDropoutShape = "autodiff: Dropout: x has no axis"
)

// Dropout sets each element to 0 with the given probability p in [0, 1), rounded
// to a multiple of 2⁻¹⁶, and divides the others by 1 - p. It is for training; in
// evaluation leave it out.
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
	y, trials := t.Unset(threads, x.Value.Shape...), x.Value.Shape[0]
	memory := takeScratch[F](len(y.Value.Data))
	mask := memory.data // 0 or 1/(1-p)
	keep, dropped := F(1/(1-p)), uint16(min(math.Round(p*(1<<16)), 1<<16-1))
	parallel.For(threads, trials, func(_, trial int) {
		n := len(mask) / trials
		from, to := trial*n, (trial+1)*n
		drawMask(mask[from:to], keep, dropped, rng.Stream(seed, layer, step, uint64(trial)))
		values := y.Value.Data[from:to]
		for i, m := range mask[from:to] {
			values[i] = m * x.Value.Data[from+i]
		}
	})
	if x.Grad == nil || t.Inference {
		memory.giveBack()
		return y
	}
	t.Record(func() {
		eachBlock(threads, len(mask), func(lo, hi int) {
			gx, gy := x.Grad.Data[lo:hi], y.Grad.Data[lo:hi]
			for i, m := range mask[lo:hi] {
				gx[i] += F(m * gy[i])
			}
		})
		memory.giveBack()
	})
	return y
}

// drawMask sets each number to keep, or to 0 with probability dropped/2¹⁶.
func drawMask[F tensor.Float](mask []F, keep F, dropped uint16, r *rand.Rand) {
	choices := [2]F{0, keep}
	for i := 0; i < len(mask); i += 4 { // of 64 random bits
		bits := r.Uint64()
		for j := i; j < min(i+4, len(mask)); j++ {
			kept := 0
			if uint16(bits) >= dropped {
				kept = 1
			}
			mask[j] = choices[kept]
			bits >>= 16
		}
	}
}
