package multiarea

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// offsets computes the offset of each trial from its noise ξ, one draw a trial,
//
//	(6) o = A2 relu(A1 ξ + c1)
func (net *Network[F]) offsets(r *Run[F], w *Weights[F], xi []F) {
	n, d, trials := net.Neurons, net.TrialNoise, r.Trials
	r.offset, r.hidden = grown(r.offset, trials*n), grown(r.hidden, trials*d)
	r.xi = append(r.xi[:0], xi...)
	clear(r.offset)
	if d == 0 {
		return
	}
	for k := range trials {
		copy(r.hidden[k*d:], w.OffsetBias)
	}
	kernel.Gemm(1, false, true, trials, d, d, 1, xi, d, w.OffsetIn, d, 1, r.hidden, d)
	kernel.ReLU(r.hidden, r.hidden)
	kernel.Gemm(1, false, true, trials, n, d, 1, r.hidden, d, w.OffsetOut, d, 0, r.offset, n)
}

// offsetsBackward adds to grad what ∂L/∂o, [trials][N], says of A1, c1 and A2.
func (net *Network[F]) offsetsBackward(grad *Weights[F], r *Run[F], w *Weights[F], gradient []F) {
	n, d, trials := net.Neurons, net.TrialNoise, r.Trials
	if d == 0 {
		return
	}
	kernel.Gemm(1, true, false, n, d, trials, 1, gradient, n, r.hidden, d, 1, grad.OffsetOut, d)
	back := make([]F, trials*d)
	kernel.Gemm(1, false, false, trials, d, n, 1, gradient, n, w.OffsetOut, d, 0, back, d)
	kernel.ReLUMask(back, r.hidden)
	kernel.Gemm(1, true, false, d, d, trials, 1, back, d, r.xi, d, 1, grad.OffsetIn, d)
	addRows(grad.OffsetBias, back)
}

// addRows adds to sum each of the rows of its length.
func addRows[F tensor.Float](sum, rows []F) {
	for ; len(rows) > 0; rows = rows[len(sum):] {
		kernel.AddRow(sum, rows[:len(sum)])
	}
}
