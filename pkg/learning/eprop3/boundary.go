package eprop3

import (
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/recurrent"
)

// A boundary is what a window hands on to the next, S of equation (4), or the
// derivatives with respect to it: for each trial z [n], s [S][n] and, if the
// readout has a filter, o [K].

// BoundarySize is the length of a trial's boundary.
func BoundarySize[F tensor.Float](p *recurrent.Params[F]) int {
	size := p.Cell.Units() + p.StateSize()
	if p.Decay != 0 {
		size += p.Outputs
	}
	return size
}

// boundary is the part of x, [windows][B][BoundarySize], that belongs to the end of
// the window of step t.
func (l *Learner[F]) boundary(x []F, t int) []F {
	m := 0
	if l.Window != 0 {
		m = t / l.Window
	}
	size := l.run.Trials * BoundarySize(&l.net.Params)
	return x[m*size : (m+1)*size]
}

// eachPart calls do for z, s and o of each trial's boundary, with the part of the
// arrays [B][n], [B][S][n] and [B][K] that it belongs to.
func (l *Learner[F]) eachPart(boundary, z, s, o []F, do func(ofBoundary, ofArray []F)) {
	n, states, k := l.net.Cell.Units(), l.net.StateSize(), l.net.Outputs
	if l.net.Decay == 0 {
		k = 0
	}
	for trial := range l.run.Trials {
		b := boundary[trial*(n+states+k):]
		do(b[:n], z[trial*n:(trial+1)*n])
		do(b[n:n+states], s[trial*states:(trial+1)*states])
		do(b[n+states:n+states+k], o[trial*k:(trial+1)*k])
	}
}

// cross goes back over the end of a window, with step t: it says what the
// windows after it make of the boundary and goes on with what was predicted.
func (l *Learner[F]) cross(predicted, wanted []F) {
	w := &l.window
	if wanted != nil {
		l.eachPart(l.boundary(wanted, l.t), w.gz, w.gs, w.gOut, func(to, from []F) { copy(to, from) })
	}
	if predicted == nil {
		clear(w.gz)
		clear(w.gs)
		clear(w.gOut)
		return
	}
	l.eachPart(l.boundary(predicted, l.t), w.gz, w.gs, w.gOut, func(from, to []F) { copy(to, from) })
}

// Boundaries writes S at the end of each window of r to x, [windows][B][BoundarySize].
func (l *Learner[F]) Boundaries(x []F, r *recurrent.Run[F]) {
	l.run = r
	for m := range l.Windows(r.Steps) {
		t := r.Steps - 1
		if l.Window != 0 {
			t = min(t, (m+1)*l.Window-1)
		}
		l.eachPart(l.boundary(x, t), r.Output(t), r.State(t), r.Readout(t), func(to, from []F) { copy(to, from) })
	}
}
