package lsnn

import (
	"math"
	"testing"
)

// Delays are uniform on 0 … n_delay-1: their mean is (n_delay-1)/2, and the
// last slot is drawn. 256 is the largest n_delay that an experiment may ask for.
func TestDelaysAreUniform(t *testing.T) {
	for _, slots := range []int{1, 2, 10, 256} {
		p := cell(100, 0)
		p.Inputs, p.DelaySlots = 200, slots
		net := NewNetwork[float32](p, 1, 1)
		for name, delays := range map[string][]int{"Win": integers(net.DelayIn), "Wrec": integers(net.DelayRec)} {
			sum, largest := 0.0, 0
			for _, d := range delays {
				sum += float64(d)
				largest = max(largest, d)
			}
			mean, want := sum/float64(len(delays)), float64(slots-1)/2
			deviation := float64(slots) / math.Sqrt(12*float64(len(delays))) // of the mean
			if math.Abs(mean-want) > 4*deviation || largest >= slots || float64(largest) < 0.99*float64(slots)-1 {
				t.Errorf("%d slots: delays of %s have mean %g, want %g, and reach %d", slots, name, mean, want, largest)
			}
		}
	}
}

func integers[T uint8 | uint16 | int32](x []T) []int {
	y := make([]int, len(x))
	for i := range x {
		y[i] = int(x[i])
	}
	return y
}
