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
	for k := range s.Trials {
		for a, x := range f.populations(&s.Trials[k]) {
			values[a] = append(values[a], second.Apply(first.Apply(x))...)
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

// populations is the mean activity of each area, [areas][T].
func (f *Features) populations(r *tensor.Raster) [][]float64 {
	mean := make([][]float64, len(f.Areas))
	for a := range mean {
		mean[a] = make([]float64, f.Steps)
	}
	for t := range f.Steps {
		for _, i := range r.At(t) {
			if a := f.areaOf[i]; a >= 0 {
				mean[a][t]++
			}
		}
	}
	for a := range mean {
		for t := range mean[a] {
			mean[a][t] /= float64(len(f.Areas[a]))
		}
	}
	return mean
}

// Of returns the features of one trial. jaw is its trace, [T], if there is one.
func (f *Features) Of(r *tensor.Raster, jaw []float64) []float64 {
	all := make([]float64, 0, f.Length())
	for a, x := range f.populations(r) {
		for _, v := range f.second.Apply(f.first.Apply(x)) {
			all = append(all, (v-f.Mean[a])/f.Deviation[a])
		}
	}
	if f.HasJaw {
		all = append(all, f.second.Apply(f.first.Apply(jaw))...)
	}
	return all
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

// Back carries a gradient with respect to a trial's features back: areas, [areas][T], is
// what it says of a spike of any neuron of an area, and jaw, [T], what it says of the jaw;
// nil where the features have none.
func (f *Features) Back(gradient []float64) (areas [][]float64, jaw []float64) {
	length := f.second.Length(f.first.Length(f.Steps))
	back := func(g []float64) []float64 {
		return f.first.Adjoint(f.second.Adjoint(g, f.first.Length(f.Steps)), f.Steps)
	}
	for a, neurons := range f.Areas {
		g := back(gradient[a*length : (a+1)*length])
		for t := range g {
			g[t] /= f.Deviation[a] * float64(len(neurons))
		}
		areas = append(areas, g)
	}
	if f.HasJaw {
		jaw = back(gradient[len(f.Areas)*length:])
	}
	return areas, jaw
}
