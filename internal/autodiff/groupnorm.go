package autodiff

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

const badNormGroups = "autodiff: GroupNorm: the channels are no multiple of the groups"

// GroupNorm normalises each group of channels of each trial over its channels
// and places, in training and evaluation alike:
//
//	y[n,c,·] = scale[c] (x[n,c,·] - μ[n,g]) / √(σ²[n,g] + epsilon) + shift[c]
//
// with x and y [batch][channels][...], scale and shift [channels], and channel c
// in group g = c / (channels/groups). This is torch.nn.functional.group_norm.
func GroupNorm[F tensor.Float](t *Tape[F], threads int, x, scale, shift *Var[F], groups int, epsilon float64) *Var[F] {
	p := newPlanes(x, scale, shift)
	if groups < 1 || p.channels%groups != 0 {
		panic(badNormGroups)
	}
	width := p.channels / groups // channels of a group
	n := width * p.places
	y := t.Unset(threads, x.Value.Shape...)
	means, inverses := make([]F, p.batch*groups), make([]F, p.batch*groups)
	parallel.For(threads, p.batch*groups, func(_, i int) {
		values := x.Value.Data[i*n : (i+1)*n]
		m := moments{about: float64(values[0])}
		addMoments(&m, values)
		mean, variance := m.of(n)
		means[i], inverses[i] = F(mean), F(1/math.Sqrt(variance+epsilon))
		trial, first := i/groups, i%groups*width
		for c := first; c < first+width; c++ {
			kernel.Affine(p.of(y.Value, trial, c), p.of(x.Value, trial, c), means[i], scale.Value.Data[c]*inverses[i], shift.Value.Data[c])
		}
	})
	t.Record(func() {
		sums, products := make([]float64, p.batch*p.channels), make([]float64, p.batch*p.channels)
		parallel.For(threads, p.batch*groups, func(_, i int) {
			trial, first := i/groups, i%groups*width
			var sum, product float64 // Σ scale gy and Σ scale gy (x-μ)/√(σ²+ε) over the group
			for c := first; c < first+width; c++ {
				s, q := kernel.CentredProducts(p.of(y.Grad, trial, c), p.of(x.Value, trial, c), means[i])
				q *= float64(inverses[i])
				sums[trial*p.channels+c], products[trial*p.channels+c] = s, q
				sum += float64(scale.Value.Data[c]) * s
				product += float64(scale.Value.Data[c]) * q
			}
			if x.Grad == nil {
				return
			}
			slope, offset := inverses[i]*inverses[i]*F(product/float64(n)), inverses[i]*F(sum/float64(n))
			for c := first; c < first+width; c++ {
				kernel.NormGradient(p.of(x.Grad, trial, c), p.of(y.Grad, trial, c), p.of(x.Value, trial, c),
					means[i], scale.Value.Data[c]*inverses[i], slope, offset)
			}
		})
		for i := range sums {
			if scale.Grad != nil {
				scale.Grad.Data[i%p.channels] += F(products[i])
			}
			if shift.Grad != nil {
				shift.Grad.Data[i%p.channels] += F(sums[i])
			}
		}
	})
	return y
}
