//go:build amd64 && !purego

package kernel

import (
	"golang.org/x/sys/cpu"

	"github.com/snnctl/snnctl/internal/tensor"
)

// The functions below run a kernel in assembly where the processor and the
// precision allow it, and report whether they did.

func haveVectors() bool { return cpu.X86.HasAVX2 && cpu.X86.HasBMI1 }

// haveWideVectors asks for FMA too, which every processor with AVX-512 has: the
// wide tile of Gemm is chosen without looking further.
func haveWideVectors() bool {
	return haveVectors() && cpu.X86.HasFMA && cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ
}

// float32s returns x as what it is, if it is float32 and the kernels can run.
func float32s[F tensor.Float](x []F) ([]float32, bool) {
	s, ok := any(x).([]float32)
	return s, ok && useVectors && len(s) > 0
}

func scatterSpikesFast[F tensor.Float](current []F, words []uint16, s *Synapses[F]) bool {
	to, ok := float32s(current)
	if !ok || len(s.Weight) == 0 {
		return false
	}
	weight := any(s.Weight).([]float32)
	words = words[:len(s.Start)-1]
	if useWide {
		scatterSpikesAVX512(len(words), &words[0], &s.Start[0], &s.Offset[0], &weight[0], &to[0])
	} else {
		scatterSpikesAVX2(len(words), &words[0], &s.Start[0], &s.Offset[0], &weight[0], &to[0])
	}
	return true
}

func gatherAdjointFast[F tensor.Float](to []F, active []uint16, grad []F, s *Synapses[F]) bool {
	from, ok := float32s(grad)
	if !ok || len(s.Weight) == 0 {
		return false
	}
	weight, out := any(s.Weight).([]float32), any(to).([]float32)
	active = active[:len(s.Start)-1]
	out = out[:len(active)*Lanes]
	if useWide {
		gatherAdjointAVX512(len(active), &active[0], &s.Start[0], &s.Offset[0], &weight[0], &from[0], &out[0])
	} else {
		gatherAdjointAVX2(len(active), &active[0], &s.Start[0], &s.Offset[0], &weight[0], &from[0], &out[0])
	}
	return true
}

func membraneStepFast[F tensor.Float](neurons *Neurons[F], step *Step[F]) bool {
	p, ok := any(neurons).(*Neurons[float32])
	if !ok || !useVectors || len(p.Constants) == 0 || step.Reset != nil {
		return false
	}
	s := any(step).(*Step[float32])
	n := len(p.Constants)
	for _, row := range [][]float32{s.V, s.VNext, s.B, s.A, s.Current} {
		_ = row[n*Lanes-1]
	}
	_, _, _ = s.Spikes[n-1], s.Previous[n-1], s.Blocked[n-1]
	if useWide {
		membraneStepAVX512(n, p.Alpha, 1-p.Alpha, &p.Constants[0].Rho, &s.V[0], &s.VNext[0], &s.B[0], &s.A[0], &s.Current[0],
			&s.Spikes[0], &s.Previous[0], &s.Blocked[0])
	} else {
		membraneStepAVX2(n, p.Alpha, 1-p.Alpha, &p.Constants[0].Rho, &s.V[0], &s.VNext[0], &s.B[0], &s.A[0], &s.Current[0],
			&s.Spikes[0], &s.Previous[0], &s.Blocked[0])
	}
	return true
}

func pseudoDerivativeFast[F tensor.Float](neurons *Neurons[F], step *AdjointStep[F]) bool {
	p, ok := any(neurons).(*Neurons[float32])
	if !ok || !useVectors || len(p.Constants) == 0 {
		return false
	}
	s := any(step).(*AdjointStep[float32])
	n := len(p.Constants)
	for _, row := range [][]float32{s.V, s.A, s.Psi} {
		_ = row[n*Lanes-1]
	}
	_, _ = s.Active[n-1], s.Blocked[n-1]
	if useWide {
		pseudoDerivativeAVX512(n, p.Dampening, &s.V[0], &s.A[0], &s.Psi[0], &s.Active[0], &s.Blocked[0])
	} else {
		pseudoDerivativeAVX2(n, p.Dampening, &s.V[0], &s.A[0], &s.Psi[0], &s.Active[0], &s.Blocked[0])
	}
	return true
}

func membraneAdjointFast[F tensor.Float](neurons *Neurons[F], step *AdjointStep[F]) bool {
	p, ok := any(neurons).(*Neurons[float32])
	if !ok || !useVectors || len(p.Constants) == 0 {
		return false
	}
	s := any(step).(*AdjointStep[float32])
	if s.Detached || s.External == nil || &s.ResetGrad[0] != &s.GV[0] {
		return false
	}
	n := len(p.Constants)
	for _, row := range [][]float32{s.V, s.A, s.Psi, s.External, s.Recurrent, s.GVNext, s.GV, s.GB, s.Reset} {
		_ = row[n*Lanes-1]
	}
	_, _, _ = s.Regulariser[n-1], s.Active[n-1], s.ResetWords[n-1]
	if useWide {
		membraneAdjointAVX512(n, p.Alpha, 1-p.Alpha, &p.Constants[0].Rho, &s.V[0], &s.A[0], &s.Psi[0], &s.External[0], &s.Regulariser[0],
			&s.Recurrent[0], &s.GVNext[0], &s.GV[0], &s.GB[0], &s.Reset[0], &s.Active[0], &s.ResetWords[0])
	} else {
		membraneAdjointAVX2(n, p.Alpha, 1-p.Alpha, &p.Constants[0].Rho, &s.V[0], &s.A[0], &s.Psi[0], &s.External[0], &s.Regulariser[0],
			&s.Recurrent[0], &s.GVNext[0], &s.GV[0], &s.GB[0], &s.Reset[0], &s.Active[0], &s.ResetWords[0])
	}
	return true
}

func filterSpikesFast[F tensor.Float](filtered []F, words []uint16, kappa F) bool {
	x, ok := float32s(filtered)
	if !ok {
		return false
	}
	words = words[:len(x)/Lanes]
	if useWide {
		filterSpikesAVX512(len(words), float32(kappa), float32(1-kappa), &x[0], &words[0])
	} else {
		filterSpikesAVX2(len(words), float32(kappa), float32(1-kappa), &x[0], &words[0])
	}
	return true
}

func addRowFast[F tensor.Float](dst, src []F) bool {
	to, ok := float32s(dst)
	if !ok || len(to)%Lanes != 0 {
		return false
	}
	from := any(src).([]float32)[:len(to)]
	addRowAVX2(len(to)/Lanes, &to[0], &from[0])
	return true
}

func scaleFast[F tensor.Float](x []F, c F) bool {
	y, ok := float32s(x)
	if !ok || len(y)%Lanes != 0 {
		return false
	}
	scaleAVX2(len(y)/Lanes, &y[0], float32(c))
	return true
}

func orWordsFast(dst, src []uint16) bool {
	if !useVectors || len(dst) < Lanes {
		return false
	}
	orWordsAVX2(len(dst), &dst[0], &src[0])
	return true
}

// tile is the number of postsynaptic neurons that spikeOuterAVX2 handles at a time.
const tile = 4

// spikeOuterFast returns the number of columns that it has done. It copies what
// grad has of each neuron of a tile into a column of its own: so they fit the
// first cache, and a few pages, while the spikes of all presynaptic neurons pass.
func spikeOuterFast[F tensor.Float](dw []F, s *SpikeList, delays []uint8, slots int, grad []F, n int) int {
	out, ok := any(dw).([]float32)
	pre := len(s.Start) - 1
	if !ok || !useVectors || pre == 0 || len(s.Spikes) == 0 {
		return 0
	}
	from := any(grad).([]float32)
	out, delays = out[:pre*n], delays[:pre*n]
	rows := s.steps() + slots - 1
	if len(s.tile) < tile*rows*Lanes {
		s.tile = make([]float32, tile*rows*Lanes)
	}
	done := n - n%tile
	for j := 0; j < done; j += tile {
		for c := range tile {
			column := s.tile[c*rows*Lanes : (c+1)*rows*Lanes]
			for r := range rows {
				*lanes(column, r) = *lanes(from, r*n+j+c)
			}
		}
		spikeOuterAVX2(pre, &s.Start[0], &s.Spikes[0], &delays[j], &s.tile[0], 4*rows*Lanes, n, &out[j])
	}
	return done
}
