//go:build !amd64 || purego

package kernel

import "github.com/snnctl/snnctl/internal/tensor"

func reluFast[F tensor.Float]([]F, []F) int                                      { return 0 }
func reluAdjointFast[F tensor.Float]([]F, []F, []F) int                          { return 0 }
func reluMaskFast[F tensor.Float]([]F, []F) int                                  { return 0 }
func affineFast[F tensor.Float]([]F, []F, F, F, F) int                           { return 0 }
func normGradientFast[F tensor.Float]([]F, []F, []F, F, F, F, F) int             { return 0 }
func centredSumsFast[F tensor.Float](*pairs, []F, F) int                         { return 0 }
func centredProductsFast[F tensor.Float](*pairs, []F, []F, F) int                { return 0 }
func rectifiedNormGradientFast[F tensor.Float]([]F, []F, []F, F, F, F, F, F) int { return 0 }
func rectifiedProductsFast[F tensor.Float](*pairs, []F, []F, F, F, F) int        { return 0 }
