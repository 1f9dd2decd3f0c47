//go:build amd64 && !purego

package kernel

import "github.com/snnctl/snnctl/internal/tensor"

// The functions below return how many numbers they have done: in float32, all
// but the last seven at the most.

func eights[F tensor.Float](x []F) ([]float32, int) {
	s, ok := any(x).([]float32)
	if !ok || !useVectors {
		return nil, 0
	}
	return s, len(s) &^ 7
}

func reluFast[F tensor.Float](y, x []F) int {
	from, n := eights(x)
	if n > 0 {
		reluF32(n, &from[0], &any(y).([]float32)[0])
	}
	return n
}

func reluAdjointFast[F tensor.Float](gx, gy, y []F) int {
	to, n := eights(gx)
	if n > 0 {
		reluAdjointF32(n, &to[0], &any(gy).([]float32)[0], &any(y).([]float32)[0])
	}
	return n
}

func reluMaskFast[F tensor.Float](g, y []F) int {
	to, n := eights(g)
	if n > 0 {
		reluMaskF32(n, &to[0], &any(y).([]float32)[0])
	}
	return n
}

func affineFast[F tensor.Float](y, x []F, mean, a, b F) int {
	from, n := eights(x)
	if n > 0 {
		affineF32(n, &any(y).([]float32)[0], &from[0], float32(mean), float32(a), float32(b))
	}
	return n
}

func normGradientFast[F tensor.Float](gx, gy, x []F, mean, a, slope, offset F) int {
	to, n := eights(gx)
	if n > 0 {
		normGradientF32(n, &to[0], &any(gy).([]float32)[0], &any(x).([]float32)[0], float32(mean), float32(a), float32(slope), float32(offset))
	}
	return n
}

func rectifiedNormGradientFast[F tensor.Float](gx, gy, x []F, mean, a, b, slope, offset F) int {
	to, n := eights(gx)
	if n > 0 {
		rectifiedNormGradientF32(n, &to[0], &any(gy).([]float32)[0], &any(x).([]float32)[0], float32(mean), float32(a), float32(b), float32(slope), float32(offset))
	}
	return n
}

func centredSumsFast[F tensor.Float](p *pairs, x []F, about F) int {
	from, n := eights(x)
	if n > 0 {
		centredSumsF32(n, &from[0], float32(about), &p[0][0])
	}
	return n
}

func centredProductsFast[F tensor.Float](p *pairs, g, x []F, mean F) int {
	from, n := eights(g)
	if n > 0 {
		centredProductsF32(n, &from[0], &any(x).([]float32)[0], float32(mean), &p[0][0])
	}
	return n
}

func rectifiedProductsFast[F tensor.Float](p *pairs, g, x []F, mean, a, b F) int {
	from, n := eights(g)
	if n > 0 {
		rectifiedProductsF32(n, &from[0], &any(x).([]float32)[0], float32(mean), float32(a), float32(b), &p[0][0])
	}
	return n
}
