package autodiff

import (
	"math"

	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/parallel"
	"github.com/snnctl/snnctl/internal/tensor"
)

const (
	badBatchOfOne = "autodiff: BatchNorm: one value a channel has no variance"
	badAverage    = "autodiff: Statistics: other numbers of channels"
)

// Statistics are the mean and the variance of each channel: of a batch, or
// averaged over many.
type Statistics[F tensor.Float] struct{ Mean, Variance []F }

// NewStatistics are the running averages training starts with: mean 0,
// variance 1.
func NewStatistics[F tensor.Float](channels int) Statistics[F] {
	s := Statistics[F]{make([]F, channels), make([]F, channels)}
	for c := range s.Variance {
		s.Variance[c] = 1
	}
	return s
}

// Average moves running averages towards those of a batch, in place:
// s ← (1 - momentum) s + momentum · batch.
func (s Statistics[F]) Average(batch Statistics[F], momentum F) {
	if len(s.Mean) != len(batch.Mean) {
		panic(badAverage)
	}
	for c := range s.Mean {
		s.Mean[c] += F(momentum * (batch.Mean[c] - s.Mean[c]))
		s.Variance[c] += F(momentum * (batch.Variance[c] - s.Variance[c]))
	}
}

// BatchNorm normalises each channel over batch and places, and is for training:
//
//	y = scale (x - μ) / √(σ² + epsilon) + shift
//
// with x and y [batch][channels][...], scale and shift [channels], μ the mean
// and σ² the variance (over n, not n - 1) of the channel in this batch. It also
// returns μ and the unbiased variance n/(n-1) σ², for the running averages
// that BatchNormEvaluate takes. This is torch.nn.functional.batch_norm.
func BatchNorm[F tensor.Float](t *Tape[F], threads int, x, scale, shift *Var[F], epsilon float64) (*Var[F], Statistics[F]) {
	return batchNorm(t, threads, x, scale, shift, epsilon, false)
}

// BatchNormReLU is ReLU of BatchNorm, while each plane is in the first cache: as
// operations of their own both are bounded by memory.
func BatchNormReLU[F tensor.Float](t *Tape[F], threads int, x, scale, shift *Var[F], epsilon float64) (*Var[F], Statistics[F]) {
	return batchNorm(t, threads, x, scale, shift, epsilon, true)
}

func batchNorm[F tensor.Float](t *Tape[F], threads int, x, scale, shift *Var[F], epsilon float64, rectify bool) (*Var[F], Statistics[F]) {
	p := newPlanes(x, scale, shift)
	n := p.batch * p.places
	if n == 1 {
		panic(badBatchOfOne)
	}
	y := t.Unset(threads, x.Value.Shape...)
	batch := NewStatistics[F](p.channels)
	inverse := make([]F, p.channels) // 1/√(σ² + epsilon)
	parallel.For(threads, p.channels, func(_, c int) {
		m := moments{about: float64(p.of(x.Value, 0, c)[0])}
		for i := range p.batch {
			addMoments(&m, p.of(x.Value, i, c))
		}
		mean, variance := m.of(n)
		batch.Mean[c], batch.Variance[c] = F(mean), F(variance*float64(n)/float64(n-1))
		inverse[c] = F(1 / math.Sqrt(variance+epsilon))
		for i := range p.batch {
			to := p.of(y.Value, i, c)
			kernel.Affine(to, p.of(x.Value, i, c), batch.Mean[c], scale.Value.Data[c]*inverse[c], shift.Value.Data[c])
			if rectify {
				kernel.ReLU(to, to)
			}
		}
	})
	t.Record(func() {
		// With ReLU, whether a place was positive is computed again from x: that is cheaper
		// than to read y.
		parallel.For(threads, p.channels, func(_, c int) {
			mean, a, b := batch.Mean[c], scale.Value.Data[c]*inverse[c], shift.Value.Data[c]
			var sum, product float64 // Σ gy and Σ gy (x-μ), gy before ReLU
			for i := range p.batch {
				gy, xi := p.of(y.Grad, i, c), p.of(x.Value, i, c)
				var s, q float64
				if rectify {
					s, q = kernel.RectifiedProducts(gy, xi, mean, a, b)
				} else {
					s, q = kernel.CentredProducts(gy, xi, mean)
				}
				sum, product = sum+s, product+q
			}
			product *= float64(inverse[c])
			if scale.Grad != nil {
				scale.Grad.Data[c] += F(product)
			}
			if shift.Grad != nil {
				shift.Grad.Data[c] += F(sum)
			}
			if x.Grad == nil {
				return
			}
			slope, offset := a*inverse[c]*F(product/float64(n)), a*F(sum/float64(n))
			for i := range p.batch {
				gx, gy, xi := p.of(x.Grad, i, c), p.of(y.Grad, i, c), p.of(x.Value, i, c)
				if rectify {
					kernel.RectifiedNormGradient(gx, gy, xi, mean, a, b, slope, offset)
				} else {
					kernel.NormGradient(gx, gy, xi, mean, a, slope, offset)
				}
			}
		})
	})
	return y, batch
}

// BatchNormEvaluate is BatchNorm with running averages in place of those of the
// batch: each channel is only scaled and shifted.
func BatchNormEvaluate[F tensor.Float](t *Tape[F], threads int, x, scale, shift *Var[F], running Statistics[F], epsilon float64) *Var[F] {
	p := newPlanes(x, scale, shift)
	if len(running.Mean) != p.channels || len(running.Variance) != p.channels {
		panic(badNormScale)
	}
	inverse := make([]F, p.channels)
	for c, v := range running.Variance {
		inverse[c] = F(1 / math.Sqrt(float64(v)+epsilon))
	}
	y := t.Unset(threads, x.Value.Shape...)
	parallel.For(threads, p.channels, func(_, c int) {
		for i := range p.batch {
			kernel.Affine(p.of(y.Value, i, c), p.of(x.Value, i, c), running.Mean[c], scale.Value.Data[c]*inverse[c], shift.Value.Data[c])
		}
	})
	t.Record(func() {
		parallel.For(threads, p.channels, func(_, c int) {
			var sum, product float64
			for i := range p.batch {
				gy, xi := p.of(y.Grad, i, c), p.of(x.Value, i, c)
				s, q := kernel.CentredProducts(gy, xi, running.Mean[c])
				sum, product = sum+s, product+q
				if x.Grad != nil {
					kernel.NormGradient(p.of(x.Grad, i, c), gy, xi, 0, scale.Value.Data[c]*inverse[c], 0, 0)
				}
			}
			if scale.Grad != nil {
				scale.Grad.Data[c] += F(product * float64(inverse[c]))
			}
			if shift.Grad != nil {
				shift.Grad.Data[c] += F(sum)
			}
		})
	})
	return y
}
