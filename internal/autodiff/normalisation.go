package autodiff

import (
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/tensor"
)

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

// addMoments takes in a run of values.
func addMoments[F tensor.Float](m *moments, x []F) {
	sum, squares := kernel.CentredSums(x, F(m.about))
	m.sum += sum
	m.squares += squares
}

// of returns mean and variance of the n values taken in.
func (m *moments) of(n int) (mean, variance float64) {
	d := m.sum / float64(n)
	return m.about + d, max(0, m.squares/float64(n)-d*d)
}
