package eprop

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

const lanes = tensor.Lanes

// traces holds the eligibility of every synapse of up to Lanes trials. Synapses
// are [post][pre], the presynaptic side being the n_in input lines and then the
// n neurons: P = n_in + n.
type traces[F tensor.Float] struct {
	pre, lif int

	epsV     []F     // εv of the last steps, [slots][P][Lanes]: it depends on the presynaptic side only
	newest   int     // the row of the present step; those before it lie before it, and then at the end
	delay    []uint8 // d_ij, [n][P], the network's; nil without delays
	gathered []F     // εv of the synapses onto one neuron, with delays

	epsA []F // εa, [ALIF][P][Lanes]
	ebar []F // ē, [n][P][Lanes]; nil where the learning signal is filtered instead

	psi, phi []F      // [n][Lanes], of the current step
	active   []uint16 // the lanes where ψ is not zero
	awake    []bool   // ψ was not zero at some step, so εa and ē may not be zero

	// Sums over steps and lanes, [n][P], in float64: they grow for thousands
	// of steps.
	byError []float64 // Σ L ē (or what the filtered signal gives)
	byRate  []float64 // Σ e, which C multiplies after the trial
}

func newTraces[F tensor.Float](net *Network[F], filtered bool) *traces[F] {
	n, pre := net.Neurons(), net.Inputs+net.Neurons()
	tr := &traces[F]{
		pre: pre, lif: net.LIF, delay: net.delays,
		epsV: make([]F, net.slots()*pre*lanes), epsA: make([]F, net.ALIF*pre*lanes),
		psi: make([]F, n*lanes), phi: make([]F, n*lanes), active: make([]uint16, n), awake: make([]bool, n),
		byError: make([]float64, n*pre), byRate: make([]float64, n*pre),
	}
	if tr.delay != nil {
		tr.gathered = make([]F, pre*lanes)
	}
	if filtered {
		tr.ebar = make([]F, n*pre*lanes)
	}
	return tr
}

// reset takes the traces and sums back to before step 0.
func (tr *traces[F]) reset() {
	clear(tr.epsV)
	clear(tr.epsA)
	clear(tr.ebar)
	clear(tr.awake)
	clear(tr.byError)
	clear(tr.byRate)
}

// presynaptic is εv as synapse at, from presynaptic side i, feels it.
func (tr *traces[F]) presynaptic(at, i int) *[lanes]F {
	if tr.delay == nil {
		return (*[lanes]F)(tr.epsV[i*lanes:])
	}
	row := tr.newest - int(tr.delay[at])
	if row < 0 {
		row += len(tr.epsV) / (tr.pre * lanes)
	}
	return (*[lanes]F)(tr.epsV[(row*tr.pre+i)*lanes:])
}

// nextRow makes room for εv of a new step, and fills in that of the one before.
func (tr *traces[F]) nextRow() []F {
	size := tr.pre * lanes
	before := tr.epsV[tr.newest*size : (tr.newest+1)*size]
	if tr.newest++; tr.newest == len(tr.epsV)/size {
		tr.newest = 0
	}
	row := tr.epsV[tr.newest*size : (tr.newest+1)*size]
	copy(row, before) // itself without delays
	return row
}

// begin is equations (8) to (10): the presynaptic traces take up the input x of
// the step and the spikes z of the step before, ψ and φ follow from v and A.
func (net *Network[F]) beginTraces(tr *traces[F], x frame, previous []uint16, v, a []F, blocked []uint16) {
	alpha := net.neurons.Alpha
	inputs := net.Inputs * lanes
	epsV := tr.nextRow()
	if x.words != nil {
		lowPass(epsV[:inputs], x.words, alpha, net.gain)
	} else {
		lowPassValues(epsV[:inputs], x.values, alpha, net.gain)
	}
	lowPass(epsV[inputs:], previous, alpha, net.gain)
	net.surrogate(tr.psi, tr.phi, tr.active, v, a, blocked)
	for j, word := range tr.active {
		tr.awake[j] = tr.awake[j] || word != 0
	}
}

// endTraces is equations (11) to (13) and (15): with the signal of each neuron
// and lane it adds to the sums, and leaves εa as it is in the next step.
// Synapses onto a neuron that was never near its threshold have no trace and
// cost nothing.
func (net *Network[F]) endTraces(tr *traces[F], signal []F, rates bool) {
	for j, awake := range tr.awake {
		if !awake {
			continue
		}
		step := kernel.Traces[F]{
			Psi: tr.psi[j*lanes:], Phi: tr.phi[j*lanes:], Signal: signal[j*lanes : (j+1)*lanes],
			EpsV: tr.epsV, Rho: net.neurons.Constants[j].Rho, C: net.neurons.Constants[j].OneMinusRho, Kappa: net.kappa, G: net.rise,
		}
		if tr.delay != nil {
			step.EpsV = tr.arriving(j)
		}
		synapses := tr.pre * lanes
		if i := j - tr.lif; i >= 0 {
			step.EpsA = tr.epsA[i*synapses : (i+1)*synapses]
		}
		if tr.ebar != nil {
			step.Ebar = tr.ebar[j*synapses : (j+1)*synapses]
		}
		if *(*[lanes]F)(step.Signal) != [lanes]F{} {
			step.ByError = tr.byError[j*tr.pre : (j+1)*tr.pre]
		}
		if rates && tr.active[j] != 0 {
			step.ByRate = tr.byRate[j*tr.pre : (j+1)*tr.pre]
		}
		kernel.TraceStep(&step)
	}
}

// arriving gathers εv as the synapses onto neuron j feel it, by their delays.
func (tr *traces[F]) arriving(j int) []F {
	for i := range tr.pre {
		copy(tr.gathered[i*lanes:(i+1)*lanes], tr.presynaptic(j*tr.pre+i, i)[:])
	}
	return tr.gathered
}

// dot is Σ x y, in the order of sumLanes.
func dot[F tensor.Float](x, y *[lanes]F) F {
	var z [lanes]F
	for l := range z {
		z[l] = x[l] * y[l]
	}
	return sumLanes(&z)
}

// sumLanes adds up pairs, so that no addition waits for the one before.
func sumLanes[F tensor.Float](x *[lanes]F) F {
	return (((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]))) +
		(((x[8] + x[9]) + (x[10] + x[11])) + ((x[12] + x[13]) + (x[14] + x[15])))
}
