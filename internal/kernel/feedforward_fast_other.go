//go:build !amd64 || purego

package kernel

import "github.com/snnctl/snnctl/internal/tensor"

func lifStepFast[F tensor.Float](*LIF[F], []F, []F, []F, []uint64, []uint64) int { return 0 }
func lifAdjointFast[F tensor.Float](*LIF[F], []F, []F, []F, F, F, F) int         { return 0 }
func sumEventsFast[F tensor.Float]([]F, []F, []int32) bool                       { return false }
func sumWeightedFast[F tensor.Float]([]F, []F, []int32, []F) bool                { return false }
