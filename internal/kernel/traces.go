package kernel

import "github.com/snnctl/snnctl/internal/tensor"

//go:generate sh -c "cd gen/traces && go run . -out ../../traces_amd64.s -stubs ../../traces_amd64.go -pkg kernel"

// Traces are the eligibility traces of all synapses onto one neuron, each of Lanes
// trials, and what a step does to them (1901.09049; the equations are those of package
// eprop).
type Traces[F tensor.Float] struct {
	Psi, Phi, Signal []F // ψ, φ and the learning signal L of the neuron, [Lanes]

	EpsV []F // εv of the presynaptic side, [P][Lanes]
	EpsA []F // εa, [P][Lanes]; nil for a neuron that does not adapt
	Ebar []F // ē, [P][Lanes]; nil where L multiplies e

	Rho, C   F // ρ and c of the adaptation
	Kappa, G F // κ and g of the readout's filter

	ByError []float64 // Σ L ē (or L e) over steps and lanes, [P]; nil not to add to it
	ByRate  []float64 // Σ e, [P]; nil not to add to it
}

// TraceStep is, for each synapse,
//
//	e = ψ εv - φ εa,  εa ← ρ εa + c e,  ē ← κ ē + g e
//	byRate += Σ_lanes e,  byError += Σ_lanes L ē
//
// Sums over lanes are taken as by CurrentOuter, and added in float64.
func TraceStep[F tensor.Float](t *Traces[F]) {
	if traceStepFast(t) {
		return
	}
	psi, phi, signal := lanes(t.Psi, 0), lanes(t.Phi, 0), lanes(t.Signal, 0)
	var e, product [Lanes]F
	for i := range len(t.EpsV) / Lanes {
		epsV := lanes(t.EpsV, i)
		for l := range e {
			e[l] = psi[l] * epsV[l]
		}
		if t.EpsA != nil {
			epsA := lanes(t.EpsA, i)
			for l := range e {
				x := e[l] - F(phi[l]*epsA[l])
				e[l], epsA[l] = x, F(t.Rho*epsA[l])+F(t.C*x)
			}
		}
		if t.ByRate != nil {
			t.ByRate[i] += float64(sumLanes(&e))
		}
		credit := &e
		if t.Ebar != nil {
			credit = lanes(t.Ebar, i)
			for l := range credit {
				credit[l] = F(t.Kappa*credit[l]) + F(t.G*e[l])
			}
		}
		if t.ByError != nil {
			for l := range product {
				product[l] = credit[l] * signal[l]
			}
			t.ByError[i] += float64(sumLanes(&product))
		}
	}
}
