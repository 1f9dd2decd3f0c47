package eprop

import (
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Method chooses how the sums of equation (15) are computed. The first three
// give the same gradient.
type Method int

const (
	// OnlineTraces runs forward only, with εa and ē of every synapse: time and
	// memory n (n_in + n) for each trial, whatever the number of steps.
	OnlineTraces Method = iota
	// FilteredSignal moves the readout's filter from the traces to the learning
	// signal, L̃_j[t] = g L_j[t] + κ L̃_j[t+1], so that
	//
	//	(18) dW_ij = Σ (L̃_j[t] + C_j) e_ij[t]
	//
	// It runs forward twice: L̃ needs the errors to come.
	FilteredSignal
	// LocalAdjoint has no state for each synapse: backwards in time,
	//
	//	(19) gz_j = L̃_j + C_j + c gb_j[t+1]
	//	(20) gv_j = α gv_j[t+1] + ψ_j gz_j
	//	(21) gb_j = ρ gb_j[t+1] - φ_j gz_j
	//	(22) dW_ij = Σ g_v pre_i[t] gv_j[t+d_ij]
	//
	// which is the fastest by far.
	LocalAdjoint
	// BPTT is not e-prop but the whole gradient, to compare with: LocalAdjoint
	// with the paths over other neurons and the reset,
	//
	//	(23) gz_j = … + g_v Σ_k Wrec_jk gv_k[t+1+d_jk] - R_j[t+1] gv_j[t+1]
	//
	// and, in the form LSNN, through the threshold in R. It has B = Wout.
	BPTT
)

// Result is what a batch did.
type Result struct {
	Loss    float64   // E of the target
	Penalty float64   // c_reg Σ (r_j - f_0)²
	Rates   []float64 // r_j, spikes per step, mean over trials and steps
	Spikes  int64     // of the whole network
}

// group is what is kept of up to Lanes trials.
type group[F tensor.Float] struct {
	input  *tensor.Input
	counts []int64
	loss   float64
	grads  Gradients
	traces Gradients // OnlineTraces with a penalty: Σ e, which C multiplies when the rates are known

	// Of the methods that look back:
	spikes *tensor.Spikes // z of all steps
	delta  []F            // δ, then δ̃; [T][K][Lanes]
	direct []F            // direct errors of an Agent, as long
	v, b   [][]F          // states at the start of segments
}

// Gradient runs a batch of trials of equal length from the zero state and writes
// the gradient of target plus penalty to g.
//
// There is at least one group of trials. The method BPTT ignores w.Feedback.
func (net *Network[F]) Gradient(g *Gradients, w Weights[F], inputs []tensor.Input, target Target[F], penalty Penalty, method Method) Result {
	if method == BPTT {
		w.Feedback = nil
	}
	if method != OnlineTraces {
		net.Forward(w, inputs, target)
		return net.Backward(g, penalty, method)
	}
	net.begin(w, inputs)
	parallel.For(net.Threads, net.batch, func(worker, i int) {
		net.runOnline(net.workers[worker], net.groups[i], i, target, penalty.Strength != 0)
	})
	return net.Backward(g, penalty, method)
}

// Forward is the first half of Gradient, for methods that look back: it runs the
// batch and keeps what Backward needs. Between the two the errors that target
// gave can be changed, by what is known only after the trial (Errors).
func (net *Network[F]) Forward(w Weights[F], inputs []tensor.Input, target Target[F]) {
	net.begin(w, inputs)
	parallel.For(net.Threads, net.batch, func(worker, i int) {
		net.forward(net.workers[worker], net.groups[i], i, target)
	})
}

// Errors gives the errors δ of a group after Forward, [T][K][Lanes].
func (net *Network[F]) Errors(group int) []F { return net.groups[group].delta }

// Rates are the mean spikes per step of each neuron after Forward.
func (net *Network[F]) Rates() []float64 { return net.summarize(Penalty{}).Rates }

// Backward is the second half of Gradient. The method BPTT asks for a Forward with
// symmetric feedback.
func (net *Network[F]) Backward(g *Gradients, penalty Penalty, method Method) Result {
	net.grow(g)
	groups := net.groups[:net.batch]
	result := net.summarize(penalty)
	signal := penaltySignal[F](penalty, result.Rates, net.samples())
	parallel.For(net.Threads, len(groups), func(worker, i int) {
		net.learn(net.workers[worker], groups[i], signal, method)
	})
	g.clear()
	for _, group := range groups {
		g.add(&group.grads)
	}
	for j := range net.Neurons() {
		g.Rec[j*net.Neurons()+j] = 0
	}
	return result
}

// Evaluate runs a batch without learning.
func (net *Network[F]) Evaluate(w Weights[F], inputs []tensor.Input, target Target[F], penalty Penalty) Result {
	net.Forward(w, inputs, target)
	return net.summarize(penalty)
}

// begin loads weights and input of a batch, and makes workers and groups for it.
func (net *Network[F]) begin(w Weights[F], inputs []tensor.Input) {
	net.load(w)
	net.batch = len(inputs)
	for len(net.workers) < max(net.Threads, 1) {
		net.workers = append(net.workers, newWorker(net))
	}
	for len(net.groups) < net.batch {
		g := &group[F]{counts: make([]int64, net.Neurons())}
		net.grow(&g.grads)
		net.groups = append(net.groups, g)
	}
	for i := range inputs {
		net.groups[i].input = &inputs[i]
	}
}

// samples is the number of trials of the batch times that of their steps.
func (net *Network[F]) samples() int {
	trials := 0
	for _, g := range net.groups[:net.batch] {
		trials += g.input.Trials
	}
	return trials * net.groups[0].input.Steps()
}

func (net *Network[F]) summarize(penalty Penalty) Result {
	r := Result{Rates: make([]float64, net.Neurons())}
	counts := make([]int64, net.Neurons())
	for _, g := range net.groups[:net.batch] {
		r.Loss += g.loss
		for j, c := range g.counts {
			counts[j] += c
			r.Spikes += c
		}
	}
	for j, c := range counts {
		r.Rates[j] = float64(c) / float64(net.samples())
	}
	r.Penalty = penalty.Loss(r.Rates)
	return r
}
