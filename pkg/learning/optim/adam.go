package optim

import (
	"math"

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
	b1, b2, eps := F(o.Beta1), F(o.Beta2), F(o.Epsilon)
	eta := F(rate / (1 - math.Pow(o.Beta1, float64(t))))
	unbias := F(1 / (1 - math.Pow(o.Beta2, float64(t))))
	decay := F(rate * o.WeightDecay)
	for k, p := range params {
		m, v := o.m[k], o.v[k]
		for i, g := range p.Grad {
			m[i] = F(b1*m[i]) + F((1-b1)*g)
			v[i] = F(b2*v[i]) + F((1-b2)*F(g*g))
			x := p.Value[i]
			x -= F(decay * x)
			p.Value[i] = x - F(eta*m[i])/(sqrt(F(unbias*v[i]))+eps)
		}
	}
}

// sqrt is exact to the last bit in either precision.
func sqrt[F tensor.Float](x F) F { return F(math.Sqrt(float64(x))) }

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
