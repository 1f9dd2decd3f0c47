//go:build !amd64 || purego

package kernel

import "github.com/snnctl/snnctl/internal/tensor"

func adamFast[F tensor.Float]([]F, []F, []F, []F, AdamRates[F]) int { return 0 }
func momentumFast[F tensor.Float]([]F, []F, []F, F, F, bool) int    { return 0 }
