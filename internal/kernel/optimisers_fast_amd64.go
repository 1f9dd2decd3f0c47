//go:build amd64 && !purego

package kernel

import "github.com/snnctl/snnctl/internal/tensor"

// The functions below return how many numbers they have done, as those of pointwise.

func adamFast[F tensor.Float](x, m, v, g []F, r AdamRates[F]) int {
	to, n := eights(x)
	if n > 0 {
		adamF32(n, &to[0], first(m), first(v), first(g), float32(r.Beta1), float32(1-r.Beta1), float32(r.Beta2), float32(1-r.Beta2),
			float32(r.Eta), float32(r.Unbias), float32(r.Epsilon), float32(r.Decay))
	}
	return n
}

func momentumFast[F tensor.Float](x, m, g []F, mu, eta F, nesterov bool) int {
	to, n := eights(x)
	switch {
	case n == 0:
	case nesterov:
		nesterovF32(n, &to[0], first(m), first(g), float32(mu), float32(eta))
	default:
		momentumF32(n, &to[0], first(m), first(g), float32(mu), float32(eta))
	}
	return n
}

// first is the address of the numbers, which are float32.
func first[F tensor.Float](x []F) *float32 { return &any(x).([]float32)[0] }
