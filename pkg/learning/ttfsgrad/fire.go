package ttfsgrad

import (
	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// firing is what neurons with potentials V [trials][channels][places] do.
//
// With D_i, the potential that silent inputs would give at t_max, less the
// threshold θ_i, and the slope s_i of the potential at threshold,
//
//	t_i = t_max - (D_i + V_i) / s_i,  then min(t_i, t_max)
//
// which in layer-local time, x = t_max - t, is x_i = max(0, (D_i + V_i)/s_i). With
// m_i = 1 for real spikes and 0 for silent neurons (a tie is silent),
//
//	∂x_i/∂V_i = ∂x_i/∂D_i = m_i/s_i    ∂x_i/∂s_i = -m_i x_i/s_i
//
// (2306.08744, section 7.2 of the method: for B1, s_i = 1 and ∂V_i/∂x_j = W_ij; for the
// alpha neuron s_i = α + Σ_j J_ij gives ∂t_i/∂J_ij = m_i (x_i - x_j)/s_i.)
// A neuron whose slope is not positive never reaches its threshold: it is silent.
type firing[F tensor.Float] struct {
	drive  *autodiff.Var[F] // D, [channels] or [channels][places]
	slope  *autodiff.Var[F] // s, [channels]; nil for 1
	shift  []F              // added to D, [channels], or nil
	offset []F              // added to the slope of each neuron, [channels·places], or nil …
	acting F                // … and for how long before t_max it acts, which moves D

	window float64 // t_max - t_min
	bound  bool    // the threshold is tested from t_min on: x ≤ window, without a gradient there
}

// Activity counts what a layer did in a batch.
type Activity struct {
	Neurons  int     // times trials
	Spikes   int     // of them
	Early    int     // spikes before the window, or that would be if it did not bound them
	Flat     int     // neurons whose slope is not positive
	Earliest float64 // greatest t_max - t_i, not bounded by the window
}

func (a *Activity) add(b Activity) {
	a.Neurons += b.Neurons
	a.Spikes += b.Spikes
	a.Early += b.Early
	a.Flat += b.Flat
	a.Earliest = max(a.Earliest, b.Earliest)
}

// fire is x of the potentials v [trials][channels][…].
func (f firing[F]) fire(t *autodiff.Tape[F], threads int, v *autodiff.Var[F]) (*autodiff.Var[F], Activity) {
	x := t.Unset(threads, v.Value.Shape...)
	trials := v.Value.Shape[0]
	counts := make([]Activity, trials)
	parallel.For(threads, trials, func(_, trial int) {
		counts[trial] = f.trial(part(x.Value.Data, trials, trial), part(v.Value.Data, trials, trial))
	})
	var total Activity
	for _, c := range counts {
		total.add(c)
	}
	t.Record(func() { f.adjoint(threads, trials, x, v) })
	return x, total
}

func (f firing[F]) channels() int { return f.drive.Value.Shape[0] }

// at gives D and s of neuron i, which belongs to channel c.
func (f firing[F]) at(c, i int) (drive, slope F) {
	drive, slope = f.drive.Value.Data[c], 1
	if f.mapped() {
		drive = f.drive.Value.Data[i]
	}
	if f.slope != nil {
		slope = f.slope.Value.Data[c]
	}
	if f.shift != nil {
		drive += f.shift[c]
	}
	if f.offset != nil {
		slope += f.offset[i]
		drive += F(f.offset[i] * f.acting)
	}
	return drive, slope
}

func (f firing[F]) trial(x, v []F) Activity {
	a := Activity{Neurons: len(x)}
	channels, window := f.channels(), F(f.window)
	places, each := len(x)/channels, f.perNeuron()
	var earliest F
	for c := range channels {
		drive, slope := f.at(c, c*places)
		for i := c * places; i < (c+1)*places; i++ {
			if each {
				drive, slope = f.at(c, i)
			}
			x[i] = 0
			if slope <= 0 {
				a.Flat++
				continue
			}
			y := (drive + v[i]) / slope
			if y <= 0 {
				continue
			}
			a.Spikes++
			earliest = max(earliest, y)
			if y > window {
				a.Early++
				if f.bound {
					y = window
				}
			}
			x[i] = y
		}
	}
	a.Earliest = float64(earliest)
	return a
}

// blockSize is the number of neurons that one goroutine takes back at a time.
const blockSize = 256

// adjoint carries the gradient of x to V, D and s. Blocks of whole channels own
// what they add to.
func (f firing[F]) adjoint(threads, trials int, x, v *autodiff.Var[F]) {
	channels, window := f.channels(), F(f.window)
	size := len(x.Value.Data) / trials
	places, each := size/channels, f.perNeuron()
	channelsEach := max(1, blockSize/places)
	parallel.For(threads, (channels+channelsEach-1)/channelsEach, func(_, block int) {
		for trial := range trials {
			xs, gx, gv := part(x.Value.Data, trials, trial), part(x.Grad.Data, trials, trial), part(v.Grad.Data, trials, trial)
			for c := block * channelsEach; c < min(channels, (block+1)*channelsEach); c++ {
				var drives, slopes F
				_, slope := f.at(c, c*places)
				for i := c * places; i < (c+1)*places; i++ {
					if xs[i] == 0 || f.bound && xs[i] >= window {
						continue
					}
					if each {
						_, slope = f.at(c, i)
					}
					g := gx[i] / slope
					gv[i] += g
					drives += g
					slopes += F(g * xs[i])
					if f.mapped() {
						f.drive.Grad.Data[i] += g
					}
				}
				if !f.mapped() {
					f.drive.Grad.Data[c] += drives
				}
				if f.slope != nil {
					f.slope.Grad.Data[c] -= slopes
				}
			}
		}
	})
}

// mapped reports whether each place of a channel has its own D.
func (f firing[F]) mapped() bool { return len(f.drive.Value.Shape) > 1 }

// perNeuron reports whether neurons of a channel differ.
func (f firing[F]) perNeuron() bool { return f.mapped() || f.offset != nil }

// part is part n of the equal parts of x.
func part[F tensor.Float](x []F, parts, n int) []F {
	size := len(x) / parts
	return x[n*size : (n+1)*size]
}
