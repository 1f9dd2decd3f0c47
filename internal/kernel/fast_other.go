//go:build !amd64 || purego

package kernel

import "github.com/snnctl/snnctl/internal/tensor"

func haveVectors() bool     { return false }
func haveWideVectors() bool { return false }

func scatterSpikesFast[F tensor.Float]([]F, []uint16, *Synapses[F]) bool         { return false }
func gatherAdjointFast[F tensor.Float]([]F, []uint16, []F, *Synapses[F]) bool    { return false }
func membraneStepFast[F tensor.Float](*Neurons[F], *Step[F]) bool                { return false }
func pseudoDerivativeFast[F tensor.Float](*Neurons[F], *AdjointStep[F]) bool     { return false }
func membraneAdjointFast[F tensor.Float](*Neurons[F], *AdjointStep[F]) bool      { return false }
func filterSpikesFast[F tensor.Float]([]F, []uint16, F) bool                     { return false }
func spikeOuterFast[F tensor.Float]([]F, *SpikeList, []uint8, int, []F, int) int { return 0 }
func addRowFast[F tensor.Float]([]F, []F) bool                                   { return false }
func scaleFast[F tensor.Float]([]F, F) bool                                      { return false }

func orWordsFast([]uint16, []uint16) bool { return false }
