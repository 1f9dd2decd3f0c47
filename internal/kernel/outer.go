package kernel

import (
	"math/bits"

	"github.com/snnctl/snnctl/internal/tensor"
)

// SpikeList lists, neuron by neuron, the spikes of a population in all lanes.
type SpikeList struct {
	Start  []int32 // spikes of neuron i: Start[i] … Start[i+1]-1
	Spikes []int32 // (t - first)·Lanes + lane, in the order of t, then lane

	tile []float32 // scratch of the vector kernel
}

// Rebuild lists the spikes of n neurons in the steps [first, last), words(t)
// being those of step t (nil for silence). Memory is reused.
func (s *SpikeList) Rebuild(n, first, last int, words func(t int) []uint16) {
	if cap(s.Start) <= n {
		s.Start = make([]int32, n+1)
	}
	s.Start = s.Start[:n+1]
	clear(s.Start)
	for t := first; t < last; t++ {
		for i, w := range words(t) {
			s.Start[i+1] += int32(bits.OnesCount16(w))
		}
	}
	for i := range n {
		s.Start[i+1] += s.Start[i]
	}
	total := int(s.Start[n])
	if cap(s.Spikes) < total {
		s.Spikes = make([]int32, total+total/4)
	}
	s.Spikes = s.Spikes[:total]
	for t := first; t < last; t++ {
		for i, w := range words(t) {
			for ; w != 0; w &= w - 1 {
				s.Spikes[s.Start[i]] = int32((t-first)*Lanes + bits.TrailingZeros16(w))
				s.Start[i]++
			}
		}
	}
	copy(s.Start[1:], s.Start[:n])
	s.Start[0] = 0
}

// steps is one more than the last step with a spike, counted from the first.
func (s *SpikeList) steps() int {
	last := int32(-1)
	for i := range len(s.Start) - 1 {
		if s.Start[i+1] > s.Start[i] {
			last = max(last, s.Spikes[s.Start[i+1]-1])
		}
	}
	return (int(last) + Lanes) / Lanes
}

// SpikeOuter adds to dw, a matrix [pre][n], the gradient of the weights:
//
//	dw_ij += Σ grad[t + d_ij, j, l] over the spikes (t, l) of neuron i
//
// with grad the rows of ∂E/∂v from the step in which an undelayed spike of the
// list's first step arrives. delays is [pre][n] in steps, below slots; grad
// reaches slots-1 rows beyond the last spike. Even and odd spikes of a list are
// summed apart, then added.
//
// A step of a neuron has few spikes in its sixteen lanes, so one number for
// each spike is cheaper than a masked vector for each step.
func SpikeOuter[F tensor.Float](dw []F, s *SpikeList, delays []uint8, slots int, grad []F, n int) {
	done := spikeOuterFast(dw, s, delays, slots, grad, n)
	for i := range len(s.Start) - 1 {
		spikes := s.Spikes[s.Start[i]:s.Start[i+1]]
		if len(spikes) == 0 {
			continue
		}
		for j := done; j < n; j++ {
			d := int(delays[i*n+j])
			var sum [2]F
			for k, spike := range spikes {
				step, lane := int(spike)/Lanes, int(spike)%Lanes
				sum[k&1] += grad[((step+d)*n+j)*Lanes+lane]
			}
			dw[i*n+j] += sum[0] + sum[1]
		}
	}
}

// CurrentOuter is SpikeOuter for analogue input of steps [first, last):
// dw_ij += Σ_t Σ_l x_i[t,l] · grad[t-first+d_ij, j, l]. Steps where x is nil
// have no input.
func CurrentOuter[F tensor.Float](dw []F, x func(t int) []float32, first, last int, delays []uint8, grad []F, n int) {
	pre := len(dw) / n
	for i := range pre {
		for j := range n {
			d := int(delays[i*n+j])
			var sum [Lanes]F
			for t := first; t < last; t++ {
				values := x(t)
				if values == nil {
					continue
				}
				g := lanes(grad, (t-first+d)*n+j)
				value := (*[Lanes]float32)(values[i*Lanes:])
				for l := range sum {
					sum[l] += F(F(value[l]) * g[l])
				}
			}
			dw[i*n+j] += sumLanes(&sum)
		}
	}
}

// sumLanes adds up pairs, pairs of pairs, and so on.
func sumLanes[F tensor.Float](x *[Lanes]F) F {
	var y [8]F
	for l := range y {
		y[l] = x[l] + x[l+8]
	}
	for l := range 4 {
		y[l] += y[l+4]
	}
	return (y[0] + y[2]) + (y[1] + y[3])
}
