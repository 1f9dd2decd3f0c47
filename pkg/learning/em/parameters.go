package em

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/models/neulvm"
)

// Parameters says which parameters of a network are fitted, and within what box: each is a
// ratio to its value in a reference network (section 5.1 of the method, which takes the
// truth for the reference of synthetic data). Weights that are 0 in the reference stay so,
// and signs stay.
type Parameters struct {
	Reference    *neulvm.Network
	Lower, Upper float64 // of the ratios, such as 0.4 and 2
	Leak, Rest   bool
	Threshold    bool
	Weights      Weights

	// Prior is the standard deviation of a normal prior over ln((ratio - lower)/(upper - ratio)):
	// the middle of the box is the most probable, and at a bound nothing is. 0 is for none:
	// all ratios in the box are alike.
	Prior float64

	// PriorShared, ρ in [0, 1), is the part of the prior's variance that the populations have in
	// common: coordinates of the same kind (α, μ, θ, J from excitatory, J from inhibitory
	// populations) have the correlation ρ. What spikes say of one population then tells of
	// the others too. 0: populations have nothing to do with each other.
	PriorShared float64

	free []parameter
}

// Weights says what of J is fitted.
type Weights int

const (
	FixedWeights Weights = iota
	BySource             // one ratio for each population that the weights come from
	EachWeight           // a ratio for each weight
)

// parameter is a free one: the entries of the network that its ratio scales.
type parameter struct {
	name    string
	kind    kind
	entries func(*neulvm.Network) []*float64
	grad    func(*neulvm.Gradient) []float64
}

func (p *parameter) isWeight() bool { return p.kind == ofExcitation || p.kind == ofInhibition }

// kind is what parameters with a common part of the prior have in common.
type kind int

const (
	ofLeak kind = iota
	ofExcitation
	ofInhibition
	ofRest
	ofThreshold
	kinds
)

// NewParameters lists the free parameters.
func NewParameters(p Parameters) (*Parameters, error) {
	m := p.Reference.Populations()
	if !(p.Lower > 0 && p.Lower < p.Upper) {
		return nil, fault.Inputf("ratios are bounded by %g and %g, expected positive bounds in ascending order", p.Lower, p.Upper)
	}
	if p.PriorShared < 0 || p.PriorShared >= 1 {
		return nil, fault.Inputf("%g of the prior's variance is shared, expected at least 0 and less than 1", p.PriorShared)
	}
	vector := func(name string, k kind, of func(*neulvm.Network) []float64, grad func(*neulvm.Gradient) []float64, places ...int) error {
		for _, i := range places {
			if of(p.Reference)[i] == 0 {
				return fault.Inputf("the reference value of %s is 0, expected another to take ratios to", name)
			}
		}
		p.free = append(p.free, parameter{name, k, func(n *neulvm.Network) (e []*float64) {
			for _, i := range places {
				e = append(e, &of(n)[i])
			}
			return e
		}, func(g *neulvm.Gradient) (e []float64) {
			for _, i := range places {
				e = append(e, grad(g)[i])
			}
			return e
		}})
		return nil
	}
	leak := func(n *neulvm.Network) []float64 { return n.Leak }
	rest := func(n *neulvm.Network) []float64 { return n.Rest }
	threshold := func(n *neulvm.Network) []float64 { return n.Threshold }
	weights := func(n *neulvm.Network) []float64 { return n.J }
	for i := range m {
		if p.Leak {
			if err := vector(indexed("alpha", i), ofLeak, leak, func(g *neulvm.Gradient) []float64 { return g.Leak }, i); err != nil {
				return nil, err
			}
		}
	}
	gradJ := func(g *neulvm.Gradient) []float64 { return g.J }
	for q := range m {
		var row []int
		for to := range m {
			if p.Reference.J[q*m+to] != 0 {
				row = append(row, q*m+to)
			}
		}
		switch {
		case p.Weights == BySource && len(row) > 0:
			if err := vector(indexed("J", q), ofWeight(p.Reference.J[row[0]]), weights, gradJ, row...); err != nil {
				return nil, err
			}
		case p.Weights == EachWeight:
			for _, i := range row {
				if err := vector(indexed("J", q)+"_"+indexed("to", i%m), ofWeight(p.Reference.J[i]), weights, gradJ, i); err != nil {
					return nil, err
				}
			}
		}
	}
	for i := range m {
		if p.Rest {
			if err := vector(indexed("mu", i), ofRest, rest, func(g *neulvm.Gradient) []float64 { return g.Rest }, i); err != nil {
				return nil, err
			}
		}
	}
	for i := range m {
		if p.Threshold {
			if err := vector(indexed("theta", i), ofThreshold, threshold, func(g *neulvm.Gradient) []float64 { return g.Threshold }, i); err != nil {
				return nil, err
			}
		}
	}
	if len(p.free) == 0 {
		return nil, fault.Inputf("no parameter is free, expected at least one to fit")
	}
	return &p, nil
}

func ofWeight(j float64) kind {
	if j < 0 {
		return ofInhibition
	}
	return ofExcitation
}

func indexed(name string, i int) string { return fmt.Sprintf("%s_%d", name, i) }

// Names are the names of the free parameters: alpha_0, …, J_0, …, mu_0, …, theta_0, ….
func (p *Parameters) Names() (names []string) {
	for _, f := range p.free {
		names = append(names, f.name)
	}
	return names
}

// Len is the number of free parameters.
func (p *Parameters) Len() int { return len(p.free) }

// Network is the reference with the free parameters at ratios.
func (p *Parameters) Network(ratios []float64) *neulvm.Network {
	n := p.Reference.Clone()
	p.Set(n, ratios)
	return n
}

// Set sets the free parameters of a network that agrees with the reference in the others.
func (p *Parameters) Set(n *neulvm.Network, ratios []float64) {
	for i, f := range p.free {
		from := f.entries(p.Reference)
		for k, to := range f.entries(n) {
			*to = ratios[i] * *from[k]
		}
	}
}

// Ratios reads the free parameters of a network; of weights that share one, the first.
func (p *Parameters) Ratios(n *neulvm.Network) []float64 {
	ratios := make([]float64, len(p.free))
	for i, f := range p.free {
		ratios[i] = *f.entries(n)[0] / *f.entries(p.Reference)[0]
	}
	return ratios
}

// gradient is that by the ratios.
func (p *Parameters) gradient(g *neulvm.Gradient, to []float64) {
	for i, f := range p.free {
		to[i] = 0
		from := f.entries(p.Reference)
		for k, d := range f.grad(g) {
			to[i] += d * *from[k]
		}
	}
}

// still takes what moves the weights out of a gradient.
func (p *Parameters) still(grad []float64) {
	for i, f := range p.free {
		if f.isWeight() {
			grad[i] = 0
		}
	}
}

// A box is searched by coordinates without bounds: ratio = lower + (upper - lower)/(1 + e^{-x}).
func (p *Parameters) fromFree(x, ratios, slope []float64) {
	for i, v := range x {
		s := 1 / (1 + math.Exp(-v))
		ratios[i] = p.Lower + (p.Upper-p.Lower)*s
		slope[i] = (p.Upper - p.Lower) * s * (1 - s)
	}
}

// nearBound is how near to a bound, in fractions of the box, a search may start: at the
// bound itself the coordinate is infinite.
const nearBound = 1e-3

func (p *Parameters) toFree(ratios, x []float64) {
	for i := range x {
		s := min(max((ratios[i]-p.Lower)/(p.Upper-p.Lower), nearBound), 1-nearBound)
		x[i] = math.Log(s / (1 - s))
	}
}

// Draw draws ratios: from the prior where there is one, else uniformly in the box.
func (p *Parameters) Draw(random *rand.Rand) []float64 {
	ratios := make([]float64, len(p.free))
	var common [kinds]float64
	if p.PriorShared > 0 {
		for k := range common {
			common[k] = math.Sqrt(p.PriorShared) * random.NormFloat64()
		}
	}
	for i := range ratios {
		s := random.Float64()
		if p.Prior > 0 {
			x := common[p.free[i].kind] + math.Sqrt(1-p.PriorShared)*random.NormFloat64()
			s = 1 / (1 + math.Exp(-p.Prior*x))
		}
		ratios[i] = p.Lower + (p.Upper-p.Lower)*s
	}
	return ratios
}

// penalty is -ln of the prior density of coordinates, up to a constant; it adds its
// gradient. For n coordinates x of one kind, whose covariance is σ² ((1-ρ) 1 + ρ 11ᵀ), it is
//
//	(|x|² - ρ/(1 - ρ + n ρ) (Σx)²) / (2 (1-ρ) σ²)
func (p *Parameters) penalty(x, grad []float64) (sum float64) {
	if p.Prior == 0 {
		return 0
	}
	var n, total [kinds]float64
	for i, v := range x {
		n[p.free[i].kind]++
		total[p.free[i].kind] += v
	}
	rho := p.PriorShared
	scale := 1 / (p.Prior * p.Prior * (1 - rho))
	for i, v := range x {
		k := p.free[i].kind
		g := scale * (v - rho/(1-rho+n[k]*rho)*total[k])
		sum += v * g / 2
		grad[i] += g
	}
	return sum
}
