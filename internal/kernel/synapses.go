package kernel

import "github.com/snnctl/snnctl/internal/tensor"

// Synapses lists the connections out of each presynaptic neuron, without those
// of weight zero. A synapse of delay d onto neuron j has Offset (d·n + j)·Lanes:
// where it lands in the rows of currents from now on, and where its adjoint is
// read from the rows of ∂E/∂v.
type Synapses[F tensor.Float] struct {
	Start  []int32 // synapses of presynaptic neuron i: Start[i] … Start[i+1]-1
	Offset []int32
	Weight []F
	reach  int // one past the largest index that an offset leads to
}

// Rebuild lists the non-zero entries of weights, a matrix [pre][n], with the
// delays [pre][n] in steps, 0 … slots-1. Self-connections (i onto i) are left
// out where autapses is false. Memory is reused.
func (s *Synapses[F]) Rebuild(weights []F, delays []uint8, pre, n, slots int, autapses bool) {
	s.Start = append(s.Start[:0], 0)
	s.Offset, s.Weight = s.Offset[:0], s.Weight[:0]
	for i := range pre {
		for j := range n {
			w := weights[i*n+j]
			if w == 0 || (i == j && !autapses) {
				continue
			}
			s.Offset = append(s.Offset, int32((int(delays[i*n+j])*n+j)*Lanes))
			s.Weight = append(s.Weight, w)
		}
		s.Start = append(s.Start, int32(len(s.Offset)))
	}
	s.reach = slots * n * Lanes
}

// ScatterSpikes adds to the rows of current the pulses that the spikes of one
// step cause: current[Offset+l] += Weight for each synapse of each neuron that
// fired in lane l. Silent neurons cost nothing.
func ScatterSpikes[F tensor.Float](current []F, words []uint16, s *Synapses[F]) {
	current = current[:s.reach]
	if scatterSpikesFast(current, words, s) {
		return
	}
	for i, word := range words {
		if word == 0 {
			continue
		}
		for k := s.Start[i]; k < s.Start[i+1]; k++ {
			to := (*[Lanes]F)(current[s.Offset[k]:])
			w := s.Weight[k]
			for l := range to {
				to[l] += pick(word, l, w)
			}
		}
	}
}

// ScatterCurrents is ScatterSpikes for analogue input: value holds Lanes
// numbers a line, and current[Offset+l] += Weight·value.
func ScatterCurrents[F tensor.Float](current []F, value []float32, s *Synapses[F]) {
	current = current[:s.reach]
	for i := range len(s.Start) - 1 {
		x := (*[Lanes]float32)(value[i*Lanes:])
		for k := s.Start[i]; k < s.Start[i+1]; k++ {
			to := (*[Lanes]F)(current[s.Offset[k]:])
			w := s.Weight[k]
			for l := range to {
				to[l] += F(w * F(x[l]))
			}
		}
	}
}

// GatherAdjoint is the adjoint of ScatterSpikes with respect to the spikes:
// to_i = Σ_k Weight_k · grad[Offset_k], over the synapses k out of neuron i.
// Neurons whose word of active is zero are skipped; their lanes stay.
// Even and odd synapses are summed apart, then added.
func GatherAdjoint[F tensor.Float](to []F, active []uint16, grad []F, s *Synapses[F]) {
	grad = grad[:s.reach]
	if gatherAdjointFast(to, active, grad, s) {
		return
	}
	for i, word := range active {
		if word == 0 {
			continue
		}
		var sum [2][Lanes]F
		for k := s.Start[i]; k < s.Start[i+1]; k++ {
			from := (*[Lanes]F)(grad[s.Offset[k]:])
			half := &sum[(k-s.Start[i])&1]
			w := s.Weight[k]
			for l := range half {
				half[l] += F(w * from[l])
			}
		}
		out := lanes(to, i)
		for l := range out {
			out[l] = sum[0][l] + sum[1][l]
		}
	}
}
