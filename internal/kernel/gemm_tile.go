package kernel

import (
	"unsafe"

	"github.com/snnctl/snnctl/internal/tensor"
)

// A tile of C is computed at once, from registers: six rows of 64 bytes and what
// they are computed from fill the sixteen vectors of AVX2, twelve rows of 128 bytes
// the thirty-two of AVX-512.
const (
	maxTileRows   = 12
	maxPanelBytes = 128
)

// tileRows is the number of rows of a tile.
func tileRows() int {
	if useWide {
		return maxTileRows
	}
	return 6
}

// panelWidth is the number of columns of a tile.
func panelWidth[F tensor.Float]() int {
	if useWide {
		return maxPanelBytes / int(unsafe.Sizeof(F(0)))
	}
	return 64 / int(unsafe.Sizeof(F(0)))
}

// rowsA is a block of rows of op(A): row i begins at data[i*perRow], where i is
// a multiple of tileRows, and the rows up to the next such i are rs apart.
type rowsA[F tensor.Float] struct {
	view[F]
	perRow int
}

// productPanel computes rows rows of panelWidth columns of C from k columns of
// op(A) and k rows of op(B), bs apart:
//
//	C[i][j] = α Σ_p op(A)[i][p] b[p*bs+j] + β C[i][j]
//
// The sum is taken in the order of p. β = 0 does not read C.
func productPanel[F tensor.Float](rows, k int, a *rowsA[F], b []F, bs int, alpha, beta F, c []F, ldc int) {
	if productPanelFast(rows, k, a, b, bs, alpha, beta, c, ldc) {
		return
	}
	width := panelWidth[F]()
	for i := range rows {
		var room [maxPanelBytes / 4]F
		sum := room[:width]
		r := i % tileRows()
		ai := a.data[(i-r)*a.perRow+r*a.rs:]
		for p := range k {
			x, y := ai[p*a.cs], b[p*bs:p*bs+width]
			for j := range sum {
				sum[j] += x * y[j]
			}
		}
		mergeRow(c[i*ldc:i*ldc+width], sum, alpha, beta)
	}
}

// mergeRow is c = α sum + β c.
func mergeRow[F tensor.Float](c, sum []F, alpha, beta F) {
	if beta == 0 {
		for j, s := range sum {
			c[j] = alpha * s
		}
		return
	}
	for j, s := range sum {
		c[j] = F(alpha*s) + F(beta*c[j])
	}
}
