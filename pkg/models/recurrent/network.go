// Package recurrent runs a layer of recurrent units, of whatever kind, over a
// batch of sequences side by side, with dense matrices:
//
//	(1) u[t] = x[t] Win + z[t-1] Wrec + b             the drive, D numbers for each unit
//	(2) (s_j[t], z_j[t]) = cell(s_j[t-1], u_j[t])     each unit j for itself
//	(3) o[t] = κ o[t-1] + g z[t] Wout
//	(4) y[t] = o[t] + b_out
//
// A unit keeps a hidden state s, shows the others its output z, and knows the
// others through its drive only: an LSTM cell (package lstm) is driven at its
// four gates, a spiking neuron (package alif) by one current. That is all that
// learning rules need to know of it.
//
// # Layout
//
// Of B trials and n units, u[t] is [B][D][n], s[t] is [B][S][n], z[t] is [B][n]
// and o[t], y[t] are [B][K]. Matrices are [pre][post], with D·n columns for Win
// and Wrec.
package recurrent

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Cell is a kind of unit. It holds constants only; what it works on is passed in
// as whole rows of units, one or more trials of them.
type Cell[F tensor.Float] interface {
	Units() int  // n
	Drives() int // D
	States() int // S

	// Autapse is the weight of a unit's output onto its own drive where that is a
	// constant, such as the reset of a spiking neuron, and not learned.
	Autapse() (weight F, fixed bool)

	// Step is equation (2): from s[t-1] (before) and u it computes s[t] (after) and
	// z. It leaves in u what Adjoint and Jacobian need in its place.
	Step(u, before, after, z []F)

	// Adjoint is the way back through Step. It takes gz = ∂E/∂z[t], counting what
	// z does to other units and to the readout, and gs = ∂E/∂s[t], counting what
	// s[t] does to later steps of its own unit. It writes ∂E/∂u[t] to gu, which
	// may be u, and ∂E/∂s[t-1] to gs. u is as Step left it; scratch is [n].
	Adjoint(gu, gs, gz, u, before, after, scratch []F)

	// Jacobian writes the derivatives of s[t], then z[t], with respect to s[t-1],
	// then u[t], of the units of one trial: [S+1][S+D][n].
	Jacobian(jac, u, before, after []F)
}

// Params are the sizes and constants of a network.
type Params[F tensor.Float] struct {
	Cell            Cell[F]
	Inputs, Outputs int  // n_in, K
	Biased          bool // the drive has a bias b
	ReadoutBiased   bool // the readout has a bias b_out
	Decay           F    // κ; 0 for a readout of the units as they are
	Gain            F    // g
}

// Weights are the parameters of a network.
type Weights[F tensor.Float] struct {
	In      []F // [n_in][D·n]
	Rec     []F // [n][D·n]
	Bias    []F // b, [D·n]; nil for none
	Out     []F // [n][K]
	OutBias []F // b_out, [K]; nil for none
}

// NewWeights returns zeros.
func (p *Params[F]) NewWeights() Weights[F] {
	n, k, width := p.Cell.Units(), p.Outputs, p.Width()
	w := Weights[F]{In: make([]F, p.Inputs*width), Rec: make([]F, n*width), Out: make([]F, n*k)}
	if p.Biased {
		w.Bias = make([]F, width)
	}
	if p.ReadoutBiased {
		w.OutBias = make([]F, k)
	}
	return w
}

// Width is D·n, the numbers of a trial's drive.
func (p *Params[F]) Width() int { return p.Cell.Drives() * p.Cell.Units() }

// StateSize is S·n, the numbers of a trial's hidden state.
func (p *Params[F]) StateSize() int { return p.Cell.States() * p.Cell.Units() }

// Network runs what Params and Weights describe. Its methods may be called from
// one goroutine at a time.
type Network[F tensor.Float] struct {
	Params[F]
	Weights[F]
	Threads int

	rec kernel.PackedB[F]
	run *Run[F]
	t   int // the step that stepRows takes

	stepRows func(worker, block int) // made once, so that steps allocate nothing
}

// NewNetwork returns a network with zero weights, to be filled in; the autapses,
// if they are fixed, are there.
func NewNetwork[F tensor.Float](p Params[F], threads int) *Network[F] {
	net := &Network[F]{Params: p, Weights: p.NewWeights(), Threads: threads}
	if w, fixed := p.Cell.Autapse(); fixed {
		for j := range p.Cell.Units() {
			net.Rec[j*p.Width()+j] = w
		}
	}
	net.stepRows = net.stepBlock
	return net
}

// BlockRows is how many trials are one piece of work for a thread.
const BlockRows = 16

// Blocks is the number of such pieces.
func Blocks(trials int) int { return (trials + BlockRows - 1) / BlockRows }

// Block returns the part of x, rows of size numbers each, that belongs to a
// block of trials.
func Block[F tensor.Float](x []F, block, trials, size int) []F {
	return x[block*BlockRows*size : min((block+1)*BlockRows, trials)*size]
}

func (net *Network[F]) stepBlock(_, block int) {
	r, n := net.run, net.Cell.Units()
	net.Cell.Step(
		Block(r.Drive(net.t), block, r.Trials, net.Width()),
		Block(r.State(net.t-1), block, r.Trials, net.StateSize()),
		Block(r.State(net.t), block, r.Trials, net.StateSize()),
		Block(r.Output(net.t), block, r.Trials, n))
}

// Forward runs the network over r, from the state before its first step to the
// last, and computes y.
func (net *Network[F]) Forward(r *Run[F]) {
	n, width, k := net.Cell.Units(), net.Width(), net.Outputs
	rows := r.Steps * r.Trials
	var add F // to what is there: β of Gemm
	if net.Bias != nil {
		add = 1
		for i := range rows {
			copy(r.u[i*width:(i+1)*width], net.Bias)
		}
	}
	kernel.Gemm(net.Threads, false, false, rows, width, net.Inputs, 1, r.X, net.Inputs, net.In, width, add, r.u, width)
	net.rec.Pack(false, n, width, net.Rec, width)
	net.run = r
	for net.t = range r.Steps {
		kernel.GemmPacked(net.Threads, false, r.Trials, 1, r.Output(net.t-1), n, &net.rec, 1, r.Drive(net.t), width)
		parallel.For(net.Threads, Blocks(r.Trials), net.stepRows)
	}
	// o lies in row t+1 of r.o, so that row 0 holds that before the first step.
	now := r.o[r.Trials*k : (r.Steps+1)*r.Trials*k]
	kernel.Gemm(net.Threads, false, false, rows, k, n, net.Gain, r.z[r.Trials*n:], n, net.Out, k, 0, now, k)
	if net.Decay != 0 {
		for i := range now {
			now[i] += F(net.Decay * r.o[i])
		}
	}
	y := r.Y[:rows*k]
	copy(y, now)
	if net.OutBias != nil {
		for i := range y {
			y[i] += net.OutBias[i%k]
		}
	}
}
