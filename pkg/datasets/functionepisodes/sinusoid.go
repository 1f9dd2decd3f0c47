package functionepisodes

import (
	"math"
	"math/rand/v2"
)

// Sinusoids is a family of functions of one input,
//
//	C(x) = ½ + A sin(π cycles x + φ),  x in [-1, 1]
//
// with A uniform in [LeastAmplitude, MostAmplitude], within [0, ½], and φ uniform in [0, 2π PhaseCycles].
type Sinusoids struct {
	LeastAmplitude, MostAmplitude float64
	Cycles                        float64 // over the range of x
	PhaseCycles                   float64 // the range of φ, as a part of a cycle: 1 for all phases
}

// sinusoid is one of them.
type sinusoid struct{ amplitude, frequency, phase float64 }

func (s Sinusoids) draw(r *rand.Rand) Function {
	return sinusoid{
		amplitude: s.LeastAmplitude + r.Float64()*(s.MostAmplitude-s.LeastAmplitude),
		frequency: math.Pi * s.Cycles,
		phase:     2 * math.Pi * s.PhaseCycles * r.Float64(),
	}
}

func (s sinusoid) At(x []float64) float64 {
	return 0.5 + s.amplitude*math.Sin(s.frequency*x[0]+s.phase)
}
