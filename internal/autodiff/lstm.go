package autodiff

import (
	"slices"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// LSTM is a layer of long short-term memory over a whole sequence:
//
//	(i, f, g, o)_t = x_t W_inputᵀ + b_input + h_{t-1} W_hiddenᵀ + b_hidden
//	c_t = σ(f_t + forgetBias) c_{t-1} + σ(i_t) tanh(g_t)
//	h_t = σ(o_t) tanh(c_t)
//
// with x [steps][batch][in], weights gate by gate in the order i, f, g, o, and
// initial states h0, c0 [batch][hidden], nil for 0. It returns h
// [steps][batch][hidden] and the last states [batch][hidden]. With forgetBias 0
// this is torch.nn.LSTM.
func LSTM[F tensor.Float](t *Tape[F], threads int, x *Var[F], w RecurrentWeights[F], h0, c0 *Var[F], forgetBias F) (h, hLast, cLast *Var[F]) {
	r := newRecurrence(threads, 4, x, w, h0)
	n := r.hidden
	cStart := r.initial(c0)
	h = t.Result(r.steps, r.batch, n)
	hLast, cLast = t.Result(r.batch, n), t.Result(r.batch, n)
	cells := make([]F, len(h.Value.Data))
	// The gates, after their nonlinearities; on the way back, the gradients
	// before them.
	gates := make([]F, r.gates*len(cells))
	addToRows(gates, w.InputBias)
	addToRows(gates, w.HiddenBias)
	r.drive(gates)

	for step := range r.steps {
		now := r.gatesAt(gates, step)
		r.recur(now, r.before(h.Value.Data, r.start, step))
		c, ht, before := r.state(cells, step), r.state(h.Value.Data, step), r.before(cells, cStart, step)
		r.eachTrial(func(trial int) {
			i, f, g, o := quarters(now[trial*4*n:], n)
			for k := range f {
				f[k] += forgetBias
			}
			kernel.Sigmoid(i, i)
			kernel.Sigmoid(f, f)
			kernel.Tanh(g, g)
			kernel.Sigmoid(o, o)
			at := trial * n
			for k := range n {
				c[at+k] = F(f[k]*before[at+k]) + F(i[k]*g[k])
			}
			kernel.Tanh(ht[at:at+n], c[at:at+n])
			for k := range n {
				ht[at+k] *= o[k]
			}
		})
	}
	copy(hLast.Value.Data, r.state(h.Value.Data, r.steps-1))
	copy(cLast.Value.Data, r.state(cells, r.steps-1))

	t.Record(func() {
		gh, gc := slices.Clone(hLast.Grad.Data), slices.Clone(cLast.Grad.Data)
		tanhCells := make([]F, len(gc)) // of one step
		for step := r.steps - 1; step >= 0; step-- {
			now := r.gatesAt(gates, step)
			c, seen, before := r.state(cells, step), r.state(h.Grad.Data, step), r.before(cells, cStart, step)
			r.eachTrial(func(trial int) {
				i, f, g, o := quarters(now[trial*4*n:], n)
				kernel.Tanh(tanhCells[trial*n:(trial+1)*n], c[trial*n:(trial+1)*n])
				for k, at := 0, trial*n; k < n; k, at = k+1, at+1 {
					d, tc := gh[at]+seen[at], tanhCells[at]
					dc := gc[at] + F(d*o[k]*(1-F(tc*tc)))
					gc[at] = dc * f[k]
					i[k], f[k], g[k], o[k] =
						dc*g[k]*i[k]*(1-i[k]),
						dc*before[at]*f[k]*(1-f[k]),
						dc*i[k]*(1-F(g[k]*g[k])),
						d*tc*o[k]*(1-o[k])
				}
			})
			clear(gh)
			r.carry(gh, now)
		}
		addGrad(h0, gh)
		addGrad(c0, gc)
		r.weightGradients(h.Value.Data, gates, gates)
	})
	return h, hLast, cLast
}

// quarters returns the four gates of one trial.
func quarters[F tensor.Float](s []F, n int) (i, f, g, o []F) {
	return s[:n:n], s[n : 2*n : 2*n], s[2*n : 3*n : 3*n], s[3*n : 4*n : 4*n]
}
