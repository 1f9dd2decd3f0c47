package eprop3

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/models/recurrent"
)

// Online runs the rule as it stands, with traces, one window after the other:
// Forward shows the network a window, Learn is given its errors. Its memory, S D n P numbers a trial
// for P presynaptic lines and as much again for the readout's filter, does not
// depend on the number of steps.
type Online[F tensor.Float] struct {
	Run recurrent.Run[F] // of the window; X is to be filled in before Forward

	l     *Learner[F]
	pre   int // P: inputs, units and, if there is one, the bias
	begun bool

	eps, ebar     []F // ε [B][n][P][D][S], and e filtered like the readout, [B][n][P][D]
	jac           []F // [B][S+1][S+D][n] of one step
	recurrent     []F // L[t] without the readout's part, [Δ][B][n]
	readout       []F // and that part, [B][n] of one step
	zbar          []F // z filtered like the readout, [B][n]
	synapses      []F // dW so far, [n][P][D]
	out, outBias  []F
	delta         []F
	t             int
	jacobians     func(worker, block int)
	advanceTraces func(worker, unit int)
}

// NewOnline returns the network before the first step of so many trials. Windows
// may have up to rule.Window steps.
func NewOnline[F tensor.Float](net *recurrent.Network[F], rule Rule[F], trials int) *Online[F] {
	n, d, s := net.Cell.Units(), net.Cell.Drives(), net.Cell.States()
	steps := rule.Window
	rule.Window = 0 // each run of the learner's is a window
	o := &Online[F]{l: NewLearner(net, rule), pre: net.Inputs + n}
	if net.Biased {
		o.pre++
	}
	o.Run.Resize(&net.Params, steps, trials)
	o.eps = make([]F, trials*n*o.pre*d*s)
	o.ebar = make([]F, trials*n*o.pre*d)
	o.jac = make([]F, trials*(s+1)*(s+d)*n)
	o.recurrent = make([]F, steps*trials*n)
	o.readout = make([]F, trials*n)
	o.zbar = make([]F, trials*n)
	o.synapses = make([]F, n*o.pre*d)
	o.out, o.outBias = make([]F, n*net.Outputs), make([]F, len(net.OutBias))
	o.jacobians, o.advanceTraces = o.jacobianBlock, o.advanceUnit
	return o
}

// Reset goes back to before the first step.
func (o *Online[F]) Reset() {
	o.begun = false
	for _, x := range [][]F{o.Run.State(-1), o.Run.Output(-1), o.Run.Readout(-1), o.eps, o.ebar, o.zbar, o.synapses, o.out, o.outBias} {
		clear(x)
	}
}

// Forward shows the network the next window, of so many steps.
func (o *Online[F]) Forward(steps int) {
	if o.begun {
		o.Run.Continue()
	}
	o.begun = true
	o.Run.Shorten(steps)
	o.l.net.Forward(&o.Run)
}

// Boundary writes S at the end of the window to x, [B][BoundarySize].
func (o *Online[F]) Boundary(x []F) { o.l.Boundaries(x, &o.Run) }

// Learn takes the errors of the window, ∂E/∂y [Δ][B][K], and what is predicted
// to come after it, nil for nothing. To wanted goes what the window says should
// have been predicted at the end of the window before; nil if that is of no use.
// Both are [B][BoundarySize].
func (o *Online[F]) Learn(delta, predicted, wanted []F) {
	l, r, size := o.l, &o.Run, o.Run.Trials*o.l.net.Cell.Units()
	l.begin(r, delta)
	w := &l.window
	l.t = r.Steps - 1
	l.cross(predicted, nil)
	for ; l.t >= 0; l.t-- {
		if l.t+1 < r.Steps {
			l.recur()
		}
		copy(o.recurrent[l.t*size:], w.gz)
		for i, d := range l.errorsAt(delta) {
			w.gOut[i] += d
		}
		l.addReadout(w, w.gOut)
		l.goBack(w)
	}
	if wanted != nil {
		l.t = 0
		l.recur()
		l.cross(nil, wanted)
	}
	o.delta = delta
	for o.t = range r.Steps {
		o.step()
	}
}

// step is equations (1) to (3) for one step of the window.
func (o *Online[F]) step() {
	l, net, r := o.l, o.l.net, &o.Run
	l.t = o.t
	delta := l.errorsAt(o.delta)
	n, k := net.Cell.Units(), net.Outputs
	feedback := l.Feedback
	if feedback == nil {
		feedback = net.Out
	}
	kernel.Gemm(net.Threads, false, true, r.Trials, n, k, 1, delta, k, feedback, k, 0, o.readout, n)
	parallel.For(net.Threads, recurrent.Blocks(r.Trials), o.jacobians)
	parallel.For(net.Threads, n, o.advanceTraces)
	z := r.Output(o.t)
	for i := range o.zbar {
		o.zbar[i] = F(net.Decay*o.zbar[i]) + F(net.Gain*z[i])
	}
	kernel.Gemm(net.Threads, true, false, n, k, r.Trials, 1, o.zbar, n, delta, k, 1, o.out, k)
	addRows(o.outBias, delta)
}

func (o *Online[F]) jacobianBlock(_, block int) {
	net, r := o.l.net, &o.Run
	first := block * recurrent.BlockRows
	of := func(x []F, trial int) []F {
		size := len(x) / r.Trials
		return x[trial*size : (trial+1)*size]
	}
	for trial := first; trial < min(first+recurrent.BlockRows, r.Trials); trial++ {
		net.Cell.Jacobian(of(o.jac, trial), of(r.Drive(o.t), trial), of(r.State(o.t-1), trial), of(r.State(o.t), trial))
	}
}

// advanceUnit takes the traces of all synapses onto unit j one step on.
func (o *Online[F]) advanceUnit(_, j int) {
	net, r := o.l.net, &o.Run
	n, drives, states := net.Cell.Units(), net.Cell.Drives(), net.Cell.States()
	const most = 8 // drives or states of a unit
	var local [(most + 1) * 2 * most]F
	columns := states + drives
	x, z := r.X[o.t*r.Trials*net.Inputs:], r.Output(o.t-1)
	var next [most]F
	for trial := range r.Trials {
		for i := range (states + 1) * columns {
			local[i] = o.jac[(trial*(states+1)*columns+i)*n+j]
		}
		shown := local[states*columns:]
		at := trial*n + j
		// The windows' learning signal, and the readout's, which the filtered
		// trace carries on.
		inside, direct := o.recurrent[(o.t*r.Trials)*n+at], o.readout[at]
		for i := range o.pre {
			pre := F(1)
			switch {
			case i < net.Inputs:
				pre = x[trial*net.Inputs+i]
			case i < net.Inputs+n:
				pre = z[trial*n+i-net.Inputs]
			}
			for d := range drives {
				synapse := (at*o.pre+i)*drives + d
				eps := o.eps[synapse*states : (synapse+1)*states]
				e := shown[states+d] * pre
				for s, x := range eps {
					e += shown[s] * x
				}
				for row := range states {
					next[row] = local[row*columns+states+d] * pre
					for s, x := range eps {
						next[row] += local[row*columns+s] * x
					}
				}
				copy(eps, next[:states])
				o.ebar[synapse] = F(net.Decay*o.ebar[synapse]) + F(net.Gain*e)
				o.synapses[(j*o.pre+i)*drives+d] += F(inside*e) + F(direct*o.ebar[synapse])
			}
		}
	}
}

// Gradients writes scale·dW of all windows so far to g.
func (o *Online[F]) Gradients(g *recurrent.Weights[F], scale F) {
	net := o.l.net
	n, width, drives := net.Cell.Units(), net.Width(), net.Cell.Drives()
	_, fixed := net.Cell.Autapse()
	for j := range n {
		for i := range o.pre {
			for d := range drives {
				x := scale * o.synapses[(j*o.pre+i)*drives+d]
				switch unit := i - net.Inputs; {
				case unit < 0:
					g.In[i*width+d*n+j] = x
				case unit == n:
					g.Bias[d*n+j] = x
				case unit == j && fixed:
					g.Rec[unit*width+j] = 0
				default:
					g.Rec[unit*width+d*n+j] = x
				}
			}
		}
	}
	for i, x := range o.out {
		g.Out[i] = scale * x
	}
	for k, x := range o.outBias {
		g.OutBias[k] = scale * x
	}
}
