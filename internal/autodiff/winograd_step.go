package autodiff

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// step is the work on one group of the channels in the strips [first, last), the rows of
// tiles of one image after the other.
type step[F tensor.Float] struct {
	*winograd[F]
	first, last, group int

	memory          *scratch[F]
	inputs, outputs transformed[F]

	x, y    []F  // of all images; y is the gradient where weights are summed
	weights []F  // U, or ∂U, [positions][out][in/groups]
	bias    []F  // or nil
	add     bool // to y, or to the weights
}

// transformed are channels of tiles at all positions, [positions][channels][stride].
type transformed[F tensor.Float] struct {
	data             []F
	stride, position int
}

// at returns what follows channel c of position p.
func (t *transformed[F]) at(p, c int) []F { return t.data[p*t.position+c*t.stride:] }

// newStep returns a step with memory for so many strips.
func (v *winograd[F]) newStep(strips int) step[F] {
	tiles := (strips*v.across + eightTiles - 1) / eightTiles * eightTiles
	in, out := v.in/v.groups*tiles+positionGap, v.out/v.groups*tiles+positionGap
	memory := takeScratch[F](positions * (in + out))
	return step[F]{
		winograd: v, memory: memory,
		inputs:  transformed[F]{memory.data, tiles, in},
		outputs: transformed[F]{memory.data[positions*in:], tiles, out},
	}
}

// tiles is the number of tiles of the step.
func (s *step[F]) tiles() int { return (s.last - s.first) * s.across }

// forward computes y.
func (s *step[F]) forward(threads int) {
	in, out := s.in/s.groups, s.out/s.groups
	if threads == 1 { // without functions that would be allocated
		s.transformInputs(0, in)
		s.multiply(0, positions)
		s.transformOutputs(0, out)
		return
	}
	shared := *s
	share(threads, in, channelsAtOnce, shared.transformInputs)
	share(threads, positions, 1, shared.multiply)
	share(threads, out, channelsAtOnce, shared.transformOutputs)
}

// sum computes ∂U.
func (s *step[F]) sum(threads int) {
	in, out := s.in/s.groups, s.out/s.groups
	if threads == 1 {
		s.transformInputs(0, in)
		s.transformGradients(0, out)
		s.multiplyAdjoint(0, positions)
		return
	}
	shared := *s
	share(threads, in, channelsAtOnce, shared.transformInputs)
	share(threads, out, channelsAtOnce, shared.transformGradients)
	share(threads, positions, 1, shared.multiplyAdjoint)
}

// share calls work for the runs [lo, hi) of size of n that threads share.
func share(threads, n, size int, work func(lo, hi int)) {
	parallel.For(threads, (n+size-1)/size, func(_, i int) { work(i*size, min(n, (i+1)*size)) })
}

// weightsAt is U of the step's group at a position.
func (s *step[F]) weightsAt(position int) []F {
	return s.weights[(position*s.out+s.group*(s.out/s.groups))*(s.in/s.groups):]
}

// multiply is Y = U V at the positions [lo, hi).
func (s *step[F]) multiply(lo, hi int) {
	in, out := s.in/s.groups, s.out/s.groups
	for p := lo; p < hi; p++ {
		kernel.Gemm(1, false, false, out, s.tiles(), in, 1, s.weightsAt(p), in, s.inputs.at(p, 0), s.inputs.stride, 0, s.outputs.at(p, 0), s.outputs.stride)
	}
}

// multiplyAdjoint is ∂U = Y Vᵀ at the positions [lo, hi), or adds that.
func (s *step[F]) multiplyAdjoint(lo, hi int) {
	in, out := s.in/s.groups, s.out/s.groups
	beta := F(0)
	if s.add {
		beta = 1
	}
	for p := lo; p < hi; p++ {
		kernel.Gemm(1, false, true, out, in, s.tiles(), 1, s.outputs.at(p, 0), s.outputs.stride, s.inputs.at(p, 0), s.inputs.stride, beta, s.weightsAt(p), in)
	}
}
