package kernel

import "github.com/snnctl/snnctl/internal/tensor"

// turningPays reports whether Cᵀ = op(B)ᵀ op(A)ᵀ is the cheaper way to C, as where a few rows
// of long sums meet a transposed matrix B, as in the gradients of small kernels: less is
// packed, or a tile is filled better.
func turningPays[F tensor.Float](m, n, k int, a, b view[F]) bool {
	// In multiplications: packing a number, and adding one to C at the end.
	const packing, adding = 10, 30
	cost := func(m, n int, packed bool) int {
		c := roundUp(m, tileRows()) * roundUp(n, panelWidth[F]())
		if packed {
			c += packing * n
		}
		return c
	}
	return k > inPlaceDepth && cost(n, m, a.rs != 1)+adding*m*n/k < cost(m, n, b.cs != 1)
}

// multiplyTurned is multiply by way of the transpose of C.
func multiplyTurned[F tensor.Float](threads, m, n, k int, alpha F, a, b view[F], beta F, c []F, ldc int) {
	pool := scratchPool[F]()
	s := pool.Get().(*scratch[F])
	s.turned = grow(s.turned, m*n)
	multiply(threads, n, m, k, alpha, view[F]{b.data, b.cs, b.rs}, view[F]{a.data, a.cs, a.rs}, nil, 0, s.turned, m)
	for i := range m {
		row := c[i*ldc : i*ldc+n]
		if beta == 0 {
			for j := range row {
				row[j] = s.turned[j*m+i]
			}
			continue
		}
		for j, v := range row {
			row[j] = s.turned[j*m+i] + F(beta*v)
		}
	}
	pool.Put(s)
}
