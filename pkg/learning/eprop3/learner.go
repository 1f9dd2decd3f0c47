package eprop3

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/recurrent"
)

// Rule chooses among equations (1) to (8) and their relatives.
type Rule[F tensor.Float] struct {
	Window int  // Δ; 0 for one window as long as the sequence
	Traces bool // eligibility vectors are carried from window to window

	// Feedback is B, [n][K], in the place of Wout in equation (5); nil for Wout.
	Feedback []F
}

// Windows is the number of windows of a sequence.
func (l *Rule[F]) Windows(steps int) int {
	if l.Window == 0 {
		return 1
	}
	return (steps + l.Window - 1) / l.Window
}

// Learner computes gradients from what a network did, backwards in time.
type Learner[F tensor.Float] struct {
	Rule[F]
	net *recurrent.Network[F]
	run *recurrent.Run[F]
	t   int

	back   kernel.PackedB[F] // Wrecᵀ
	errors []F               // ∂E/∂o of all steps over the whole sequence, [T][B][K]
	window pass[F]           // λ
	whole  pass[F]           // Λ
	drives []F               // where the window's pass keeps ∂E/∂u[t] if there are two, [B][D][n]

	adjoint     *pass[F] // the pass that adjointRows takes back
	adjointRows func(worker, block int)
	scratch     []F // [blocks][n]
}

// pass is a way back through time, where it stands at step t.
type pass[F tensor.Float] struct {
	gz   []F // L[t], [B][n]
	gs   []F // ∂E/∂s[t], and after the cell's adjoint ∂E/∂s[t-1], [B][S][n]
	gu   []F // ∂E/∂u[t], [B][D][n]
	gOut []F // ∂E/∂o[t], [B][K]; of the window's pass, the other's is in errors
}

// NewLearner returns a learner for net.
func NewLearner[F tensor.Float](net *recurrent.Network[F], rule Rule[F]) *Learner[F] {
	l := &Learner[F]{Rule: rule, net: net}
	l.adjointRows = l.adjointBlock
	return l
}

// Gradient writes scale·dE/dW to g, where delta is ∂E/∂y of each step of r,
// [T][B][K]. It uses up what r keeps of the drives.
//
// predicted holds g of equation (4) for the end of each window but the last,
// [windows][B][BoundarySize]; nil is zero. To wanted, of the same layout but with the
// end of the last window, goes what the windows after them say it is; nil for
// none. If the two are the same slice, nothing is approximate.
func (l *Learner[F]) Gradient(g *recurrent.Weights[F], r *recurrent.Run[F], delta []F, scale F, predicted, wanted []F) {
	l.begin(r, delta)
	// One pass is enough where nothing is cut or nothing is carried across the
	// cuts; and e-prop 1 is nothing but what is carried.
	single := !l.Traces || l.Windows(r.Steps) == 1
	local := !single && l.Window == 1 && predicted == nil && wanted == nil
	w := &l.window
	for l.t = r.Steps - 1; l.t >= 0; l.t-- {
		if !local {
			if l.t+1 < r.Steps {
				l.recur()
			} else if wanted != nil {
				clear(l.boundary(wanted, l.t))
			}
			if l.Window != 0 && (l.t+1)%l.Window == 0 && l.t+1 < r.Steps {
				l.cross(predicted, wanted)
			}
		}
		if !single {
			copy(l.whole.gz, w.gz) // zeros, for e-prop 1
			l.addReadout(&l.whole, l.errorsAt(l.errors))
			l.whole.gu = r.Drive(l.t)
		}
		if !local {
			for i, d := range l.errorsAt(delta) {
				w.gOut[i] += d
			}
			l.addReadout(w, w.gOut)
			if single {
				w.gu = r.Drive(l.t)
			}
			l.goBack(w)
		}
		if !single { // the last to read what the cell left in the drive, which it overwrites
			l.goBack(&l.whole)
		}
	}
	l.weightGradients(g, delta, scale)
}

// begin takes everything to after the last step.
func (l *Learner[F]) begin(r *recurrent.Run[F], delta []F) {
	net := l.net
	l.run = r
	l.back.Pack(true, net.Width(), net.Cell.Units(), net.Rec, net.Width())
	for _, p := range []*pass[F]{&l.window, &l.whole} {
		p.gz = recurrent.Grow(p.gz, r.Trials*net.Cell.Units())
		p.gs = recurrent.Grow(p.gs, r.Trials*net.StateSize())
		clear(p.gz)
		clear(p.gs)
	}
	l.window.gOut = recurrent.Grow(l.window.gOut, r.Trials*net.Outputs)
	clear(l.window.gOut)
	l.drives = recurrent.Grow(l.drives, r.Trials*net.Width())
	l.window.gu = l.drives
	l.scratch = recurrent.Grow(l.scratch, recurrent.Blocks(r.Trials)*net.Cell.Units())

	l.errors = recurrent.Grow(l.errors, len(delta))
	copy(l.errors, delta)
	if size := r.Trials * net.Outputs; net.Decay != 0 {
		for i := len(delta) - size - 1; i >= 0; i-- {
			l.errors[i] += F(net.Decay * l.errors[i+size])
		}
	}
}

// errorsAt is the row of step t in x, [T][B][K].
func (l *Learner[F]) errorsAt(x []F) []F {
	size := l.run.Trials * l.net.Outputs
	return x[l.t*size : (l.t+1)*size]
}

// recur takes the window's pass from u[t+1] to z[t] and from o[t+1] to o[t].
func (l *Learner[F]) recur() {
	net, w := l.net, &l.window
	kernel.GemmPacked(net.Threads, false, l.run.Trials, 1, w.gu, net.Width(), &l.back, 0, w.gz, net.Cell.Units())
	for i := range w.gOut {
		w.gOut[i] *= net.Decay
	}
}

// addReadout adds to L what z[t] does to the readout.
func (l *Learner[F]) addReadout(p *pass[F], gOut []F) {
	n, k := l.net.Cell.Units(), l.net.Outputs
	feedback := l.Feedback
	if feedback == nil {
		feedback = l.net.Out
	}
	kernel.Gemm(l.net.Threads, false, true, l.run.Trials, n, k, l.net.Gain, gOut, k, feedback, k, 1, p.gz, n)
}

// goBack is equation (6) or (7), and the brackets of (8).
func (l *Learner[F]) goBack(p *pass[F]) {
	l.adjoint = p
	parallel.For(l.net.Threads, recurrent.Blocks(l.run.Trials), l.adjointRows)
}

func (l *Learner[F]) adjointBlock(_, block int) {
	p, r, net, t := l.adjoint, l.run, l.net, l.t
	n := net.Cell.Units()
	part := func(x []F, size int) []F { return recurrent.Block(x, block, r.Trials, size) }
	net.Cell.Adjoint(part(p.gu, net.Width()), part(p.gs, net.StateSize()), part(p.gz, n),
		part(r.Drive(t), net.Width()), part(r.State(t-1), net.StateSize()), part(r.State(t), net.StateSize()),
		l.scratch[block*n:(block+1)*n])
}

// weightGradients is equation (8), the drives having been replaced by ∂E/∂u.
func (l *Learner[F]) weightGradients(g *recurrent.Weights[F], delta []F, scale F) {
	net, r := l.net, l.run
	n, width, k, rows := net.Cell.Units(), net.Width(), net.Outputs, r.Steps*r.Trials
	gu := r.Drives()
	kernel.Gemm(net.Threads, true, false, net.Inputs, width, rows, scale, r.X, net.Inputs, gu, width, 0, g.In, width)
	kernel.Gemm(net.Threads, true, false, n, width, rows, scale, r.OutputsFrom(-1), n, gu, width, 0, g.Rec, width)
	if _, fixed := net.Cell.Autapse(); fixed {
		for j := range n {
			g.Rec[j*width+j] = 0
		}
	}
	sumRows(g.Bias, gu, scale)
	kernel.Gemm(net.Threads, true, false, n, k, rows, scale*net.Gain, r.OutputsFrom(0), n, l.errors, k, 0, g.Out, k)
	sumRows(g.OutBias, delta, scale)
}

// sumRows is to = scale Σ rows.
func sumRows[F tensor.Float](to, rows []F, scale F) {
	clear(to)
	addRows(to, rows)
	for i := range to {
		to[i] *= scale
	}
}

// addRows is to += Σ rows.
func addRows[F tensor.Float](to, rows []F) {
	if len(to) == 0 {
		return
	}
	for ; len(rows) > 0; rows = rows[len(to):] {
		for i, x := range rows[:len(to)] {
			to[i] += x
		}
	}
}
