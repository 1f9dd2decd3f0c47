package kernel

import "github.com/snnctl/snnctl/internal/tensor"

// AddRowProducts adds to y[i], for each row i of A that rows names, its product
// with x: a matrix product of which few elements matter. Each row gives the bits
// that Gemv would.
func AddRowProducts[F tensor.Float](y []F, rows []int32, a []F, lda int, x []F) {
	if len(x) == 0 {
		return
	}
	var sum [1]F
	for _, i := range rows {
		dotRows(sum[:], x, a[int(i)*lda:], lda)
		y[i] += sum[0]
	}
}
