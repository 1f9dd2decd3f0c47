package lsnn

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Weights are the trainable matrices of the recurrent layer.
type Weights[F tensor.Float] struct {
	In  []F // [n_in][n]
	Rec []F // [n][n]; the diagonal is ignored, there are no autapses
}

// Network is a recurrent layer: constants and delays, but no weights and no
// state. Its methods may be called from one goroutine at a time.
type Network[F tensor.Float] struct {
	Params
	Seed              uint64  // of the injected noise
	DelayIn, DelayRec []uint8 // delay slots of the synapses, [pre][n]
	Threads           int

	neurons kernel.Neurons[F]
	kappa   F
	in, rec kernel.Synapses[F]
	out     outputs[F]
	workers []*worker[F]
	pass    pass[F]
}

// NewNetwork returns a network whose delays are drawn uniformly from the slots.
func NewNetwork[F tensor.Float](p Params, seed uint64, threads int) *Network[F] {
	if p.DelaySlots < 1 || p.DelaySlots > 256 {
		panic("lsnn: the number of delay slots is not in 1 … 256")
	}
	n := p.Neurons()
	net := &Network[F]{
		Params: p, Seed: seed, Threads: threads,
		neurons: neurons[F](&p),
		kappa:   F(math.Exp(-1 / p.TauReadout)),
	}
	net.preparePass()
	net.DelayIn = DrawDelays(p.Inputs*n, p.DelaySlots, seed, "delay-in")
	net.DelayRec = DrawDelays(n*n, p.DelaySlots, seed, "delay-rec")
	return net
}

// DrawDelays draws delay slots uniformly.
func DrawDelays(size, slots int, seed uint64, purpose rng.Purpose) []uint8 {
	r := rng.Stream(seed, purpose, 0, 0)
	delays := make([]uint8, size)
	for i := range delays {
		delays[i] = uint8(r.IntN(slots))
	}
	return delays
}

// stride is the length of a row: n neurons, Lanes trials.
func (net *Network[F]) stride() int { return net.Neurons() * tensor.Lanes }

// memory is how many steps back a spike is still felt: by its delayed
// arrival or by refractoriness.
func (net *Network[F]) memory() int { return max(net.DelaySlots, net.Refractory, 1) }

// load lists the synapses of w.
func (net *Network[F]) load(w Weights[F]) {
	n := net.Neurons()
	net.in.Rebuild(w.In, net.DelayIn, net.Inputs, n, net.DelaySlots, true)
	net.rec.Rebuild(w.Rec, net.DelayRec, n, n, net.DelaySlots, false)
}

// InitialWeights draws Win ~ N(0,1)/√n_in and Wrec ~ N(0,1)/√n with a zero
// diagonal, the start without rewiring.
func InitialWeights[F tensor.Float](p *Params, seed uint64) Weights[F] {
	n := p.Neurons()
	w := Weights[F]{In: normal[F](p.Inputs*n, p.Inputs, seed, "weights-in"), Rec: normal[F](n*n, n, seed, "weights-rec")}
	for j := range n {
		w.Rec[j*n+j] = 0
	}
	return w
}

func normal[F tensor.Float](size, fan int, seed uint64, purpose rng.Purpose) []F {
	r := rng.Stream(seed, purpose, 0, 0)
	w := make([]F, size)
	for i := range w {
		w[i] = F(r.NormFloat64() / math.Sqrt(float64(fan)))
	}
	return w
}

// ReadoutStart chooses the start of the readout without rewiring.
type ReadoutStart int

const (
	ReadoutGlorot ReadoutStart = iota // GlorotUniform
	ReadoutNormal                     // N(0,1)/√n
)

// InitialReadout draws the matrix [n][outputs] of the readout.
func InitialReadout[F tensor.Float](start ReadoutStart, n, outputs int, seed uint64) []F {
	if start == ReadoutNormal {
		return normal[F](n*outputs, n, seed, "weights-out")
	}
	return GlorotUniform[F](n, outputs, seed)
}

// GlorotUniform draws an [in][out] matrix from U(±√(6/(in+out))).
func GlorotUniform[F tensor.Float](in, out int, seed uint64) []F {
	r := rng.Stream(seed, "weights-out", 0, 0)
	limit := math.Sqrt(6 / float64(in+out))
	w := make([]F, in*out)
	for i := range w {
		w[i] = F(limit * (2*r.Float64() - 1))
	}
	return w
}
