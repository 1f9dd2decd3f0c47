package framenet

import (
	"math"
	"math/rand/v2"
	"testing"
)

// movie has random frames.
func movie(frames, side int) []float32 {
	r := rand.New(rand.NewPCG(1, 2))
	m := make([]float32, frames*side*side)
	for i := range m {
		m[i] = r.Float32()
	}
	return m
}

// The sizes of the paper: 27×27 becomes 14×14, then 7×7, 32 channels: 1568 inputs.
func TestSizesOfThePaper(t *testing.T) {
	s := Sizes{Depth: 10, Side: 27, Filters: 16, Kernel: 7, Pool: 3}
	if got := s.Inputs(); got != 1568 {
		t.Errorf("%d inputs, want 1568", got)
	}
	n := New[float32](s, movie(12, 27), 1, 1)
	if got := len(n.Forward()); got != 3*1568 {
		t.Errorf("%d numbers for 3 bins, want %d", got, 3*1568)
	}
}

// The network written out, place by place.
func TestForwardFollowsTheDefinition(t *testing.T) {
	s := Sizes{Depth: 2, Side: 7, Filters: 2, Kernel: 4, Pool: 3}
	const bins = 3
	frames := movie(bins+1, 7)
	n := New[float64](s, frames, 1, 3)
	for i := range n.B1.Value.Data {
		n.B1.Value.Data[i] = 0.1 * float64(i+1)
	}
	inputs := n.Forward()
	type picture func(c, i, j int) (float64, bool) // false outside
	conv := func(x picture, in, side int, w, b []float64, k int) picture {
		return func(o, i, j int) (float64, bool) {
			if i < 0 || j < 0 || i >= side || j >= side {
				return 0, false
			}
			sum, before := b[o], (k-1)/2
			for c := range in {
				for u := range k {
					for v := range k {
						if value, inside := x(c, i+u-before, j+v-before); inside {
							sum += w[((o*in+c)*k+u)*k+v] * value
						}
					}
				}
			}
			return max(sum, 0), true
		}
	}
	pool := func(x picture, side, p int) picture {
		before := max((halved(side)-1)*2+p-side, 0) / 2
		return func(c, i, j int) (float64, bool) {
			if i < 0 || j < 0 || i >= halved(side) || j >= halved(side) {
				return 0, false
			}
			best := math.Inf(-1)
			for u := range p {
				for v := range p {
					if value, inside := x(c, 2*i+u-before, 2*j+v-before); inside {
						best = max(best, value)
					}
				}
			}
			return best, true
		}
	}
	for bin := range bins {
		x := picture(func(c, i, j int) (float64, bool) {
			if i < 0 || j < 0 || i >= 7 || j >= 7 {
				return 0, false
			}
			return float64(frames[((bin+c)*7+i)*7+j]), true
		})
		x = pool(conv(x, 2, 7, n.W1.Value.Data, n.B1.Value.Data, 4), 7, 3)
		x = pool(conv(x, 2, 4, n.W2.Value.Data, n.B2.Value.Data, 4), 4, 3)
		for i := range 2 {
			for j := range 2 {
				for c := range 4 {
					want, _ := x(c, i, j)
					if got := inputs[bin*s.Inputs()+(i*2+j)*4+c]; math.Abs(got-want) > 1e-12 {
						t.Fatalf("bin %d, place %d, %d, channel %d: %v, want %v", bin, i, j, c, got, want)
					}
				}
			}
		}
	}
}

func TestGradientsAreThoseOfDifferences(t *testing.T) {
	s := Sizes{Depth: 2, Side: 5, Filters: 2, Kernel: 3, Pool: 3}
	n := New[float64](s, movie(4, 5), 2, 4)
	r := rand.New(rand.NewPCG(5, 6))
	weigh := make([]float64, len(n.Forward()))
	for i := range weigh {
		weigh[i] = r.NormFloat64()
	}
	loss := func() (sum float64) {
		for i, x := range n.Forward() {
			sum += weigh[i] * x
		}
		return sum
	}
	loss()
	n.Backward(weigh)
	for name, v := range map[string]struct{ value, grad []float64 }{
		"W1": {n.W1.Value.Data, n.W1.Grad.Data}, "B1": {n.B1.Value.Data, n.B1.Grad.Data},
		"W2": {n.W2.Value.Data, n.W2.Grad.Data}, "B2": {n.B2.Value.Data, n.B2.Grad.Data},
	} {
		for i := range v.value {
			const h = 1e-6
			at := v.value[i]
			v.value[i] = at + h
			up := loss()
			v.value[i] = at - h
			down := loss()
			v.value[i] = at
			if want := (up - down) / (2 * h); math.Abs(v.grad[i]-want) > 1e-6*(1+math.Abs(want)) {
				t.Errorf("∂L/∂%s[%d] is %v, by differences %v", name, i, v.grad[i], want)
			}
		}
	}
}
