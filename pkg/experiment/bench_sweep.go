package experiment

import (
	"math"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
)

// SweepResult is what a training step of the job "lsnn" took as one size grew.
type SweepResult struct {
	Job    string        `json:"job"`
	Over   string        `json:"over"`
	Peak   int64         `json:"peak_bytes"`
	Series []SweepSeries `json:"series"`
}

// SweepSeries is one sweep: a straight line and a power law fitted to its points.
type SweepSeries struct {
	Fixed     string        `json:"fixed"` // what is the same in all points
	Points    []BenchResult `json:"points"`
	Values    []float64     `json:"values"`              // of what is swept, as reached
	Slope     float64       `json:"slope_seconds"`       // per unit of it: of the least-squares line of the least CPU times
	Intercept float64       `json:"intercept_seconds"`   // of the line
	Fit       float64       `json:"r_squared"`           // of the line
	Exponent  float64       `json:"power_law_exponent"`  // p of the least-squares c·xᵖ: below 1 where a constant part is left
	Last      float64       `json:"last_to_first_ratio"` // of the times; that of the values is what linear growth would give, without a constant part
}

// sweep is a way to grow the job.
type sweep struct {
	over, fixed string
	sizes       []float64
	set         func(b *LSNNBench, size float64)
	value       func(r *BenchResult) float64
}

var sweeps = []sweep{
	{"steps", "neurons, rate", []float64{210, 420, 840, 1680},
		func(b *LSNNBench, x float64) { b.Steps = int(x) },
		func(r *BenchResult) float64 { return float64(r.Steps) }},
	{"rate", "neurons, steps", []float64{5, 10, 20, 35},
		func(b *LSNNBench, x float64) { b.RateHz = x },
		func(r *BenchResult) float64 { return r.RateHz }},
	{"neurons", "fan-out of 26 synapses", []float64{55, 110, 220, 440},
		func(b *LSNNBench, x float64) { b.Neurons, b.Connectivity = int(x), min(1, fanOut/x) },
		func(r *BenchResult) float64 { return float64(r.Neurons) }},
	{"neurons", "12 % of all synapses", []float64{55, 110, 220, 440},
		func(b *LSNNBench, x float64) { b.Neurons, b.Connectivity = int(x), fanOut/220. },
		func(r *BenchResult) float64 { return float64(r.Neurons) }},
}

// fanOut is the number of synapses out of a neuron of the documented network.
const fanOut = 0.12 * 220

// BenchSweep times the job as its steps, its rate or its neurons grow, all else
// being as b says.
func BenchSweep(over string, b LSNNBench, threads int) (*SweepResult, error) {
	res := &SweepResult{Job: "lsnn", Over: over}
	var known []string
	for _, s := range sweeps {
		known = append(known, s.over)
		if s.over != over {
			continue
		}
		series, err := s.run(b, threads)
		if err != nil {
			return nil, err
		}
		res.Series = append(res.Series, *series)
	}
	if res.Series == nil {
		return nil, fault.Inputf("--sweep is %q, expected %s", over, strings.Join(slices.Compact(known), " or "))
	}
	res.Peak = peakMemory()
	return res, nil
}

func (s *sweep) run(b LSNNBench, threads int) (*SweepSeries, error) {
	series := &SweepSeries{Fixed: s.fixed}
	var seconds []float64
	for _, size := range s.sizes {
		s.set(&b, size)
		r, err := BenchLSNN(b, threads)
		if err != nil {
			return nil, err
		}
		series.Points = append(series.Points, *r)
		series.Values = append(series.Values, s.value(r))
		took := r.CPU // other processes hardly change it
		if took == 0 {
			took = r.Min
		}
		seconds = append(seconds, took)
	}
	series.Slope, series.Intercept, series.Fit = line(series.Values, seconds)
	series.Exponent, _, _ = line(logs(series.Values), logs(seconds))
	series.Last = seconds[len(seconds)-1] / seconds[0]
	return series, nil
}

func logs(x []float64) []float64 {
	y := make([]float64, len(x))
	for i := range x {
		y[i] = math.Log(x[i])
	}
	return y
}

// line fits y = slope x + intercept by least squares; fit is R².
func line(x, y []float64) (slope, intercept, fit float64) {
	mean := func(v []float64) (m float64) {
		for _, a := range v {
			m += a / float64(len(v))
		}
		return m
	}
	mx, my := mean(x), mean(y)
	var xx, xy, yy float64
	for i := range x {
		xx += (x[i] - mx) * (x[i] - mx)
		xy += (x[i] - mx) * (y[i] - my)
		yy += (y[i] - my) * (y[i] - my)
	}
	slope = xy / xx
	return slope, my - slope*mx, xy * xy / (xx * yy)
}
