package eprop

import "github.com/snnctl/snnctl/internal/tensor"

const lanes = tensor.Lanes

// traces holds the eligibility of every synapse of up to Lanes trials. Synapses
// are [post][pre], the presynaptic side being the n_in input lines and then the
// n neurons: P = n_in + n.
type traces[F tensor.Float] struct {
	pre, lif int

	epsV   []F     // εv of the last steps, [slots][P][Lanes]: it depends on the presynaptic side only
	newest int     // the row of the present step; those before it lie before it, and then at the end
	delay  []uint8 // d_ij, [n][P], the network's; nil without delays
	epsA   []F     // εa, [ALIF][P][Lanes]
	ebar   []F     // ē, [n][P][Lanes]; nil where the learning signal is filtered instead

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
		s := (*[lanes]F)(signal[j*lanes:])
		learns := *s != [lanes]F{}
		c := net.neurons.Constants[j]
		psi, phi := (*[lanes]F)(tr.psi[j*lanes:]), (*[lanes]F)(tr.phi[j*lanes:])
		silent := tr.active[j] == 0
		var e, none [lanes]F
		for i := range tr.pre {
			at := j*tr.pre + i
			if silent {
				e = none
			} else {
				trace(&e, psi, tr.presynaptic(at, i))
			}
			if j >= tr.lif {
				adapt(&e, phi, (*[lanes]F)(tr.epsA[(at-tr.lif*tr.pre)*lanes:]), c.Rho, c.OneMinusRho)
			}
			if rates && !silent {
				tr.byRate[at] += float64(sumLanes(&e))
			}
			credit := &e
			if tr.ebar != nil {
				credit = (*[lanes]F)(tr.ebar[at*lanes:])
				filter(credit, &e, net.kappa, net.rise)
			}
			if learns {
				tr.byError[at] += float64(dot(s, credit))
			}
		}
	}
}

// trace is the part of equation (12) that LIF neurons have: e = ψ εv.
func trace[F tensor.Float](e, psi, epsV *[lanes]F) {
	for l := range e {
		e[l] = psi[l] * epsV[l]
	}
}

// adapt completes equation (12), e -= φ εa, and takes (11) to the next step.
func adapt[F tensor.Float](e, phi, epsA *[lanes]F, rho, c F) {
	for l := range e {
		x := e[l] - F(phi[l]*epsA[l])
		e[l], epsA[l] = x, F(rho*epsA[l])+F(c*x)
	}
}

// filter is equation (13).
func filter[F tensor.Float](ebar, e *[lanes]F, kappa, g F) {
	for l := range e {
		ebar[l] = F(kappa*ebar[l]) + F(g*e[l])
	}
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
