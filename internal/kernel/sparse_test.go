package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/internal/underrace"
)

// sparse draws a matrix of which a share is not zero.
func sparse[F tensor.Float](r *rand.Rand, n int, density float64) []F {
	x := make([]F, n)
	for i := range x {
		if r.Float64() < density {
			x[i] = F(r.NormFloat64())
		}
	}
	return x
}

func TestMultiplySparse(t *testing.T) {
	testMultiplySparse[float32](t)
	testMultiplySparse[float64](t)
}

// Rows of C are the sums over what is not zero, in the order of the columns, for shapes
// around the sizes of panels and blocks, whatever was in C and beyond its columns.
func testMultiplySparse[F tensor.Float](t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var s Sparse[F]
	var scratch EventScratch[F]
	for _, shape := range [][3]int{{1, 1, 1}, {3, 5, 63}, {4, 1024, 64}, {5, 1025, 65}, {7, 2300, 130}, {2, 0, 3}, {0, 3, 3}} {
		rows, cols, n := shape[0], shape[1], shape[2]
		for _, density := range []float64{0, 0.2, 1} {
			for _, threads := range []int{1, 3} {
				lda, ldb, ldc := cols+2, n+1, n+3
				a, b, c := sparse[F](r, rows*lda, density), sparse[F](r, cols*ldb, 1), sparse[F](r, rows*ldc, 1)
				before := append([]F(nil), c...)
				s.Rebuild(threads, rows, cols, a, lda)
				MultiplySparse(threads, &scratch, &s, n, b, ldb, c, ldc)
				for i := range c {
					row, j := i/ldc, i%ldc
					want := before[i]
					if j < n {
						want = 0
						for k := range cols {
							if v := a[row*lda+k]; v != 0 {
								want += F(v * b[k*ldb+j])
							}
						}
					}
					if c[i] != want {
						t.Fatalf("%v, density %g, %d threads: C[%d,%d] = %g, want %g", shape, density, threads, row, j, c[i], want)
					}
				}
			}
		}
	}
}

func TestSumWeightedGivesTheBitsOfPlainGo(t *testing.T) {
	at := []int32{0, 3, 4, 17, 39}
	for _, width := range []int{1, 63, eventWidth} {
		narrow, wide := oddNumbers(2, width), make([]float64, width)
		panel, weights := oddNumbers(1, 40*eventWidth), oddNumbers(3, len(at))
		sumWeighted(narrow, panel, at, weights)
		sumWeighted(wide, widened(panel), at, widened(weights))
		plainly(func() {
			want, wantWide := oddNumbers(2, width), make([]float64, width)
			sumWeighted(want, panel, at, weights)
			sumWeighted(wantWide, widened(panel), at, widened(weights))
			sameFloats(t, "sum", narrow, want)
			for i := range wide {
				if math.Float64bits(wide[i]) != math.Float64bits(wantWide[i]) && wide[i] == wide[i] {
					t.Errorf("sum %d is %v, want %v", i, wide[i], wantWide[i])
				}
			}
		})
	}
}

func widened(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

func TestMultiplySparseAllocatesNothing(t *testing.T) {
	underrace.SkipAllocations(t)
	r := rand.New(rand.NewPCG(3, 4))
	a, b, c := sparse[float32](r, 8*100, 0.2), sparse[float32](r, 100*70, 1), make([]float32, 8*70)
	var s Sparse[float32]
	var scratch EventScratch[float32]
	run := func() {
		s.Rebuild(1, 8, 100, a, 100)
		MultiplySparse(1, &scratch, &s, 70, b, 70, c, 70)
	}
	run()
	if n := testing.AllocsPerRun(10, run); n > 3 { // the functions that the threads share
		t.Errorf("%g allocations", n)
	}
}

// BenchmarkProducts compares both products on a batch for 784 inputs and 600 neurons.
func BenchmarkProducts(b *testing.B) {
	benchmarkProducts[float32](b, "float32")
	benchmarkProducts[float64](b, "float64")
}

func benchmarkProducts[F tensor.Float](b *testing.B, name string) {
	const rows, cols, n = 256, 784, 600
	r := rand.New(rand.NewPCG(5, 6))
	w, c := sparse[F](r, cols*n, 1), make([]F, rows*n)
	for _, density := range []float64{0.1, 0.2, 0.3, 0.5} {
		a := sparse[F](r, rows*cols, density)
		var s Sparse[F]
		var scratch EventScratch[F]
		b.Run(fmt.Sprintf("%s/sparse/%g", name, density), func(b *testing.B) {
			for range b.N {
				s.Rebuild(1, rows, cols, a, cols)
				MultiplySparse(1, &scratch, &s, n, w, n, c, n)
			}
		})
		if density == 0.1 {
			b.Run(name+"/dense", func(b *testing.B) {
				for range b.N {
					Gemm(1, false, false, rows, n, cols, 1, a, cols, w, n, 0, c, n)
				}
			})
		}
	}
}
