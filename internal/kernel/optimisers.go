package kernel

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
)

//go:generate sh -c "cd gen/optimisers && go run . -out ../../optimisers_amd64.s -stubs ../../optimisers_amd64.go -pkg kernel"

// AdamRates are the factors of one step of Adam.
type AdamRates[F tensor.Float] struct {
	Beta1, Beta2 F
	Eta          F // learning rate, over the first moment's bias 1-β1ᵗ
	Unbias       F // 1/(1-β2ᵗ)
	Epsilon      F
	Decay        F // of the parameters themselves
}

// Adam is one step of that method for the parameters x with gradient g, whose moments
// are m and v; all have one length:
//
//	m ← β1 m + (1-β1) g        v ← β2 v + (1-β2) g²
//	x ← (x - decay x) - η m / (√(unbias v) + ε)
//
// It fuses nothing: all twins give the same bits.
func Adam[F tensor.Float](x, m, v, g []F, r AdamRates[F]) {
	m, v, g = m[:len(x)], v[:len(x)], g[:len(x)]
	for i := adamFast(x, m, v, g, r); i < len(x); i++ {
		m[i] = F(r.Beta1*m[i]) + F((1-r.Beta1)*g[i])
		v[i] = F(r.Beta2*v[i]) + F((1-r.Beta2)*F(g[i]*g[i]))
		kept := x[i] - F(r.Decay*x[i])
		x[i] = kept - F(r.Eta*m[i])/(sqrt(F(r.Unbias*v[i]))+r.Epsilon)
	}
}

// sqrt is exact to the last bit in either precision.
func sqrt[F tensor.Float](x F) F { return F(math.Sqrt(float64(x))) }

// Momentum is m ← μ m + g, x ← x - η m.
func Momentum[F tensor.Float](x, m, g []F, mu, eta F) {
	m, g = m[:len(x)], g[:len(x)]
	for i := momentumFast(x, m, g, mu, eta, false); i < len(x); i++ {
		m[i] = F(mu*m[i]) + g[i]
		x[i] -= F(eta * m[i])
	}
}

// Nesterov is m ← μ m + g, x ← x - η (μ m + g).
func Nesterov[F tensor.Float](x, m, g []F, mu, eta F) {
	m, g = m[:len(x)], g[:len(x)]
	for i := momentumFast(x, m, g, mu, eta, true); i < len(x); i++ {
		m[i] = F(mu*m[i]) + g[i]
		x[i] -= F(eta * (F(mu*m[i]) + g[i]))
	}
}
