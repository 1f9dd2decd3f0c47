package kernel

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
)

// The functions below are layers of rectified linear units and normalisations,
// number by number, over slices of one length. They fuse nothing: all twins
// give the same bits.

// ReLU is y = max(x, 0); NaN stays NaN.
func ReLU[F tensor.Float](y, x []F) {
	y = y[:len(x)]
	done := reluFast(y, x)
	for i, v := range x[done:] {
		y[done+i] = max(v, 0)
	}
}

// ReLUAdjoint adds gy to gx where y, a result of ReLU, is not zero.
func ReLUAdjoint[F tensor.Float](gx, gy, y []F) {
	gy, y = gy[:len(gx)], y[:len(gx)]
	done := reluAdjointFast(gx, gy, y)
	gx, gy, y = gx[done:], gy[done:], y[done:]
	if gx, ok := any(gx).([]float32); ok {
		// Half of all y are zero, in no order: a branch would be mispredicted
		// as often. The bits of a positive y, negated, have the sign set.
		gy, y := any(gy).([]float32), any(y).([]float32)
		for i := range gx {
			mask := uint32(-int32(math.Float32bits(y[i])) >> 31)
			gx[i] += math.Float32frombits(math.Float32bits(gy[i]) & mask)
		}
		return
	}
	for i, v := range y {
		if v != 0 {
			gx[i] += gy[i]
		}
	}
}

// ReLUMask sets g to 0 where y, a result of ReLU, is zero.
func ReLUMask[F tensor.Float](g, y []F) {
	y = y[:len(g)]
	done := reluMaskFast(g, y)
	for i, v := range y[done:] {
		if v == 0 {
			g[done+i] = 0
		}
	}
}

// Affine is y = a (x - mean) + b.
func Affine[F tensor.Float](y, x []F, mean, a, b F) {
	y = y[:len(x)]
	done := affineFast(y, x, mean, a, b)
	for i, v := range x[done:] {
		y[done+i] = F(a*(v-mean)) + b
	}
}

// NormGradient adds a gy - slope (x - mean) - offset to gx.
func NormGradient[F tensor.Float](gx, gy, x []F, mean, a, slope, offset F) {
	gy, x = gy[:len(gx)], x[:len(gx)]
	done := normGradientFast(gx, gy, x, mean, a, slope, offset)
	for i := done; i < len(gx); i++ {
		gx[i] += F(a*gy[i]) - F(slope*(x[i]-mean)) - offset
	}
}

// RectifiedNormGradient is NormGradient of gy where y = a (x - mean) + b, which ReLU was taken
// of, is positive, and of 0 elsewhere. So nobody needs to read or keep y.
func RectifiedNormGradient[F tensor.Float](gx, gy, x []F, mean, a, b, slope, offset F) {
	gy, x = gy[:len(gx)], x[:len(gx)]
	done := rectifiedNormGradientFast(gx, gy, x, mean, a, b, slope, offset)
	for i := done; i < len(gx); i++ {
		d := x[i] - mean
		gx[i] += F(a*rectified(gy[i], F(a*d)+b)) - F(slope*d) - offset
	}
}

// rectified is g where y, what ReLU was taken of, is positive or NaN.
func rectified[F tensor.Float](g, y F) F {
	if y <= 0 {
		return 0
	}
	return g
}

// pairs are sums of two kinds, of the numbers i, i+8, i+16 … apart for i < 8: one
// sum would wait for its last addition.
type pairs [2][8]float64

// of adds them up.
func (p *pairs) of(kind int) float64 {
	s := &p[kind]
	return ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]))
}

// CentredSums returns Σ (x - about) and Σ (x - about)², in double precision.
func CentredSums[F tensor.Float](x []F, about F) (sum, squares float64) {
	var p pairs
	for i := centredSumsFast(&p, x, about); i < len(x); i++ {
		d := float64(x[i] - about)
		p[0][i&7] += d
		p[1][i&7] += float64(d * d)
	}
	return p.of(0), p.of(1)
}

// CentredProducts returns Σ g and Σ g (x - mean), in double precision.
func CentredProducts[F tensor.Float](g, x []F, mean F) (sum, products float64) {
	x = x[:len(g)]
	var p pairs
	for i := centredProductsFast(&p, g, x, mean); i < len(g); i++ {
		d := float64(g[i])
		p[0][i&7] += d
		p[1][i&7] += float64(d * float64(x[i]-mean))
	}
	return p.of(0), p.of(1)
}

// RectifiedProducts is CentredProducts of g where y = a (x - mean) + b, which ReLU was taken of,
// is positive, and of 0 elsewhere.
func RectifiedProducts[F tensor.Float](g, x []F, mean, a, b F) (sum, products float64) {
	x = x[:len(g)]
	var p pairs
	for i := rectifiedProductsFast(&p, g, x, mean, a, b); i < len(g); i++ {
		d := x[i] - mean
		v := float64(rectified(g[i], F(a*d)+b))
		p[0][i&7] += v
		p[1][i&7] += float64(v * float64(d))
	}
	return p.of(0), p.of(1)
}
