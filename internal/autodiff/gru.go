package autodiff

import (
	"slices"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// GRU is a layer of gated recurrent units over a whole sequence: with
// a = x_t W_inputᵀ + b_input and u = h_{t-1} W_hiddenᵀ + b_hidden,
//
//	r_t = σ(a_r + u_r)
//	z_t = σ(a_z + u_z)
//	n_t = tanh(a_n + r_t u_n)
//	h_t = (1 - z_t) n_t + z_t h_{t-1}
//
// with x [steps][batch][in], weights gate by gate in the order r, z, n, and the
// initial state h0 [batch][hidden], nil for 0. It returns h
// [steps][batch][hidden] and the last state [batch][hidden]. This is
// torch.nn.GRU.
func GRU[F tensor.Float](t *Tape[F], threads int, x *Var[F], w RecurrentWeights[F], h0 *Var[F]) (h, hLast *Var[F]) {
	rec := newRecurrence(threads, 3, x, w, h0)
	n := rec.hidden
	h, hLast = t.Result(rec.steps, rec.batch, n), t.Result(rec.batch, n)
	// fromInput holds a, then r, z, n after their nonlinearities; fromHidden
	// holds u. On the way back, the gradients of a and u.
	fromInput, fromHidden := make([]F, rec.gates*len(h.Value.Data)), make([]F, rec.gates*len(h.Value.Data))
	addToRows(fromInput, w.InputBias)
	addToRows(fromHidden, w.HiddenBias)
	rec.drive(fromInput)

	for step := range rec.steps {
		a, u := rec.gatesAt(fromInput, step), rec.gatesAt(fromHidden, step)
		before, now := rec.before(h.Value.Data, rec.start, step), rec.state(h.Value.Data, step)
		rec.recur(u, before)
		rec.eachTrial(func(trial int) {
			r, z, m := thirds(a[trial*3*n:], n)
			ur, uz, un := thirds(u[trial*3*n:], n)
			for k := range n {
				r[k] += ur[k]
				z[k] += uz[k]
			}
			kernel.Sigmoid(r, r)
			kernel.Sigmoid(z, z)
			for k := range n {
				m[k] += F(r[k] * un[k])
			}
			kernel.Tanh(m, m)
			for k, at := 0, trial*n; k < n; k, at = k+1, at+1 {
				now[at] = F((1-z[k])*m[k]) + F(z[k]*before[at])
			}
		})
	}
	copy(hLast.Value.Data, rec.state(h.Value.Data, rec.steps-1))

	t.Record(func() {
		gh := slices.Clone(hLast.Grad.Data)
		for step := rec.steps - 1; step >= 0; step-- {
			a, u := rec.gatesAt(fromInput, step), rec.gatesAt(fromHidden, step)
			before, seen := rec.before(h.Value.Data, rec.start, step), rec.state(h.Grad.Data, step)
			rec.eachTrial(func(trial int) {
				r, z, m := thirds(a[trial*3*n:], n)
				ur, uz, un := thirds(u[trial*3*n:], n)
				for k, at := 0, trial*n; k < n; k, at = k+1, at+1 {
					d := gh[at] + seen[at]
					dm := d * (1 - z[k]) * (1 - F(m[k]*m[k]))
					dz := d * (before[at] - m[k]) * z[k] * (1 - z[k])
					dr := dm * un[k] * r[k] * (1 - r[k])
					gh[at] = d * z[k]
					ur[k], uz[k], un[k] = dr, dz, dm*r[k]
					r[k], z[k], m[k] = dr, dz, dm
				}
			})
			rec.carry(gh, u)
		}
		addGrad(h0, gh)
		rec.weightGradients(h.Value.Data, fromInput, fromHidden)
	})
	return h, hLast
}

// thirds returns the three gates of one trial.
func thirds[F tensor.Float](s []F, n int) (r, z, m []F) {
	return s[:n:n], s[n : 2*n : 2*n], s[2*n : 3*n : 3*n]
}
