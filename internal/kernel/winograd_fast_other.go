//go:build !amd64 || purego

package kernel

import "github.com/snnctl/snnctl/internal/tensor"

func winogradRowsFast[F tensor.Float](WinogradMatrix, int, []F, int, []F, int) int { return 0 }
func winogradOutputRowsFast[F tensor.Float](int, []F, int, []F, int, F, bool) int  { return 0 }
func tileInputsFast[F tensor.Float]([]F, int, []F, int, *[WinogradTiles]int) bool  { return false }
func tileOutputsFast[F tensor.Float]([]F, int, []F, int) bool                      { return false }
func tileOutputsAdjointFast[F tensor.Float]([]F, int, []F, int) bool               { return false }
