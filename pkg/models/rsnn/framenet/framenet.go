// Package framenet is the network between a movie and recorded neurons (arXiv:2106.10064,
// section 2.3 of the method). A bin sees the last frames as channels of one picture, and
//
//	convolution k×k, C filters, zeros around → ReLU → max-pool p×p, stride 2
//	convolution k×k, 2C filters, zeros around → ReLU → max-pool p×p, stride 2
//
// make its inputs of them, in the order (row, column, channel). All keep, and halve, the
// size of a picture as "same" padding does: of what is padded, the half rounded down
// comes before.
package framenet

import (
	"math"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/rng"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Sizes of a network; 10 frames of 27×27, 16 filters of 7×7 and pools of 3×3 in the paper.
type Sizes struct {
	Depth, Side  int // frames that a bin sees, and pixels of their sides
	Filters      int // C
	Kernel, Pool int
}

// Inputs is the number of inputs that the network makes for a bin.
func (s Sizes) Inputs() int {
	side := halved(halved(s.Side))
	return side * side * 2 * s.Filters
}

func halved(side int) int { return (side + 1) / 2 }

// Network is a network with its parameters.
type Network[F tensor.Float] struct {
	Sizes
	Threads int

	// Weights [C][Depth][k][k] and [2C][C][k][k], biases [C] and [2C], with gradients.
	W1, B1, W2, B2 *autodiff.Var[F]

	pictures *tensor.Dense[F] // [T][Depth][Side][Side]
	tape     autodiff.Tape[F]
	out      *autodiff.Var[F] // of the last Forward, [T][channel][row][column]
	inputs   []F              // [T][row][column][channel]
}

// New draws the weights from Glorot's uniform distribution; biases are 0. frames are
// [T+Depth-1][Side][Side]: bin t sees the frames t … t+Depth-1.
func New[F tensor.Float](s Sizes, frames []float32, threads int, seed uint64) *Network[F] {
	n := &Network[F]{Sizes: s, Threads: threads}
	k := s.Kernel
	n.W1, n.B1 = weights[F](seed, "stimulus network: first", s.Filters, s.Depth, k), autodiff.NewVar(tensor.New[F](s.Filters))
	n.W2, n.B2 = weights[F](seed, "stimulus network: second", 2*s.Filters, s.Filters, k), autodiff.NewVar(tensor.New[F](2*s.Filters))
	size := s.Side * s.Side
	steps := len(frames)/size - s.Depth + 1
	n.pictures = tensor.New[F](steps, s.Depth, s.Side, s.Side)
	for t := range steps {
		for i, x := range frames[t*size : (t+s.Depth)*size] {
			n.pictures.Data[t*s.Depth*size+i] = F(x)
		}
	}
	return n
}

func weights[F tensor.Float](seed uint64, purpose rng.Purpose, out, in, kernel int) *autodiff.Var[F] {
	w := tensor.New[F](out, in, kernel, kernel)
	r := rng.Stream(seed, purpose, 0, 0)
	bound := math.Sqrt(6 / float64((in+out)*kernel*kernel))
	for i := range w.Data {
		w.Data[i] = F(bound * (2*r.Float64() - 1))
	}
	return autodiff.NewVar(w)
}

// Forward returns the inputs of all bins, [T][Inputs]: the network's memory until the next
// call.
func (n *Network[F]) Forward() []F {
	n.tape.Reset()
	x := autodiff.Constant(n.pictures)
	x = n.stage(x, n.W1, n.B1)
	n.out = n.stage(x, n.W2, n.B2)
	n.inputs = grown(n.inputs, len(n.out.Value.Data))
	n.transpose(n.inputs, n.out.Value.Data, false)
	return n.inputs
}

// Backward adds to the parameters' gradients what g, ∂L/∂inputs of the last Forward, makes
// of them.
func (n *Network[F]) Backward(g []F) {
	n.tape.Record(func() { n.transpose(n.out.Grad.Data, g, true) })
	n.tape.Backward(n.tape.Result(1)) // whose gradient nothing reads
}

// stage is a convolution, ReLU and pooling.
func (n *Network[F]) stage(x, w, b *autodiff.Var[F]) *autodiff.Var[F] {
	before, after := same(x.Value.Shape[2], n.Kernel, 1)
	x = n.padded(x, before, after)
	x = autodiff.Conv2D(&n.tape, n.Threads, x, w, b, autodiff.Axis{Stride: 1, Dilation: 1}, autodiff.Axis{Stride: 1, Dilation: 1}, 1)
	x = autodiff.ReLU(&n.tape, n.Threads, x)
	// Zeros around change no maximum of what ReLU leaves.
	before, after = same(x.Value.Shape[2], n.Pool, 2)
	x = n.padded(x, before, after)
	pool := autodiff.Pool{Size: n.Pool, Stride: 2}
	return autodiff.MaxPool2D(&n.tape, n.Threads, x, pool, pool)
}

// same is what is padded before and after a side of length: max((⌈length/stride⌉-1)·stride
// + size - length, 0) in all.
func same(length, size, stride int) (before, after int) {
	total := max(((length+stride-1)/stride-1)*stride+size-length, 0)
	return total / 2, total - total/2
}

func (n *Network[F]) padded(x *autodiff.Var[F], before, after int) *autodiff.Var[F] {
	if before+after == 0 {
		return x
	}
	return autodiff.Pad2D(&n.tape, n.Threads, x, before, before, after, after)
}

// transpose writes from [T][channel][place] to [T][place][channel], or back.
func (n *Network[F]) transpose(to, from []F, back bool) {
	s := n.out.Value.Shape
	channels, places := s[1], s[2]*s[3]
	for t := range s[0] {
		at := t * channels * places
		for c := range channels {
			for p := range places {
				if back {
					to[at+c*places+p] = from[at+p*channels+c]
				} else {
					to[at+p*channels+c] = from[at+c*places+p]
				}
			}
		}
	}
}

func grown[T any](x []T, n int) []T {
	if cap(x) < n {
		return make([]T, n)
	}
	return x[:n]
}
