//go:build !amd64 || purego

package kernel

import "github.com/snnctl/snnctl/internal/tensor"

func productPanelFast[F tensor.Float](int, int, *rowsA[F], []F, int, F, F, []F, int) bool {
	return false
}
func packTransposedFast[F tensor.Float]([]F, int, int, int, []F, int) int { return 0 }
func sumRowsFast[F tensor.Float]([]F, []F, []F, int) bool                 { return false }
func dotRowsFast[F tensor.Float]([]F, []F, []F, int) bool                 { return false }
func packRowsFast[F tensor.Float]([]F, int, int, []F, int) bool           { return false }
