package kernel

import (
	"fmt"

	"github.com/snnctl/snnctl/internal/tensor"
)

// Gemm computes the matrix product
//
//	C = α op(A) op(B) + β C
//
// where op(X) is X or, if transposed, Xᵀ; op(A) is m×k, op(B) k×n and C m×n.
// Matrices lie row by row, lda, ldb and ldc numbers from one row to the next;
// C may not overlap A or B. β = 0 never reads C, and α = 0 neither A nor B.
//
// C is the same for any number of threads: each of its elements is computed by
// one of them, in an order that depends on the shape alone. Unlike the kernels
// of lanes, it may fuse multiplications with additions, so other processors
// give other roundings. Gemm panics if a matrix does not fit its slice.
func Gemm[F tensor.Float](threads int, transA, transB bool, m, n, k int, alpha F, a []F, lda int, b []F, ldb int, beta F, c []F, ldc int) {
	if m < 0 || n < 0 || k < 0 {
		panic(fmt.Sprintf("kernel: product of shape %d×%d×%d", m, k, n))
	}
	if m == 0 || n == 0 {
		return
	}
	checkMatrix("C", m, n, c, ldc)
	scaleMatrix(m, n, beta, c, ldc)
	if k == 0 || alpha == 0 {
		return
	}
	rowsA, colsA := m, k
	if transA {
		rowsA, colsA = k, m
	}
	checkMatrix("A", rowsA, colsA, a, lda)
	rowsB, colsB := k, n
	if transB {
		rowsB, colsB = n, k
	}
	checkMatrix("B", rowsB, colsB, b, ldb)
	for i := range m {
		row := c[i*ldc : i*ldc+n]
		for p := range k {
			x := alpha
			if transA {
				x *= a[p*lda+i]
			} else {
				x *= a[i*lda+p]
			}
			if transB {
				for j := range row {
					row[j] += x * b[j*ldb+p]
				}
			} else {
				for j, y := range b[p*ldb : p*ldb+n] {
					row[j] += x * y
				}
			}
		}
	}
}

// checkMatrix panics unless x holds rows rows of cols numbers, stride apart.
func checkMatrix[F tensor.Float](name string, rows, cols int, x []F, stride int) {
	if stride < cols || len(x) < (rows-1)*stride+cols {
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
