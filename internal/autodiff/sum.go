package autodiff

import "github.com/snnctl/snnctl/internal/tensor"

// Sum is weight · Σ_i x_i, of any shape: on the outputs of rectified units, a
// penalty on their activity.
func Sum[F tensor.Float](t *Tape[F], threads int, x *Var[F], weight float64) *Var[F] {
	var total float64
	for _, v := range x.Value.Data {
		total += float64(v)
	}
	loss := t.Result(1)
	loss.Value.Data[0] = F(weight * total)
	if x.Grad == nil {
		return loss
	}
	t.Record(func() {
		g := F(weight) * loss.Grad.Data[0]
		eachBlock(threads, len(x.Grad.Data), func(lo, hi int) {
			for i := lo; i < hi; i++ {
				x.Grad.Data[i] += g
			}
		})
	})
	return loss
}
