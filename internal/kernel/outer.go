package kernel

import "github.com/snnctl/snnctl/internal/tensor"

// Event is a step in which a neuron fired in at least one lane.
type Event struct {
	Step int32  // counted from the first step of the list
	Word uint32 // the lanes that fired
}

// Events lists, neuron by neuron, when each of a population fired.
type Events struct {
	Start []int32 // events of neuron i: Start[i] … Start[i+1]-1
	List  []Event

	tile []float32 // scratch of the vector kernel
}

// Rebuild lists the spikes of n neurons in the steps [first, last), words(t)
// being those of step t. Memory is reused.
func (e *Events) Rebuild(n, first, last int, words func(t int) []uint16) {
	if cap(e.Start) <= n {
		e.Start = make([]int32, n+1)
	}
	e.Start = e.Start[:n+1]
	clear(e.Start)
	total := 0
	for t := first; t < last; t++ {
		for i, w := range words(t) {
			if w != 0 {
				e.Start[i+1]++
				total++
			}
		}
	}
	for i := range n {
		e.Start[i+1] += e.Start[i]
	}
	if cap(e.List) < total {
		e.List = make([]Event, total+total/4)
	}
	e.List = e.List[:total]
	for t := first; t < last; t++ {
		for i, w := range words(t) {
			if w != 0 {
				e.List[e.Start[i]] = Event{int32(t - first), uint32(w)}
				e.Start[i]++
			}
		}
	}
	copy(e.Start[1:], e.Start[:n])
	e.Start[0] = 0
}

// SpikeOuter adds to dw, a matrix [pre][n], the gradient of the weights:
//
//	dw_ij += Σ_t Σ_l z_i[t,l] · grad[t + d_ij, j, l]
//
// with the spikes z as events and grad the rows of ∂E/∂v from the step in
// which an undelayed spike of the first step arrives. Lanes are summed.
// delays is [pre][n] in steps, below slots; grad reaches slots-1 rows beyond
// the last event.
func SpikeOuter[F tensor.Float](dw []F, e *Events, delays []uint8, slots int, grad []F, n int) {
	done := spikeOuterFast(dw, e, delays, slots, grad, n)
	for i := range len(e.Start) - 1 {
		events := e.List[e.Start[i]:e.Start[i+1]]
		if len(events) == 0 {
			continue
		}
		for j := done; j < n; j++ {
			d := int(delays[i*n+j])
			var sum [Lanes]F
			for _, ev := range events {
				g := lanes(grad, (int(ev.Step)+d)*n+j)
				for l := range sum {
					sum[l] += pick(uint16(ev.Word), l, g[l])
				}
			}
			dw[i*n+j] += sumLanes(&sum)
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

// sumLanes adds lanes l and l+8, then l and l+4, then l and l+2, then the last
// two: the order of the vector kernels.
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
