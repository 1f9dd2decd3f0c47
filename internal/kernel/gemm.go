package kernel

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/tensor"
)

//go:generate sh -c "cd gen/dense && go run . -out ../../dense_amd64.s -stubs ../../dense_amd64.go -pkg kernel"

// Gemm computes the matrix product
//
//	C = α op(A) op(B) + β C
//
// where op(X) is X or, if transposed, Xᵀ; op(A) is m×k, op(B) k×n and C m×n.
// Matrices lie row by row, lda, ldb and ldc numbers from one row to the next;
// C may not overlap A or B. β = 0 never reads C; α = 0 reads neither A nor B.
//
// C is the same for any number of threads: each of its elements is computed by
// one of them, in an order that depends on the shape alone. Unlike the kernels
// of lanes, Gemm fuses multiplications with additions where the processor can,
// so others give other roundings. It panics if a matrix does not fit its slice.
func Gemm[F tensor.Float](threads int, transA, transB bool, m, n, k int, alpha F, a []F, lda int, b []F, ldb int, beta F, c []F, ldc int) {
	if !checkProduct(transA, m, n, k, a, lda, c, ldc) {
		return
	}
	if transB {
		checkMatrix("B", n, k, b, ldb)
	} else {
		checkMatrix("B", k, n, b, ldb)
	}
	if k == 0 || alpha == 0 {
		scaleMatrix(m, n, beta, c, ldc)
		return
	}
	x, y := viewOf(a, lda, transA), viewOf(b, ldb, transB)
	switch {
	case m == 1:
		gemv(threads, !transB, n, k, alpha, b, ldb, x.data, x.cs, beta, c, 1)
	case n == 1:
		gemv(threads, transA, m, k, alpha, a, lda, y.data, y.rs, beta, c, ldc)
	case turningPays(m, n, k, x, y):
		multiplyTurned(threads, m, n, k, alpha, x, y, beta, c, ldc)
	default:
		multiply(threads, m, n, k, alpha, x, y, nil, beta, c, ldc)
	}
}

// GemmPacked is Gemm with a matrix B that was packed before: C = α op(A) B + β C,
// where C is m×b.N.
func GemmPacked[F tensor.Float](threads int, transA bool, m int, alpha F, a []F, lda int, b *PackedB[F], beta F, c []F, ldc int) {
	if !checkProduct(transA, m, b.N, b.K, a, lda, c, ldc) {
		return
	}
	if b.K == 0 || alpha == 0 {
		scaleMatrix(m, b.N, beta, c, ldc)
		return
	}
	multiply(threads, m, b.N, b.K, alpha, viewOf(a, lda, transA), view[F]{}, b, beta, c, ldc)
}

// checkProduct panics if A or C do not fit, and reports whether C has elements.
func checkProduct[F tensor.Float](transA bool, m, n, k int, a []F, lda int, c []F, ldc int) bool {
	if m < 0 || n < 0 || k < 0 {
		panic(fmt.Sprintf("kernel: product of shape %d×%d×%d", m, k, n))
	}
	if transA {
		checkMatrix("A", k, m, a, lda)
	} else {
		checkMatrix("A", m, k, a, lda)
	}
	checkMatrix("C", m, n, c, ldc)
	return m > 0 && n > 0
}

// checkMatrix panics unless x holds rows rows of cols numbers, stride apart.
func checkMatrix[F tensor.Float](name string, rows, cols int, x []F, stride int) {
	if rows > 0 && cols > 0 && (stride < cols || len(x) < (rows-1)*stride+cols) {
		panic(fmt.Sprintf("kernel: matrix %s is %d×%d, stride %d, but has %d numbers", name, rows, cols, stride, len(x)))
	}
}

// scaleMatrix is C = β C, without reading C if β = 0.
func scaleMatrix[F tensor.Float](m, n int, beta F, c []F, ldc int) {
	if beta == 1 {
		return
	}
	for i := range m {
		row := c[i*ldc : i*ldc+n]
		if beta == 0 {
			clear(row)
			continue
		}
		for j := range row {
			row[j] *= beta
		}
	}
}

// view is op(X): element i, j is data[i*rs+j*cs].
type view[F tensor.Float] struct {
	data   []F
	rs, cs int
}

func viewOf[F tensor.Float](data []F, stride int, trans bool) view[F] {
	if trans {
		return view[F]{data, 1, stride}
	}
	return view[F]{data, stride, 1}
}

// from is what the view holds from element i, j on.
func (v view[F]) from(i, j int) []F { return v.data[i*v.rs+j*v.cs:] }
