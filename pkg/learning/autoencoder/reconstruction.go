package autoencoder

import (
	"math"

	"github.com/snnctl/snnctl/internal/autodiff"
	"github.com/snnctl/snnctl/internal/tensor"
)

// Weights are those of the parts of the loss of reconstruction L_x.
type Weights struct {
	Wave           float64 // of mean|x - x̂|
	Magnitude, Log float64 // of spectra
	Mel            float64 // of the log-mel distance
	EnCodec        float64 // of EnCodec's multi-scale mel spectra
	Adversarial    float64 // of what a discriminator thinks of x̂
	Features       float64 // of the distance of its feature maps
	Balance        float64 // of the balancer's averages, 0 for none
	Gain           float64 // of the distance of the loudness of coefficients, of models of magnitudes
}

// distance compares batches of sound [batch][samples].
type distance[F tensor.Float] interface {
	// compare returns how far y is from x, and adds its gradient with respect to y to gradient, unless that is nil.
	compare(x, y *tensor.Dense[F], gradient []F) float64
}

// part is a distance with its weight.
type part[F tensor.Float] struct {
	name   string
	weight float64
	distance[F]
}

// reconstruction is L_x, a sum of distances with weights.
type reconstruction[F tensor.Float] struct {
	parts    []part[F]
	gradient []F
	balancer *balancer[F] // nil for none
}

func newReconstruction[F tensor.Float](w Weights, rate, threads int) *reconstruction[F] {
	r := &reconstruction[F]{}
	add := func(name string, weight float64, make func() distance[F]) {
		if weight > 0 {
			r.parts = append(r.parts, part[F]{name, weight, make()})
		}
	}
	if w.Balance > 0 {
		r.balancer = newBalancer[F](w.Balance)
	}
	add("wave", w.Wave, func() distance[F] { return wave[F]{} })
	add("spectra", w.Magnitude+w.Log, func() distance[F] {
		sum := w.Magnitude + w.Log
		return newSpectral[F](w.Magnitude/sum, w.Log/sum, threads)
	})
	add("mel", w.Mel, func() distance[F] { return newLogMel[F](rate, threads) })
	add("encodec", w.EnCodec, func() distance[F] { return newEnCodecMel[F](rate, threads) })
	return r
}

// oppose adds what a discriminator thinks.
func (r *reconstruction[F]) oppose(w Weights, a *adversary[F]) {
	if w.Adversarial > 0 {
		r.parts = append(r.parts, part[F]{"adversarial", w.Adversarial, fooled[F]{a}})
	}
	if w.Features > 0 {
		r.parts = append(r.parts, part[F]{"features", w.Features, alike[F]{a}})
	}
}

// loss compares y with x, both [batch][samples]; x has no gradient.
func (r *reconstruction[F]) loss(t *autodiff.Tape[F], x, y *autodiff.Var[F]) *autodiff.Var[F] {
	wanted := y.Grad != nil
	loss := t.Result(1)
	n := len(y.Value.Data)
	var total []F
	if wanted {
		r.gradient = resized(r.gradient, n)
		clear(r.gradient)
		total = t.Result(n).Value.Data
	}
	sum := 0.0
	for k, p := range r.parts {
		if !wanted {
			sum += p.weight * p.compare(x.Value, y.Value, nil)
			continue
		}
		clear(r.gradient)
		sum += p.weight * p.compare(x.Value, y.Value, r.gradient)
		weight := p.weight
		if r.balancer != nil {
			weight = r.balancer.weight(k, p.weight/r.weights(), r.gradient, y.Value.Shape[0])
		}
		for i, g := range r.gradient {
			total[i] += F(F(weight) * g)
		}
	}
	loss.Value.Data[0] = F(sum)
	if wanted {
		t.Record(func() {
			scale := loss.Grad.Data[0]
			for i, g := range total {
				y.Grad.Data[i] += F(scale * g)
			}
		})
	}
	return loss
}

// weights is the sum of the weights.
func (r *reconstruction[F]) weights() float64 {
	sum := 0.0
	for _, p := range r.parts {
		sum += p.weight
	}
	return sum
}

// wave is mean|x - x̂|.
type wave[F tensor.Float] struct{}

func (wave[F]) compare(x, y *tensor.Dense[F], gradient []F) float64 {
	total, weight := 0.0, 1/float64(len(y.Data))
	for j, v := range y.Data {
		d := float64(v) - float64(x.Data[j])
		total += weight * math.Abs(d)
		if gradient != nil {
			gradient[j] += F(weight * sign(d))
		}
	}
	return total
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

// gainDistance is weight · mean w[k] |a[k] - b[k]| of logarithms of magnitudes [batch][M][frames], heard and said, in decades. w falls
// with the frequency of the coefficient as the mel scale does, 1/(700 Hz + f), and is 1 in the mean.
func gainDistance[F tensor.Float](t *autodiff.Tape[F], heard, said *autodiff.Var[F], rate int, weight float64) *autodiff.Var[F] {
	s := said.Value.Shape
	m, frames := s[1], s[2]
	w, sum := make([]float64, m), 0.0
	for k := range w {
		w[k] = 1 / (700 + (float64(k)+.5)*float64(rate)/float64(2*m))
		sum += w[k]
	}
	for k := range w {
		w[k] *= weight / (sum * float64(s[0]*frames) * math.Ln10)
	}
	loss := t.Result(1)
	total := 0.0
	for r := range s[0] * m {
		apart := 0.0
		from := heard.Value.Data[r*frames:][:frames]
		for i, v := range said.Value.Data[r*frames:][:frames] {
			apart += math.Abs(float64(v - from[i]))
		}
		total += w[r%m] * apart
	}
	loss.Value.Data[0] = F(total)
	t.Record(func() {
		for r := range s[0] * m {
			by := F(w[r%m]) * loss.Grad.Data[0]
			from, g := heard.Value.Data[r*frames:][:frames], said.Grad.Data[r*frames:][:frames]
			for i, v := range said.Value.Data[r*frames:][:frames] {
				switch d := v - from[i]; {
				case d > 0:
					g[i] += by
				case d < 0:
					g[i] -= by
				}
			}
		}
	})
	return loss
}
