package oneshot

import (
	"math/bits"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// rowUnit is what the length of a row of neurons is a multiple of, as the kernels
// like it. The neurons too many have weights of zero and never spike.
const rowUnit = 16

func padded(neurons int) int { return (neurons + rowUnit - 1) / rowUnit * rowUnit }

// synapses are the weights of one network with rows of padded length.
type synapses[F tensor.Float] struct {
	lines, width int
	in           []F // [lines][width]
	rec          []F // [width][width], zero on the diagonal
}

func newSynapses[F tensor.Float](lines, neurons int) *synapses[F] {
	w := padded(neurons)
	return &synapses[F]{lines: lines, width: w, in: make([]F, lines*w), rec: make([]F, w*w)}
}

// load copies matrices with rows of n.
func (s *synapses[F]) load(in, rec []F, n int) {
	spread(s.in, s.width, in, n)
	spread(s.rec, s.width, rec, n)
	clearDiagonal(s.rec, s.width)
}

// spread copies rows of n numbers to rows of width numbers.
func spread[F tensor.Float](to []F, width int, from []F, n int) {
	for i := 0; i*n < len(from); i++ {
		copy(to[i*width:], from[i*n:(i+1)*n])
	}
}

func clearDiagonal[F tensor.Float](m []F, width int) {
	for i := 0; i < len(m); i += width + 1 {
		m[i] = 0
	}
}

// eventSums multiplies spike trains with matrices: sums over spikes.
type eventSums[F tensor.Float] struct {
	list    kernel.Events
	scratch kernel.EventScratch[F]
}

// arriving is to[t] = Σ_i x_i[t] rows[i]: what the spikes x [T][lines] of each step
// send on, through rows of width.
func (s *eventSums[F]) arriving(to []F, x *tensor.Bits, rows []F, width int) {
	s.list.Rebuild(x, false)
	kernel.MultiplyEvents(1, &s.scratch, &s.list, width, rows, width, to, width)
}

// outer is to[i] = Σ_t x_i[t] g[t], for g [T][width].
func (s *eventSums[F]) outer(to []F, x *tensor.Bits, g []F, width int) {
	s.list.Rebuild(x, true)
	kernel.MultiplyEvents(1, &s.scratch, &s.list, width, g, width, to, width)
}

// outerSynapses is outer for all synapses of a network that had the input x:
//
//	in_ij = Σ_t x_i[t] g_j[t],  rec_ij = Σ_t z_i[t-1] g_j[t], i ≠ j
//
// With g = ∂E/∂v that is the gradient of the weights.
func (s *eventSums[F]) outerSynapses(to *synapses[F], a *activity[F], x *tensor.Bits, g []F) {
	s.outer(to.in, x, g, a.width)
	s.outer(to.rec, &a.before, g[a.width:], a.width)
	clearDiagonal(to.rec, a.width)
}

// activity is what one network did in one trial.
type activity[F tensor.Float] struct {
	width  int
	v      []F          // [T][width]
	spikes *tensor.Bits // z, [T][width]
	before tensor.Bits  // z of all steps but the last, which nobody hears any more
	rest   []F          // v before step 0
}

func newActivity[F tensor.Float](steps, width int) *activity[F] {
	a := &activity[F]{width: width, v: make([]F, steps*width), spikes: tensor.NewBits(steps, width), rest: make([]F, width)}
	a.before = *a.spikes
	a.before.Rows--
	return a
}

// row is that of step t in an array [T][width].
func (a *activity[F]) row(x []F, t int) []F { return x[t*a.width : (t+1)*a.width] }

// z is the spikes of step t, a bit each.
func (a *activity[F]) z(t int) []uint64 {
	stride := a.spikes.Stride()
	return a.spikes.Words[t*stride : (t+1)*stride]
}

// run is equations (1) and (2) for a trial with the input x [T][lines].
//
// v takes the input's currents first, and is then overwritten step by step.
func (a *activity[F]) run(c *constants[F], w *synapses[F], x *tensor.Bits, sums *eventSums[F]) {
	sums.arriving(a.v, x, w.in, a.width)
	kernel.LIFStep(&c.lif, a.row(a.v, 0), a.rest, a.row(a.v, 0), a.z(0), nil)
	for t := 1; t < a.spikes.Rows; t++ {
		current, z := a.row(a.v, t), a.z(t)
		for k, word := range a.z(t - 1) {
			for ; word != 0; word &= word - 1 {
				kernel.AddRow(current, a.row(w.rec, k*64+bits.TrailingZeros64(word)))
			}
		}
		kernel.LIFStep(&c.lif, current, a.row(a.v, t-1), current, z, a.z(t-1))
		for back := 1; back <= min(c.blocked, t); back++ {
			for k, word := range a.z(t - back) {
				z[k] &^= word
			}
		}
	}
}

// hearing is what hears the spikes of a network: by its rows, [neurons][width], what
// comes back to the spikes of step t from signal, [steps][width], is
//
//	Σ_k rows_jk signal_k[t]
type hearing[F tensor.Float] struct {
	rows, signal []F
	width        int
}

// back is the adjoint of run: it writes ∂E/∂v, which is ∂E/∂I too, to gv [T][width].
// penalty is ∂E/∂z of every step, direct is what depends on v otherwise, or nil:
//
//	gz[t] = penalty + Σ hearing + Σ_k Wrec_jk gv_k[t+1] - v_th gv_j[t+1]
//	gv[t] = α gv[t+1] + ψ[t] gz[t] + direct[t]
//
// Few neurons are near their threshold at a time: for the others, of which ψ is
// zero, gz is not computed. The potentials of refractory neurons are lost.
func (a *activity[F]) back(gv []F, c *constants[F], w *synapses[F], penalty, direct []F, scratch *backScratch[F], all ...hearing[F]) {
	gz := scratch.gz[:a.width]
	for t := a.spikes.Rows - 1; t >= 0; t-- {
		now := a.row(gv, t)
		a.silenceRefractory(c, t)
		near := a.nearThreshold(scratch.near[:0], c, t)
		copy(gz, penalty)
		for _, h := range all {
			if from := t * h.width; from < len(h.signal) {
				kernel.AddRowProducts(gz, near, h.rows, h.width, h.signal[from:from+h.width])
			}
		}
		if t == a.spikes.Rows-1 {
			clear(now)
		} else {
			after := a.row(gv, t+1)
			kernel.AddRowProducts(gz, near, w.rec, a.width, after)
			copy(now, after)
		}
		kernel.LIFAdjoint(&c.lif, now, a.row(a.v, t), gz)
		if direct != nil {
			kernel.AddRow(now, a.row(direct, t))
		}
	}
}

// backScratch is memory that back uses again.
type backScratch[F tensor.Float] struct {
	gz   []F     // a row
	near []int32 // neurons
}

// nearThreshold lists the neurons with ψ > 0.
func (a *activity[F]) nearThreshold(near []int32, c *constants[F], t int) []int32 {
	for j, v := range a.row(a.v, t) {
		if psi, _ := c.surrogate(v); psi > 0 {
			near = append(near, int32(j))
		}
	}
	return near
}

// silenceRefractory puts the potentials of refractory neurons at rest, where ψ is zero.
func (a *activity[F]) silenceRefractory(c *constants[F], t int) {
	v := a.row(a.v, t)
	for back := 1; back <= min(c.blocked, t); back++ {
		for k, word := range a.z(t - back) {
			for ; word != 0; word &= word - 1 {
				v[k*64+bits.TrailingZeros64(word)] = 0
			}
		}
	}
}

// lowPass is x[t] = decay x[t-1] + x[t] in place, for rows of width.
func lowPass[F tensor.Float](x []F, width int, decay F) {
	for t := width; t < len(x); t += width {
		before, now := x[t-width:t], x[t:t+width]
		for j, b := range before {
			now[j] += F(decay * b)
		}
	}
}

// lowPassBack is x[t] = x[t] + decay x[t+1] in place: the adjoint of lowPass.
func lowPassBack[F tensor.Float](x []F, width int, decay F) {
	for t := len(x) - 2*width; t >= 0; t -= width {
		now, after := x[t:t+width], x[t+width:t+2*width]
		for j, b := range after {
			now[j] += F(decay * b)
		}
	}
}
