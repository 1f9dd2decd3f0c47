package ttfsgrad

import (
	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/tensor"
)

// alphaSlopes is s_i = α + Σ_j J_ij, the slope of an alpha neuron's potential when
// all its inputs have come (2212.12522, section 3 of the method), of weights J [in][out] or,
// of a convolution, [out][…]: the whole kernel counts at the borders too, since
// padded taps are synapses that fire at t_min.
func alphaSlopes[F tensor.Float](t *autodiff.Tape[F], j *autodiff.Var[F], alpha float64) *autodiff.Var[F] {
	rows, columns := j.Value.Shape[0], len(j.Value.Data)/j.Value.Shape[0]
	dense := len(j.Value.Shape) == 2
	outputs := rows
	if dense {
		outputs = columns
	}
	s := t.Unset(1, outputs)
	for i := range s.Value.Data {
		s.Value.Data[i] = F(alpha)
	}
	for r := range rows {
		for c, w := range part(j.Value.Data, rows, r) {
			if dense {
				s.Value.Data[c] += w
			} else {
				s.Value.Data[r] += w
			}
		}
	}
	t.Record(func() {
		for r := range rows {
			row := part(j.Grad.Data, rows, r)
			for c := range row {
				if dense {
					row[c] += s.Grad.Data[c]
				} else {
					row[c] += s.Grad.Data[r]
				}
			}
		}
	})
	return s
}
