package recurrent

import "github.com/snnctl/snnctl/internal/tensor"

// Run is a stretch of time of a batch of trials: what a network sees, does and
// answers, and what the way back needs. Rows t = -1 … Steps-1 are kept of states
// and outputs, row -1 being those that the stretch starts from.
type Run[F tensor.Float] struct {
	Steps, Trials int
	X             []F // [T][B][n_in], to be filled in
	Y             []F // [T][B][K]

	u, s, z, o             []F
	width, states, n, outs int
}

// Resize makes r fit for so many steps and trials of the network, from the zero
// state. Memory is reused; X and Y hold any value.
func (r *Run[F]) Resize(p *Params[F], steps, trials int) {
	r.Steps, r.Trials = steps, trials
	r.width, r.states, r.n, r.outs = p.Width(), p.StateSize(), p.Cell.Units(), p.Outputs
	r.X = Grow(r.X, steps*trials*p.Inputs)
	r.Y = Grow(r.Y, steps*trials*r.outs)
	r.u = Grow(r.u, steps*trials*r.width)
	r.s = Grow(r.s, (steps+1)*trials*r.states)
	r.z = Grow(r.z, (steps+1)*trials*r.n)
	r.o = Grow(r.o, (steps+1)*trials*r.outs)
	clear(r.State(-1))
	clear(r.Output(-1))
	clear(r.Readout(-1))
}

// Continue makes the last step of r the one before its first, so that the next
// Forward goes on from there.
func (r *Run[F]) Continue() {
	copy(r.State(-1), r.State(r.Steps-1))
	copy(r.Output(-1), r.Output(r.Steps-1))
	copy(r.Readout(-1), r.Readout(r.Steps-1))
}

// Shorten leaves the first steps of r.
func (r *Run[F]) Shorten(steps int) { r.Steps = steps }

func row[F tensor.Float](x []F, t, size int) []F { return x[t*size : (t+1)*size] }

// Drive is u[t], after Forward what the cell has left in its place.
func (r *Run[F]) Drive(t int) []F { return row(r.u, t, r.Trials*r.width) }

// Drives is u of all steps.
func (r *Run[F]) Drives() []F { return r.u[:r.Steps*r.Trials*r.width] }

// State is s[t].
func (r *Run[F]) State(t int) []F { return row(r.s, t+1, r.Trials*r.states) }

// Output is z[t].
func (r *Run[F]) Output(t int) []F { return row(r.z, t+1, r.Trials*r.n) }

// OutputsFrom is z of the steps from t on.
func (r *Run[F]) OutputsFrom(t int) []F { return r.z[(t+1)*r.Trials*r.n:] }

// Readout is o[t].
func (r *Run[F]) Readout(t int) []F { return row(r.o, t+1, r.Trials*r.outs) }

// Grow returns n numbers of any value, in x if they fit.
func Grow[F tensor.Float](x []F, n int) []F {
	if cap(x) < n {
		return make([]F, n)
	}
	return x[:n]
}
