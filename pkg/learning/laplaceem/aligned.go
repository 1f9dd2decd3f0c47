package laplaceem

import (
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// Aligned is the correlation of a truth, [T], with the linear map of latents, [T][D], that fits it
// best over the first bins, on the bins after these: latents have no units and no order of their
// own (section 7 of the method). NaN if there is no such map.
func Aligned(latents [][]float64, truth []float64, first int) float64 {
	d := len(latents[0])
	x := mat.NewDense(first, d+1, nil)
	for t := range first {
		x.SetRow(t, append(append([]float64(nil), latents[t]...), 1))
	}
	var w mat.VecDense
	if err := w.SolveVec(x, mat.NewVecDense(first, truth[:first])); err != nil {
		return math.NaN()
	}
	mapped := make([]float64, 0, len(truth)-first)
	for _, z := range latents[first:] {
		sum := w.AtVec(d)
		for i, v := range z {
			sum += w.AtVec(i) * v
		}
		mapped = append(mapped, sum)
	}
	return stat.Correlation(mapped, truth[first:], nil)
}
