package eprop

import "github.com/snnctl/snnctl/internal/tensor"

const lanes = tensor.Lanes

// traces holds the eligibility of every synapse of up to Lanes trials. Synapses
// are [post][pre], the presynaptic side being the n_in input lines and then the
// n neurons: P = n_in + n.
type traces[F tensor.Float] struct {
	pre, lif int

	epsV []F // εv, [P][Lanes]: it depends on the presynaptic side only
	epsA []F // εa, [ALIF][P][Lanes]
	ebar []F // ē, [n][P][Lanes]; nil where the learning signal is filtered instead

	psi, phi []F      // [n][Lanes], of the current step
	active   []uint16 // the lanes where ψ is not zero
	awake    []bool   // ψ was not zero at some step, so εa and ē may not be zero

	// Sums over steps and lanes, [n][P], in float64: they grow for thousands
	// of steps.
	byError []float64 // Σ L ē (or what the filtered signal gives)
	byRate  []float64 // Σ e, which R multiplies after the trial
}

func newTraces[F tensor.Float](p *Params, filtered bool) *traces[F] {
	n, pre := p.Neurons(), p.Inputs+p.Neurons()
	tr := &traces[F]{
		pre: pre, lif: p.LIF,
		epsV: make([]F, pre*lanes), epsA: make([]F, p.ALIF*pre*lanes),
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

// begin is equations (8) to (10): the presynaptic traces take up the input x of
// the step and the spikes z of the step before, ψ and φ follow from v and A.
func (net *Network[F]) beginTraces(tr *traces[F], x frame, previous []uint16, v, a []F, blocked []uint16) {
	alpha := net.neurons.Alpha
	inputs := net.Inputs * lanes
	if x.words != nil {
		lowPass(tr.epsV[:inputs], x.words, alpha, net.gain)
	} else {
		lowPassValues(tr.epsV[:inputs], x.values, alpha, net.gain)
	}
	lowPass(tr.epsV[inputs:], previous, alpha, net.gain)
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
		synapse := synapse[F]{
			psi: (*[lanes]F)(tr.psi[j*lanes:]), phi: (*[lanes]F)(tr.phi[j*lanes:]),
			rho: c.Rho, rise: c.OneMinusRho, kappa: net.kappa, gain: net.rise,
		}
		silent := tr.active[j] == 0
		for i := range tr.pre {
			at := j*tr.pre + i
			var e [lanes]F
			if !silent {
				synapse.trace(&e, (*[lanes]F)(tr.epsV[i*lanes:]))
			}
			if j >= tr.lif {
				synapse.adapt(&e, (*[lanes]F)(tr.epsA[(at-tr.lif*tr.pre)*lanes:]))
			}
			if rates && !silent {
				tr.byRate[at] += float64(sumLanes(&e))
			}
			credit := &e
			if tr.ebar != nil {
				credit = (*[lanes]F)(tr.ebar[at*lanes:])
				synapse.filter(credit, &e)
			}
			if learns {
				tr.byError[at] += float64(dot(s, credit))
			}
		}
	}
}

// synapse is what the synapses onto one neuron share in one step.
type synapse[F tensor.Float] struct {
	psi, phi    *[lanes]F
	rho, rise   F // ρ, c
	kappa, gain F // κ, g
}

// trace is the part of equation (12) that LIF neurons have: e = ψ εv.
func (s *synapse[F]) trace(e, epsV *[lanes]F) {
	for l := range e {
		e[l] = s.psi[l] * epsV[l]
	}
}

// adapt completes equation (12), e -= φ εa, and takes (11) to the next step.
func (s *synapse[F]) adapt(e, epsA *[lanes]F) {
	for l := range e {
		e[l] -= F(s.phi[l] * epsA[l])
		epsA[l] = F(s.rho*epsA[l]) + F(s.rise*e[l])
	}
}

// filter is equation (13).
func (s *synapse[F]) filter(ebar, e *[lanes]F) {
	for l := range e {
		ebar[l] = F(s.kappa*ebar[l]) + F(s.gain*e[l])
	}
}

func dot[F tensor.Float](x, y *[lanes]F) F {
	var z [lanes]F
	for l := range z {
		z[l] = x[l] * y[l]
	}
	return sumLanes(&z)
}

// sumLanes adds up halves, so that no addition waits for the one before.
func sumLanes[F tensor.Float](x *[lanes]F) F {
	y := *x
	for half := lanes / 2; half > 0; half /= 2 {
		for l := range half {
			y[l] += y[l+half]
		}
	}
	return y[0]
}
