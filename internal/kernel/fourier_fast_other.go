//go:build !amd64 || purego

package kernel

import "github.com/snnctl/snnctl/internal/tensor"

func pass4Fast[F tensor.Float](Complex[F], Complex[F], int, []F) bool { return false }
func pass2Fast[F tensor.Float]([]F, []F) bool                         { return false }
func pairSpectraFast[F tensor.Float](Complex[F], F, F, []F, []F, Complex[F]) bool {
	return false
}
func joinSpectraFast[F tensor.Float](Complex[F], Complex[F], Complex[F]) bool { return false }
func spectralDistanceFast[F tensor.Float]([]F, []F, []F, []F, F, F, F, F, Complex[F], *[Lanes]F, *[Lanes]F) bool {
	return false
}
