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

// products are the inner products of two gradients in each step.
func products(a, b [][]float64) [][][]float64 {
	dot := func(x, y []float64) (sum float64) {
		for i := range x {
			sum += x[i] * y[i]
		}
		return sum
	}
	all := make([][][]float64, len(a))
	for t := range a {
		all[t] = [][]float64{{dot(a[t], a[t]), dot(a[t], b[t])}, {dot(b[t], a[t]), dot(b[t], b[t])}}
	}
	return all
}

func TestSplitterOfOrthogonalTasks(t *testing.T) {
	a, b := [][]float64{{3, 0}, {4, 0}}, [][]float64{{0, 1}, {0, 2}}
	unit := func(squares float64) float64 { return 1 / math.Sqrt(squares/(1-splitterDecay)) } // of the first call
	for step, f := range new(Splitter).Combine(products(a, b)) {
		if math.Abs(f[0]-unit((9+16)/2.)) > 1e-12 || math.Abs(f[1]-unit((1+4)/2.)) > 1e-12 {
			t.Errorf("step %d: factors %v, want those of unit gradients", step, f)
		}
	}
}

func TestSplitterOfOppositeTasks(t *testing.T) {
	a, b := [][]float64{{3, 0}, {4, 0}}, [][]float64{{-3, 0}, {-4, 0}}
	for step, f := range new(Splitter).Combine(products(a, b)) {
		if sum := f[0]*a[step][0] + f[1]*b[step][0]; math.Abs(sum) > 1e-15 {
			t.Errorf("step %d: %v, want 0", step, sum)
		}
	}
}

// Conflicting gradients lose what goes against the other: of a = (1, 0) and
// b = (-1, 1), both brought to unit size u and w, remain (1, 1)/2 u and (0, 1) w.
func TestSplitterOfConflictingTasks(t *testing.T) {
	a, b := [][]float64{{1, 0}}, [][]float64{{-1, 1}}
	f := new(Splitter).Combine(products(a, b))[0]
	u := math.Sqrt(1 - splitterDecay)
	w := u / math.Sqrt2
	want := []float64{u / 2, u/2 + w}
	for i := range want {
		if got := f[0]*a[0][i] + f[1]*b[0][i]; math.Abs(got-want[i]) > 1e-15 {
			t.Errorf("component %d is %v, want %v", i, got, want[i])
		}
	}
}

// converged iterates the softmin of the divergence until it stands still: the entropic
// plan of two uniform distributions, its cost <P,C> and the dual value mean f + mean g.
func converged(cost [][]float64, eps float64) (plan [][]float64, transport, dual float64) {
	n := len(cost)
	s := Sinkhorn{Threads: 1}
	weight := -math.Log(float64(n))
	turned := transposed(cost)
	var f []float64
	g := make([]float64, n)
	for range 400_000 {
		before := slices.Clone(g)
		f = s.softmin(eps, cost, plus(weight, g, n, eps))
		g = s.softmin(eps, turned, plus(weight, f, n, eps))
		moved := 0.0
		for j := range g {
			moved = max(moved, math.Abs(g[j]-before[j]))
		}
		if moved < 1e-16 {
			break
		}
	}
	f = s.softmin(eps, cost, plus(weight, g, n, eps))
	plan = make([][]float64, n)
	for i := range plan {
		plan[i] = make([]float64, n)
		for j, c := range cost[i] {
			plan[i][j] = math.Exp((f[i]+g[j]-c)/eps) / float64(n*n)
			transport += plan[i][j] * c
		}
		dual += (f[i] + g[i]) / float64(n)
	}
	return plan, transport, dual
}

func TestEntropicPlansApproachTheAssignment(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const n = 6
	cost := make([][]float64, n)
	for i := range cost {
		cost[i] = make([]float64, n)
		for j := range cost[i] {
			cost[i][j] = r.Float64()
		}
	}
	var least float64
	for i, j := range Assign(cost) {
		least += cost[i][j] / n
	}
	before := math.Inf(1)
	for _, eps := range []float64{1, 0.3, 0.1, 0.05} {
		plan, transport, _ := converged(cost, eps)
		for i := range n {
			var row, column float64
			for j := range n {
				row, column = row+plan[i][j], column+plan[j][i]
			}
			if math.Abs(row-1./n) > 1e-12 || math.Abs(column-1./n) > 1e-12 {
				t.Errorf("ε = %v: row and column %d sum to %v and %v", eps, i, row, column)
			}
		}
		if transport > before || transport < least-1e-12 {
			t.Errorf("ε = %v: the plan costs %v, with a larger ε %v, the assignment %v", eps, transport, before, least)
		}
		before = transport
	}
	if before > least+0.03 {
		t.Errorf("at ε = 0.05 the plan costs %v, the assignment %v", before, least)
	}
}

func TestAssignmentDoesNotSeeConstants(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 8))
	cost := cloud(r, 6, 6)
	before := Assign(cost)
	for j := range cost[2] {
		cost[2][j] += 5
	}
	if after := Assign(cost); !slices.Equal(before, after) {
		t.Errorf("a constant in row 2 changes the assignment from %v to %v", before, after)
	}
}

func TestHardMatchingDoesNotSeeOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 8))
	x, y := cloud(r, 7, 5), cloud(r, 7, 5)
	want, _ := Hard{1}.Match(x, y)
	if got, _ := (Hard{2}).Match(shuffled(r, x), shuffled(r, y)); math.Abs(got-want) > 1e-12 {
		t.Errorf("the loss is %v, in another order %v", want, got)
	}
}

func TestDivergenceIsSymmetric(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 8))
	x, y := cloud(r, 6, 4), cloud(r, 9, 4)
	s := Sinkhorn{Blur: 0.01, Scaling: 0.5, Threads: 1}
	one, _ := s.Divergence(x, y)
	other, _ := s.Divergence(y, x)
	if math.Abs(one-other) > 1e-12 {
		t.Errorf("%v and %v", one, other)
	}
}
