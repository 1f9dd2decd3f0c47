//go:build !amd64 || purego

package kernel

import "github.com/snnctl/snnctl/internal/tensor"

func membraneNoiseFast[F tensor.Float](_, _ []F, _ [2]uint32, _ [3]uint32) bool { return false }

func chargeFast[F tensor.Float](_, _ F, _, _, _, _, _, _, _ []F) bool { return false }

func fireFast[F tensor.Float](*Spiking[F]) bool { return false }

func dischargeFast[F tensor.Float](*Backward[F]) bool { return false }
