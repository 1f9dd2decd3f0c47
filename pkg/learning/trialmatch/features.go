package trialmatch

import "github.com/snnctl/snnctl/internal/tensor"

// Session is what was recorded at one time, in the model's terms: neuron i of the
// recording is the model neuron that it was assigned to.
type Session struct {
	Neurons []int           // model neurons that this session recorded
	Trials  []tensor.Raster // spikes of those neurons, in the model's numbering
	Jaw     [][]float64     // [trials][T]; nil where none was recorded
}

// Features describes a trial by one vector: the mean activity of each area, filtered,
// and standardised by one mean and one deviation of the recorded trials, and the
// filtered jaw behind them.
type Features struct {
	Steps         int
	Areas         [][]int // model neurons of each area that counts
	Mean          []float64
	Deviation     []float64
	HasJaw        bool
	first, second Filter
	areaOf        []int32 // of each model neuron; -1 for none
}

// NewFeatures takes mean and deviation from a session's trials. area is the area of
// each model neuron; areas with fewer than atLeast neurons in the session are left out.
func NewFeatures(s *Session, area []int, atLeast int, first, second Filter) *Features {
	f := &Features{Steps: s.Trials[0].Steps(), HasJaw: s.Jaw != nil, first: first, second: second, areaOf: make([]int32, len(area))}
	for i := range f.areaOf {
		f.areaOf[i] = -1
	}
	byArea := map[int][]int{}
	last := -1
	for _, n := range s.Neurons {
		byArea[area[n]] = append(byArea[area[n]], n)
		last = max(last, area[n])
	}
	for a := 0; a <= last; a++ {
		if len(byArea[a]) < atLeast || len(byArea[a]) == 0 {
			continue
		}
		for _, n := range byArea[a] {
			f.areaOf[n] = int32(len(f.Areas))
		}
		f.Areas = append(f.Areas, byArea[a])
	}
	f.Mean, f.Deviation = make([]float64, len(f.Areas)), make([]float64, len(f.Areas))
	values := make([][]float64, len(f.Areas))
	var scratch featureScratch
	for k := range s.Trials {
		f.populations(&scratch, &s.Trials[k])
		for a := range values {
			values[a] = append(values[a], second.Apply(first.Apply(f.signal(&scratch, a)))...)
		}
	}
	for a, x := range values {
		f.Mean[a], f.Deviation[a] = meanAndDeviation(x)
		if !(f.Deviation[a] >= 1e-4) {
			f.Deviation[a] = 1
		}
	}
	return f
}

// Length is the number of features.
func (f *Features) Length() int {
	signals := len(f.Areas)
	if f.HasJaw {
		signals++
	}
	return signals * f.second.Length(f.first.Length(f.Steps))
}

// featureScratch is memory for features of one trial after the other.
type featureScratch struct {
	signals []float64 // [areas][T]
	middle  []float64 // after filter 1
}

func (f *Features) signal(s *featureScratch, a int) []float64 {
	return s.signals[a*f.Steps : (a+1)*f.Steps]
}

// populations computes the mean activity of each area.
func (f *Features) populations(s *featureScratch, r *tensor.Raster) {
	s.signals = grown(s.signals, max(1, len(f.Areas))*f.Steps)
	s.middle = grown(s.middle, f.first.Length(f.Steps))
	clear(s.signals)
	for t := range f.Steps {
		for _, i := range r.At(t) {
			if a := f.areaOf[i]; a >= 0 {
				s.signals[int(a)*f.Steps+t]++
			}
		}
	}
	for a := range f.Areas {
		mean := f.signal(s, a)
		for t := range mean {
			mean[t] /= float64(len(f.Areas[a]))
		}
	}
}

// Of returns the features of one trial. jaw is its trace, [T], if there is one.
func (f *Features) Of(r *tensor.Raster, jaw []float64) []float64 {
	to := make([]float64, f.Length())
	f.write(to, new(featureScratch), r, jaw)
	return to
}

// write writes the features of one trial, of the right length.
func (f *Features) write(to []float64, s *featureScratch, r *tensor.Raster, jaw []float64) {
	f.populations(s, r)
	length := f.second.Length(len(s.middle))
	for a := range f.Areas {
		f.first.apply(s.middle, f.signal(s, a))
		own := to[a*length : (a+1)*length]
		f.second.apply(own, s.middle)
		for i, v := range own {
			own[i] = (v - f.Mean[a]) / f.Deviation[a]
		}
	}
	if f.HasJaw {
		f.first.apply(s.middle, jaw)
		f.second.apply(to[len(f.Areas)*length:], s.middle)
	}
}

// OfSession returns the features of each recorded trial.
func (f *Features) OfSession(s *Session) [][]float64 {
	all := make([][]float64, len(s.Trials))
	for k := range s.Trials {
		var jaw []float64
		if f.HasJaw {
			jaw = s.Jaw[k]
		}
		all[k] = f.Of(&s.Trials[k], jaw)
	}
	return all
}

// back carries a gradient with respect to a trial's features back. It calls area with
// what it says of a spike of any neuron of an area, [T], and jaw with what it says of the
// jaw, [T].
func (f *Features) back(s *featureScratch, gradient []float64, area func(a int, g []float64), jaw func(g []float64)) {
	s.signals = grown(s.signals, max(1, len(f.Areas))*f.Steps)
	s.middle = grown(s.middle, f.first.Length(f.Steps))
	length := f.second.Length(len(s.middle))
	through := func(g []float64) []float64 {
		clear(s.middle)
		f.second.adjoint(s.middle, g)
		signal := s.signals[:f.Steps]
		clear(signal)
		f.first.adjoint(signal, s.middle)
		return signal
	}
	for a, neurons := range f.Areas {
		g := through(gradient[a*length : (a+1)*length])
		for t := range g {
			g[t] /= f.Deviation[a] * float64(len(neurons))
		}
		area(a, g)
	}
	if f.HasJaw {
		jaw(through(gradient[len(f.Areas)*length:]))
	}
}
