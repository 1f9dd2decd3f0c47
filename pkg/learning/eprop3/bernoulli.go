package eprop3

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
)

// bernoulli is the cross-entropy of independent bits with logits y, [T][B][K],
//
//	E = Σ log(1 + exp(y)) - y y*
//
// over the scored steps. It writes ∂E/∂y = σ(y) - y* to delta, zero elsewhere,
// and returns E in nats, and how many bits are on the wrong side of 0.
func bernoulli[F tensor.Float](delta, y []F, targets []float32, scored []bool) (loss float64, wrong int) {
	clear(delta)
	size := len(y) / len(scored)
	for t, counts := range scored {
		if !counts {
			continue
		}
		for i := t * size; i < (t+1)*size; i++ {
			x, want := float64(y[i]), float64(targets[i])
			e := math.Exp(-math.Abs(x))
			p := 1 / (1 + e)
			if x < 0 {
				p = e / (1 + e)
			}
			loss += max(x, 0) - x*want + math.Log1p(e)
			delta[i] = F(p - want)
			if (x > 0) != (want > 0.5) {
				wrong++
			}
		}
	}
	return loss, wrong
}
