package optim

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

// SGD is gradient descent with momentum μ (0 for none): m ← μ m + g, x ← x - η m;
// or in Nesterov's form (Sutskever et al. 2013), x ← x - η (μ m + g).
type SGD[F tensor.Float] struct {
	Momentum float64
	Nesterov bool

	m arrays[F]
}

func (o *SGD[F]) Step(params []*Param[F], _ int, rate float64) {
	if o.Momentum == 0 {
		for _, p := range params {
			for i, g := range p.Grad {
				p.Value[i] -= F(F(rate) * g)
			}
		}
		return
	}
	o.m.fit(params)
	mu, eta := F(o.Momentum), F(rate)
	for k, p := range params {
		if o.Nesterov {
			kernel.Nesterov(p.Value, o.m[k], p.Grad, mu, eta)
		} else {
			kernel.Momentum(p.Value, o.m[k], p.Grad, mu, eta)
		}
	}
}

func (o *SGD[F]) Moments(params []*Param[F]) map[string][]F {
	moments := map[string][]F{}
	if o.Momentum != 0 {
		o.m.fit(params)
		for k, p := range params {
			moments["momentum/"+p.Name] = o.m[k]
		}
	}
	return moments
}
