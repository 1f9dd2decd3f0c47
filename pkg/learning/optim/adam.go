package optim

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Adam is the method of Kingma and Ba (1412.6980, algorithm 1):
//
//	m ← β1 m + (1-β1) g        v ← β2 v + (1-β2) g²
//	x ← x - η (m/(1-β1ᵗ)) / (√(v/(1-β2ᵗ)) + ε)
//
// With WeightDecay λ > 0 it is AdamW (1711.05101): also x ← x - η λ x.
type Adam[F tensor.Float] struct {
	Beta1, Beta2, Epsilon float64
	WeightDecay           float64

	m, v arrays[F]
}

func (o *Adam[F]) Step(params []*Param[F], t int, rate float64) {
	o.m.fit(params)
	o.v.fit(params)
	r := kernel.AdamRates[F]{
		Beta1: F(o.Beta1), Beta2: F(o.Beta2), Epsilon: F(o.Epsilon), Decay: F(rate * o.WeightDecay),
		Eta: F(rate / (1 - math.Pow(o.Beta1, float64(t)))), Unbias: F(1 / (1 - math.Pow(o.Beta2, float64(t)))),
	}
	for k, p := range params {
		kernel.Adam(p.Value, o.m[k], o.v[k], p.Grad, r)
	}
}

func (o *Adam[F]) Moments(params []*Param[F]) map[string][]F {
	o.m.fit(params)
	o.v.fit(params)
	moments := map[string][]F{}
	for k, p := range params {
		moments["adam-m/"+p.Name] = o.m[k]
		moments["adam-v/"+p.Name] = o.v[k]
	}
	return moments
}
