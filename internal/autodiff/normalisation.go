package autodiff

import "github.com/snnctl/snnctl/internal/tensor"

const (
	badNormInput = "autodiff: normalisation: x has not the axes [batch][channels][...], or is empty"
	badNormScale = "autodiff: normalisation: scale, shift or statistics are not [channels]"
)

// planes are the sizes of x [batch][channels][places].
type planes[F tensor.Float] struct{ batch, channels, places int }

func newPlanes[F tensor.Float](x, scale, shift *Var[F]) planes[F] {
	s := x.Value.Shape
	if len(s) < 2 || size(s) == 0 {
		panic(badNormInput)
	}
	want(badNormScale, scale, s[1])
	want(badNormScale, shift, s[1])
	return planes[F]{s[0], s[1], size(s[2:])}
}

// of returns the places of one channel of one trial.
func (p planes[F]) of(x *tensor.Dense[F], trial, channel int) []F {
	at := (trial*p.channels + channel) * p.places
	return x.Data[at : at+p.places]
}

// moments sums values, and their squares, about a point near their mean, which
// keeps the variance exact where the mean is large.
type moments struct{ about, sum, squares float64 }

// addMoments takes in a run of values. Four sums run side by side, since one would
// wait for its last addition.
func addMoments[F tensor.Float](m *moments, x []F) {
	about := F(m.about)
	var s0, s1, s2, s3, q0, q1, q2, q3 float64
	for ; len(x) >= 4; x = x[4:] {
		a, b, c, d := float64(x[0]-about), float64(x[1]-about), float64(x[2]-about), float64(x[3]-about)
		s0, s1, s2, s3 = s0+a, s1+b, s2+c, s3+d
		q0, q1, q2, q3 = q0+float64(a*a), q1+float64(b*b), q2+float64(c*c), q3+float64(d*d)
	}
	for _, v := range x {
		a := float64(v - about)
		s0, q0 = s0+a, q0+float64(a*a)
	}
	m.sum += s0 + s1 + s2 + s3
	m.squares += q0 + q1 + q2 + q3
}

// of returns mean and variance of the n values taken in.
func (m *moments) of(n int) (mean, variance float64) {
	d := m.sum / float64(n)
	return m.about + d, max(0, m.squares/float64(n)-d*d)
}

// affine sets y = a (x - mean) + b.
func affine[F tensor.Float](y, x []F, mean, a, b F) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] = F(a*(v-mean)) + b
	}
}

// sumAndProduct returns Σ g and Σ g (x - mean).
func sumAndProduct[F tensor.Float](g, x []F, mean F) (sum, product float64) {
	x = x[:len(g)]
	var s0, s1, p0, p1 float64
	i := 0
	for ; i+2 <= len(g); i += 2 {
		a, b := float64(g[i]), float64(g[i+1])
		s0, s1 = s0+a, s1+b
		p0 += float64(a * float64(x[i]-mean))
		p1 += float64(b * float64(x[i+1]-mean))
	}
	for ; i < len(g); i++ {
		s0 += float64(g[i])
		p0 += float64(float64(g[i]) * float64(x[i]-mean))
	}
	return s0 + s1, p0 + p1
}

// normGradient adds a gy - slope (x - mean) - offset to gx.
func normGradient[F tensor.Float](gx, gy, x []F, mean, a, slope, offset F) {
	gy, x = gy[:len(gx)], x[:len(gx)]
	for i := range gx {
		gx[i] += F(a*gy[i]) - F(slope*(x[i]-mean)) - offset
	}
}
