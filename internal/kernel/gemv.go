package kernel

import (
	"unsafe"

	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Gemv computes y = α op(A) x + β y, where A is m×n, so that op(A) is m×n, or
// n×m if transposed. What Gemm says of strides, α, β and threads holds here too.
func Gemv[F tensor.Float](threads int, trans bool, m, n int, alpha F, a []F, lda int, x []F, beta F, y []F) {
	checkMatrix("A", m, n, a, lda)
	if trans {
		m, n = n, m
	}
	checkMatrix("x", 1, n, x, n)
	checkMatrix("y", 1, m, y, m)
	if n == 0 || alpha == 0 {
		scaleMatrix(1, m, beta, y, m)
		return
	}
	gemv(threads, trans, m, n, alpha, a, lda, x, 1, beta, y, 1)
}

// gemvBlock is the number of elements of y that are computed at once.
func gemvBlock[F tensor.Float]() int { return 256 / int(unsafe.Sizeof(F(0))) }

// gemv is y = α op(A) x + β y for op(A) m×n and n > 0, x and y having strides.
func gemv[F tensor.Float](threads int, trans bool, m, n int, alpha F, a []F, lda int, x []F, incX int, beta F, y []F, incY int) {
	pool := scratchPool[F]()
	s := pool.Get().(*scratch[F])
	if incX != 1 {
		s.a = grow(s.a, n)
		for i := range s.a {
			s.a[i] = x[i*incX]
		}
		x = s.a
	}
	x = x[:n]
	blocks := (m + gemvBlock[F]() - 1) / gemvBlock[F]()
	if threads = usefulThreads(threads, m, n, 1); threads == 1 {
		for i := range blocks {
			gemvPart(trans, i, m, alpha, a, lda, x, beta, y, incY)
		}
	} else {
		xs := x // not assigned to, so that the closure does not move x to the heap
		parallel.For(threads, blocks, func(_, i int) { gemvPart(trans, i, m, alpha, a, lda, xs, beta, y, incY) })
	}
	pool.Put(s)
}

// gemvPart computes a block of y.
func gemvPart[F tensor.Float](trans bool, block, m int, alpha F, a []F, lda int, x []F, beta F, y []F, incY int) {
	var room [64]F
	size := gemvBlock[F]()
	from := block * size
	sum := room[:min(size, m-from)]
	if trans {
		sumRows(sum, x, a[from:], lda)
	} else {
		dotRows(sum, x, a[from*lda:], lda)
	}
	if incY == 1 {
		mergeRow(y[from:from+len(sum)], sum, alpha, beta)
		return
	}
	for i := range sum {
		mergeRow(y[(from+i)*incY:(from+i)*incY+1], sum[i:i+1], alpha, beta)
	}
}

// sumRows is sum[j] = Σ x[i] a[i*lda+j].
func sumRows[F tensor.Float](sum, x, a []F, lda int) {
	if sumRowsFast(sum, x, a, lda) {
		return
	}
	j, width := 0, panelWidth[F]()
	row := rowsA[F]{view: view[F]{x, 0, 1}}
	for ; j+width <= len(sum); j += width {
		productPanel(1, len(x), &row, a[j:], lda, 1, 0, sum[j:], width)
	}
	rest := sum[j:]
	if len(rest) == 0 {
		return
	}
	clear(rest)
	for i, xi := range x {
		for q, aiq := range a[i*lda+j : i*lda+j+len(rest)] {
			rest[q] += xi * aiq
		}
	}
}

// dotRows is sum[i] = Σ a[i*lda+j] x[j].
func dotRows[F tensor.Float](sum, x, a []F, lda int) {
	if dotRowsFast(sum, x, a, lda) {
		return
	}
	for i := range sum {
		var s F
		for j, aij := range a[i*lda : i*lda+len(x)] {
			s += aij * x[j]
		}
		sum[i] = s
	}
}
