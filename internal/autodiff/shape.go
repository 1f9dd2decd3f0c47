package autodiff

import (
	"slices"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// What all layers share.
//
// Sequences of one dimension are [batch][channels][length], images
// [batch][channels][height][width]; sequences of a recurrent layer are
// [steps][batch][features]. Nothing is broadcast: a shape that does not fit is
// a mistake in the program, and panics.
//
// threads is how many goroutines a layer may use; results have the same bits
// for any number. A gradient that is nil is not wanted, and not computed.

// Constant is a value no gradient is wanted of.
func Constant[F tensor.Float](value *tensor.Dense[F]) *Var[F] { return &Var[F]{Value: value} }

// want panics with message unless x has that shape.
func want[F tensor.Float](message string, x *Var[F], shape ...int) {
	if !slices.Equal(x.Value.Shape, shape) {
		panic(message)
	}
}

// wantAxes panics with message unless x has n axes, none of them empty.
func wantAxes[F tensor.Float](message string, x *Var[F], n int) {
	if len(x.Value.Shape) != n || size(x.Value.Shape) == 0 {
		panic(message)
	}
}

// size is the number of elements of a shape.
func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// like returns a result of the shape of x.
func like[F tensor.Float](t *Tape[F], x *Var[F]) *Var[F] {
	return t.Result(x.Value.Shape...)
}

// reshaped is x seen with another shape, value and gradient shared.
func reshaped[F tensor.Float](x *Var[F], shape ...int) *Var[F] {
	y := &Var[F]{Value: &tensor.Dense[F]{Shape: shape, Data: x.Value.Data}}
	if x.Grad != nil {
		y.Grad = &tensor.Dense[F]{Shape: shape, Data: x.Grad.Data}
	}
	return y
}

// eachBlock calls work for the blocks [lo, hi) that [0, n) is cut into.
func eachBlock(threads, n int, work func(lo, hi int)) {
	const block = 1 << 14
	parallel.For(threads, (n+block-1)/block, func(_, i int) { work(i*block, min(n, (i+1)*block)) })
}

// sumOverBatch adds Σ_n part(n) to grad, where add(n, sum) adds part(n)
// to sum. The batch is cut into runs that depend on the sizes alone, each
// summed by one goroutine, and the runs are added in their order: the bits do
// not depend on the number of threads.
func sumOverBatch[F tensor.Float](threads, batch int, grad []F, add func(n int, sum []F)) {
	const most, room = 16, 1 << 22 // runs, and elements of all their sums
	runs := min(batch, max(4, min(most, room/len(grad))))
	memory := takeScratch[F](runs * len(grad))
	sums := memory.data
	parallel.For(threads, runs, func(_, r int) {
		clear(sums[r*len(grad) : (r+1)*len(grad)])
		for n := r * batch / runs; n < (r+1)*batch/runs; n++ {
			add(n, sums[r*len(grad):(r+1)*len(grad)])
		}
	})
	eachBlock(threads, len(grad), func(lo, hi int) {
		for r := range runs {
			kernel.AddRow(grad[lo:hi], sums[r*len(grad):][lo:hi])
		}
	})
	memory.giveBack()
}
