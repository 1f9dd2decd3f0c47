package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/internal/underrace"
)

// product is one call of Gemm.
type product[F tensor.Float] struct {
	transA, transB bool
	m, n, k        int
	alpha, beta    F
	a, b, c        []F
	lda, ldb, ldc  int
}

// newProduct draws matrices that begin and end in the middle of a larger one,
// whose remaining elements are NaN so that no result may depend on them.
func newProduct[F tensor.Float](r *rand.Rand, transA, transB bool, m, n, k int, alpha, beta F) *product[F] {
	p := &product[F]{transA: transA, transB: transB, m: m, n: n, k: k, alpha: alpha, beta: beta}
	matrix := func(rows, cols int) ([]F, int) {
		stride := cols + r.IntN(4)
		x := make([]F, 1+max(0, (rows-1)*stride+cols))[1:]
		for i := range x {
			x[i] = F(math.NaN())
			if i%max(stride, 1) < cols {
				x[i] = F(r.NormFloat64())
			}
		}
		return x, stride
	}
	turned := func(trans bool, rows, cols int) ([]F, int) {
		if trans {
			rows, cols = cols, rows
		}
		return matrix(rows, cols)
	}
	p.a, p.lda = turned(transA, m, k)
	p.b, p.ldb = turned(transB, k, n)
	p.c, p.ldc = matrix(m, n)
	return p
}

func (p *product[F]) String() string {
	return fmt.Sprintf("%T %d×%d×%d, transposed %v %v, α %v, β %v, strides %d %d %d", p.alpha, p.m, p.k, p.n, p.transA, p.transB, p.alpha, p.beta, p.lda, p.ldb, p.ldc)
}

func (p *product[F]) run(threads int) []F {
	c := slices.Clone(p.c)
	Gemm(threads, p.transA, p.transB, p.m, p.n, p.k, p.alpha, p.a, p.lda, p.b, p.ldb, p.beta, c, p.ldc)
	return c
}

// check compares c with a product in float64. The error of a sum of k products
// is at most about k·eps·Σ|a||b|, in whatever order and however fused it is.
func (p *product[F]) check(t *testing.T, c []F) {
	t.Helper()
	eps, tiny := 0x1p-52, 0x1p-1074
	if _, single := any(p.alpha).(float32); single {
		eps, tiny = 0x1p-23, 0x1p-149
	}
	for i := range p.m {
		for j := range p.n {
			var sum, size float64
			for q := range p.k {
				x, y := p.a[at(p.transA, i, q, p.lda)], p.b[at(p.transB, q, j, p.ldb)]
				term := float64(x) * float64(y)
				sum += term
				size += math.Abs(term)
			}
			want, scale := 0.0, 0.0
			if p.k > 0 && p.alpha != 0 {
				want, scale = float64(p.alpha)*sum, math.Abs(float64(p.alpha))*size
			}
			if p.beta != 0 {
				term := float64(p.beta) * float64(p.c[i*p.ldc+j])
				want += term
				scale += math.Abs(term)
			}
			got := float64(c[i*p.ldc+j])
			if math.IsNaN(want) || math.IsInf(want, 0) {
				if math.IsNaN(want) != math.IsNaN(got) || math.IsInf(want, 1) != math.IsInf(got, 1) || math.IsInf(want, -1) != math.IsInf(got, -1) {
					t.Fatalf("%v: C[%d][%d] = %v, want %v", p, i, j, got, want)
				}
				continue
			}
			if limit := float64(p.k+3) * (eps*scale + tiny); !(math.Abs(got-want) <= limit) {
				t.Fatalf("%v: C[%d][%d] = %v, want %v ± %v", p, i, j, got, want, limit)
			}
		}
	}
	for i := range c { // what lies between the rows stays as it was
		if i%max(p.ldc, 1) >= p.n && !math.IsNaN(float64(c[i])) {
			t.Fatalf("%v: wrote %v between the rows", p, c[i])
		}
	}
}

func at(trans bool, i, j, stride int) int {
	if trans {
		i, j = j, i
	}
	return i*stride + j
}

// gemmShapes are m, n, k: none, one, odd, around the sizes of tiles and panels,
// and beyond those of blocks.
var gemmShapes = [][3]int{
	{0, 0, 0}, {0, 3, 2}, {3, 0, 2}, {3, 2, 0}, {1, 1, 1}, {1, 1, 300}, {1, 40, 7}, {40, 1, 7}, {1, 300, 300}, {300, 1, 300},
	{2, 64, 64}, {5, 7, 3}, {6, 16, 9}, {7, 17, 10}, {12, 32, 1}, {13, 31, 2}, {6, 8, 400}, {11, 23, 385}, {50, 1100, 3},
	{130, 20, 33}, {3, 3, 800},
}

// eachTwin runs a test on each kind of kernel that this processor has.
func eachTwin(t *testing.T, test func(t *testing.T)) {
	defer func(vectors, wide bool) { useVectors, useWide = vectors, wide }(useVectors, useWide)
	for {
		t.Run(Instructions(), test)
		switch {
		case useWide:
			useWide = false
		case useVectors:
			useVectors = false
		default:
			return
		}
	}
}

func TestGemmIsTheProduct(t *testing.T) {
	eachTwin(t, func(t *testing.T) {
		testGemmIsTheProduct[float32](t)
		testGemmIsTheProduct[float64](t)
	})
}

func testGemmIsTheProduct[F tensor.Float](t *testing.T) {
	r := rng.Stream(1, "gemm", 0, 0)
	for _, s := range gemmShapes {
		for _, transA := range []bool{false, true} {
			for _, transB := range []bool{false, true} {
				for _, scale := range [][2]F{{1, 0}, {1, 1}, {-0.5, 0.25}, {0, 2}} {
					p := newProduct(r, transA, transB, s[0], s[1], s[2], scale[0], scale[1])
					p.check(t, p.run(1))
				}
			}
		}
	}
}

// TestGemmOfManyBlocks has several blocks of rows and of depth, so that op(A) and op(B) are packed.
func TestGemmOfManyBlocks(t *testing.T) {
	r := rng.Stream(4, "gemm", 0, 0)
	for i := range 4 {
		p := newProduct[float32](r, i&1 != 0, i&2 != 0, 250, 45, 390, 1, 0.5)
		p.check(t, p.run(1))
		wide := newProduct[float64](r, i&1 != 0, i&2 != 0, 110, 350, 70, -1, 1)
		wide.check(t, wide.run(1))
	}
}

func TestGemmOfSpecialValues(t *testing.T) {
	eachTwin(t, func(t *testing.T) {
		r := rng.Stream(5, "gemm", 0, 0)
		for _, s := range gemmShapes {
			p := newProduct[float32](r, s[0]%2 == 0, s[1]%2 == 0, s[0], s[1], s[2], 1, 1)
			for _, x := range [][]float32{p.a, p.b, p.c} {
				for i, y := range awkward(r, len(x)) {
					if x[i] == x[i] && (r.IntN(16) == 0 || y*0 == 0) {
						x[i] = y
					}
				}
			}
			p.check(t, p.run(1))
		}
	})
}

// FuzzGemm draws shapes, strides, transposes and threads.
func FuzzGemm(f *testing.F) {
	f.Add(uint16(3), uint16(17), uint16(5), uint8(0), uint64(1))
	f.Add(uint16(1), uint16(70), uint16(400), uint8(1), uint64(2))
	f.Add(uint16(90), uint16(1), uint16(33), uint8(2), uint64(3))
	f.Add(uint16(61), uint16(95), uint16(391), uint8(7), uint64(4))
	f.Add(uint16(0), uint16(4), uint16(0), uint8(15), uint64(5))
	f.Fuzz(func(t *testing.T, m, n, k uint16, kind uint8, seed uint64) {
		r := rng.Stream(seed, "gemm", 0, 0)
		transA, transB, beta, threads := kind&1 != 0, kind&2 != 0, float64(kind>>2&1), 1+int(kind>>3)%3
		single := newProduct(r, transA, transB, int(m%200), int(n%200), int(k%500), 1, float32(beta))
		single.check(t, single.run(threads))
		double := newProduct(r, transA, transB, int(m%50), int(n%50), int(k%50), -2, beta)
		double.check(t, double.run(threads))
	})
}

func TestPackedProductHasTheBitsOfGemm(t *testing.T) {
	eachTwin(t, func(t *testing.T) {
		testPackedProduct[float32](t)
		testPackedProduct[float64](t)
	})
}

func testPackedProduct[F tensor.Float](t *testing.T) {
	r := rng.Stream(6, "gemm", 0, 0)
	var packed PackedB[F]
	for _, s := range append(gemmShapes, [3]int{200, 50, 500}) {
		if s[0] == 1 || s[1] == 1 { // a vector is not multiplied through panels
			continue
		}
		p := newProduct[F](r, s[0]%2 == 0, s[1]%2 == 0, s[0], s[1], s[2], 1.5, 0.5)
		if turningPays(p.m, p.n, p.k, viewOf(p.a, p.lda, p.transA), viewOf(p.b, p.ldb, p.transB)) {
			continue // Gemm takes another way, with other roundings
		}
		packed.Pack(p.transB, p.k, p.n, p.b, p.ldb)
		for _, threads := range []int{1, 3} {
			c := slices.Clone(p.c)
			GemmPacked(threads, p.transA, p.m, p.alpha, p.a, p.lda, &packed, p.beta, c, p.ldc)
			if !equalBits(c, p.run(1)) {
				t.Errorf("%v: packed before, other bits", p)
			}
		}
	}
}

func TestGemvIsTheProduct(t *testing.T) {
	eachTwin(t, func(t *testing.T) {
		r := rng.Stream(7, "gemm", 0, 0)
		for _, s := range gemmShapes {
			for _, trans := range []bool{false, true} {
				m, k := s[0], s[1]
				p := newProduct[float32](r, trans, false, m, 1, k, -1, float32(s[2]%2))
				x, y := normal(r, k), normal(r, m)
				p.b, p.ldb, p.c, p.ldc = x, 1, y, 1
				got := slices.Clone(y)
				rows, cols := m, k
				if trans {
					rows, cols = k, m
				}
				Gemv(1, trans, rows, cols, p.alpha, p.a, p.lda, x, p.beta, got)
				p.check(t, got)
			}
		}
	})
}

func TestGemmAllocatesNothingInTheSteadyState(t *testing.T) {
	underrace.SkipAllocations(t)
	for _, s := range [][3]int{{64, 64, 64}, {300, 40, 400}, {1, 300, 300}, {300, 1, 300}} {
		p := newProduct[float32](rng.Stream(8, "gemm", 0, 0), true, true, s[0], s[1], s[2], 1, 0)
		run := func() {
			Gemm(1, p.transA, p.transB, p.m, p.n, p.k, p.alpha, p.a, p.lda, p.b, p.ldb, p.beta, p.c, p.ldc)
		}
		if n := testing.AllocsPerRun(20, run); n > 0 {
			t.Errorf("%v: %v allocations a product", p, n)
		}
	}
}

func TestGemmOfBetaZeroDoesNotReadC(t *testing.T) {
	p := newProduct[float32](rng.Stream(2, "gemm", 0, 0), false, false, 9, 21, 5, 1, 0)
	for i := range p.c {
		p.c[i] = float32(math.NaN())
	}
	p.check(t, p.run(1))
}

func TestGemmHasTheSameBitsForAnyThreads(t *testing.T) {
	r := rng.Stream(3, "gemm", 0, 0)
	for _, s := range append(gemmShapes, [3]int{200, 150, 500}, [3]int{33, 700, 90}, [3]int{1, 2000, 700}, [3]int{2000, 1, 700}) {
		p := newProduct[float32](r, s[0]%2 == 0, s[1]%2 == 0, s[0], s[1], s[2], 1, 0.5)
		want := p.run(1)
		for _, threads := range []int{2, 3, 7} {
			if c := p.run(threads); !equalBits(c, want) {
				t.Errorf("%v: %d threads give other bits than one", p, threads)
			}
		}
	}
}

// equalBits holds any NaN for equal to any other.
func equalBits[F tensor.Float](x, y []F) bool {
	return slices.EqualFunc(x, y, func(x, y F) bool {
		return math.Float64bits(float64(x)) == math.Float64bits(float64(y)) || x != x && y != y
	})
}

func TestGemmRefusesMatricesThatDoNotFit(t *testing.T) {
	good := product[float64]{m: 2, n: 3, k: 4, alpha: 1, a: make([]float64, 8), lda: 4, b: make([]float64, 12), ldb: 3, c: make([]float64, 6), ldc: 3}
	good.run(1)
	for name, spoil := range map[string]func(p *product[float64]){
		"short A":        func(p *product[float64]) { p.a = p.a[1:] },
		"short B":        func(p *product[float64]) { p.b = p.b[1:] },
		"short C":        func(p *product[float64]) { p.c = p.c[1:] },
		"narrow A":       func(p *product[float64]) { p.lda = 3 },
		"narrow B":       func(p *product[float64]) { p.ldb = 2 },
		"narrow C":       func(p *product[float64]) { p.ldc = 2 },
		"transposed A":   func(p *product[float64]) { p.transA, p.lda = true, 1 },
		"negative shape": func(p *product[float64]) { p.k = -1 },
	} {
		p := good
		spoil(&p)
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: accepted", name)
				}
			}()
			p.run(1)
		}()
	}
}
