// Package kernel holds the inner loops of the program, each in plain Go and,
// where it pays, in generated assembly that gives the same bits (matrix products
// and functions: the same within rounding).
//
// Trials are simulated tensor.Lanes at a time: a *row* of n neurons is n·Lanes
// numbers, neuron by neuron, and a *word* holds the spikes of one neuron in
// one step, a bit a lane. No kernel sums over lanes or fuses a multiplication
// with an addition unless its comment says so: results are the same on every
// processor and do not depend on which trials share a group.
package kernel

import "github.com/snnctl/snnctl/internal/tensor"

//go:generate sh -c "cd gen && go run . -out ../lanes_amd64.s -stubs ../lanes_amd64.go -pkg kernel"

// Lanes is the number of trials in a row's neuron.
const Lanes = tensor.Lanes

// useVectors chooses the assembly; tests turn it off to compare the two.
var useVectors = haveVectors()

// useWide chooses AVX-512 where useVectors is set and there is such a kernel.
var useWide = haveWideVectors()

// Instructions names what the kernels run on.
func Instructions() string {
	switch {
	case useVectors && useWide:
		return "AVX-512"
	case useVectors:
		return "AVX2"
	}
	return "plain Go"
}

// lanes returns the Lanes numbers of neuron i in a row.
func lanes[F tensor.Float](row []F, i int) *[Lanes]F { return (*[Lanes]F)(row[i*Lanes:]) }

// pick returns x where bit is set, else 0.
func pick[F tensor.Float](word uint16, lane int, x F) F {
	if word>>lane&1 != 0 {
		return x
	}
	return 0
}
