//go:build amd64 && !purego

package kernel

import "github.com/snnctl/snnctl/internal/tensor"

// silence is z before the first step, for the neurons of one call.
var silence [64]uint64

// lifStepFast advances the first neurons, and returns how many.
func lifStepFast[F tensor.Float](p *LIF[F], vNext, v, current []F, spikes, previous []uint64) int {
	to, ok := float32s(vNext)
	n := len(v) &^ 7
	if previous == nil {
		previous = silence[:]
	}
	if !ok || n == 0 || len(previous) < (n+63)/64 {
		return 0
	}
	from, in := any(v).([]float32), any(current).([]float32)
	lifStepF32(n, &to[0], &from[0], &in[0], &spikes[0], &previous[0], float32(p.Beta), float32(p.Threshold), p.Ahead)
	return n
}

// lifAdjointFast takes the first neurons one step back, and returns how many.
func lifAdjointFast[F tensor.Float](p *LIF[F], gv, v, gz []F, inverse, scale, reset F) int {
	g, ok := float32s(gv)
	n := len(gv) &^ 7
	if !ok || n == 0 {
		return 0
	}
	from, outside := any(v).([]float32), any(gz).([]float32)
	if p.Sharpness == 0 {
		lifAdjointTriangleF32(n, &g[0], &from[0], &outside[0], float32(p.Beta), float32(inverse), float32(scale), float32(reset), 0)
	} else {
		lifAdjointSigmoidF32(n, &g[0], &from[0], &outside[0], float32(p.Beta), float32(inverse), float32(scale), float32(reset), float32(p.Sharpness))
	}
	return n
}

func sumEventsFast[F tensor.Float](sum, panel []F, at []int32) bool {
	to, ok := float32s(sum)
	if !ok || len(sum) != eventWidth {
		return false
	}
	sumEventsF32(len(at), &at[0], &any(panel).([]float32)[0], &to[0])
	return true
}

func sumWeightedFast[F tensor.Float](sum, panel []F, at []int32, weights []F) bool {
	if !useVectors || len(sum) != eventWidth {
		return false
	}
	switch to := any(sum).(type) {
	case []float32:
		sumWeightedF32(len(at), &at[0], &any(weights).([]float32)[0], &any(panel).([]float32)[0], &to[0])
	case []float64:
		rows := any(panel).([]float64)
		for half := 0; half < eventWidth; half += eventWidth / 2 {
			sumWeightedF64(len(at), &at[0], &any(weights).([]float64)[0], &rows[half], &to[half])
		}
	}
	return true
}
