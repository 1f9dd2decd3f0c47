package autoencoder

import (
	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// leastNested is the part of the units that always stay.
const leastNested = 1. / 8

// nested is z [batch][N][frames] without the events of the last units: of each element of the batch the first n stay, n uniform
// between N/8 and N. The first units so learn what matters most, and any number of them is a code:
// what dropout of quantisers is to a residual vector quantiser.
func nested[F tensor.Float](t *autodiff.Tape[F], z *autodiff.Var[F], seed uint64, step int) *autodiff.Var[F] {
	s := z.Value.Shape
	size := s[1] * s[2]
	y := t.Result(s...)
	kept := make([]int, s[0]) // numbers of an element of the batch
	for b := range kept {
		least := max(1, int(leastNested*float64(s[1])))
		n := least + rng.Stream(seed, "nested units", uint64(step), uint64(b)).IntN(s[1]-least+1)
		kept[b] = n * s[2]
		copy(y.Value.Data[b*size:][:kept[b]], z.Value.Data[b*size:])
	}
	t.Record(func() {
		for b, n := range kept {
			gz := z.Grad.Data[b*size:][:n]
			for i, g := range y.Grad.Data[b*size:][:n] {
				gz[i] += g
			}
		}
	})
	return y
}
