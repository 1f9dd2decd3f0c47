package trialmatch

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func cloud(r *rand.Rand, points, dimensions int) [][]float64 {
	x := make([][]float64, points)
	for i := range x {
		x[i] = make([]float64, dimensions)
		for d := range x[i] {
			x[i][d] = r.NormFloat64()
		}
	}
	return x
}

func shuffled(r *rand.Rand, x [][]float64) [][]float64 {
	y := slices.Clone(x)
	r.Shuffle(len(y), func(i, j int) { y[i], y[j] = y[j], y[i] })
	return y
}

func TestEqualSetsHaveNoDistanceInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	x := cloud(r, 9, 4)
	for name, m := range map[string]Matching{"hard": Hard{2}, "soft": Soft{Sinkhorn{0.01, 0.5, 2}}} {
		if loss, _ := m.Match(shuffled(r, x), x); math.Abs(loss) > 1e-14 {
			t.Errorf("%s: %v", name, loss)
		}
	}
	if c := Correlation(1, shuffled(r, x), x, false); math.Abs(c-1) > 1e-12 {
		t.Errorf("R_trial is %v", c)
	}
}

// The soft gradient leaves out, on purpose, what goes through the loop: golden
// vectors check it.
func TestGradientOfHardMatching(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	x, y := cloud(r, 5, 3), cloud(r, 5, 3)
	_, gradient := Hard{2}.Match(x, y)
	const h = 1e-6
	for i := range x {
		for d := range x[i] {
			at := x[i][d]
			x[i][d] = at + h
			up, _ := Hard{2}.Match(x, y)
			x[i][d] = at - h
			down, _ := Hard{2}.Match(x, y)
			x[i][d] = at
			if g := (up - down) / (2 * h); math.Abs(g-gradient[i][d]) > 1e-7 {
				t.Errorf("∂L/∂x[%d][%d] is %v, by differences %v", i, d, gradient[i][d], g)
			}
		}
	}
}

func TestThreadsDoNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	x, y := cloud(r, 17, 6), cloud(r, 13, 6)
	one, g1 := Soft{Sinkhorn{0.01, 0.5, 1}}.Match(x, y)
	three, g3 := Soft{Sinkhorn{0.01, 0.5, 3}}.Match(x, y)
	if one != three || !slices.EqualFunc(g1, g3, slices.Equal[[]float64]) {
		t.Error("one and three threads give other bits")
	}
}

func TestFiltersAverageWhatIsInside(t *testing.T) {
	first, second := First(2), Second(4)
	if first != (Filter{6, 3, 2}) || first.Length(200) != 67 || first.Length(700) != 233 {
		t.Errorf("filter 1 is %+v with lengths %d and %d", first, first.Length(200), first.Length(700))
	}
	if second.Length(67) != 17 || second.Length(233) != 58 {
		t.Errorf("filter 2 has lengths %d and %d", second.Length(67), second.Length(233))
	}
	ones := make([]float64, 200)
	for i := range ones {
		ones[i] = 1
	}
	for i, y := range second.Apply(first.Apply(ones)) {
		if math.Abs(y-1) > 1e-15 {
			t.Errorf("place %d of a constant is %v", i, y)
		}
	}
	// ⟨F x, y⟩ = ⟨x, Fᵀ y⟩
	r := rand.New(rand.NewPCG(7, 8))
	x, y := cloud(r, 1, 50)[0], cloud(r, 1, first.Length(50))[0]
	var left, right float64
	for i, v := range first.Apply(x) {
		left += v * y[i]
	}
	for i, v := range first.Adjoint(y, 50) {
		right += v * x[i]
	}
	if math.Abs(left-right) > 1e-12 {
		t.Errorf("the adjoint differs: %v and %v", left, right)
	}
}

func TestSplitterOfOrthogonalAndOppositeTasks(t *testing.T) {
	a, b := [][]float64{{3, 0}, {4, 0}}, [][]float64{{0, 1}, {0, 2}}
	sum := new(Splitter).Combine([][][]float64{a, b})
	unit := func(g [][]float64, squares float64) float64 { // of the first call
		return 1 / math.Sqrt(squares/(1-splitterDecay))
	}
	for t0 := range sum {
		wantA, wantB := a[t0][0]*unit(a, (9+16)/2.), b[t0][1]*unit(b, (1+4)/2.)
		if math.Abs(sum[t0][0]-wantA) > 1e-12 || math.Abs(sum[t0][1]-wantB) > 1e-12 {
			t.Errorf("step %d of orthogonal tasks: %v, want %v and %v", t0, sum[t0], wantA, wantB)
		}
	}
	opposite := new(Splitter).Combine([][][]float64{a, {{-3, 0}, {-4, 0}}})
	for t0, step := range opposite {
		if math.Abs(step[0]) > 1e-15 {
			t.Errorf("step %d of opposite tasks: %v, want 0", t0, step)
		}
	}
}
