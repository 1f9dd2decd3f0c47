//go:build !amd64 || purego

package kernel

import "github.com/snnctl/snnctl/internal/tensor"

func copyRowsFast[F tensor.Float](int, int, []F, int, []F, int) bool { return false }
func addRowsFast[F tensor.Float](int, int, []F, int, []F, int) bool  { return false }
