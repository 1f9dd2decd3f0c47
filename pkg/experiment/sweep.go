package experiment

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/plot"
)

// Sweep evaluates one trained model with one setting after another, in several trials
// each that differ in their random numbers.
type Sweep struct {
	Name   string   // one of those of SweepNames, or the path of an entry of the experiment file
	Values []string // of the setting
	Trials int      // of each value; trial r has the experiment's seed + r

	Sets  []string // path=value, of the experiment as it is otherwise
	Split string
	Count int // examples of the split; 0 means all
}

// sweptSetting is what a short name stands for.
type sweptSetting struct {
	sets  []string // path=value, with %s for the value
	label string   // of the axis
	x     string   // the metric to draw results against; "" for the value
}

// sweptSettings are the defects of networks of single spikes (2212.12522, section 6.3 of the method).
var sweptSettings = map[string]sweptSetting{
	"jitter":      {sets: []string{"rule.defects.jitter=%s"}, label: "jitter of the spike times, σ (τ_c)"},
	"slope-noise": {sets: []string{"rule.defects.slope_noise=%s"}, label: "noise of the slopes, σ"},
	"time-bits":   {sets: []string{"rule.defects.time_bits=%s"}, label: "bits of spike times"},
	"weight-bits": {sets: []string{"rule.defects.weight_bits=%s"}, label: "bits of weights"},
	"zeta":        {sets: []string{"rule.windows=scaled", "rule.zeta=%s"}, label: "latency (τ_c)", x: "latency"},
	"quantile":    {sets: []string{"rule.windows=quantile", "rule.quantile=%s"}, label: "latency (τ_c)", x: "latency"},
}

// SweepNames are the short names, sorted.
func SweepNames() []string { return slices.Sorted(maps.Keys(sweptSettings)) }

// ParseSweep reads NAME=V1,V2,….
func ParseSweep(text string) (name string, values []string, err error) {
	name, list, ok := strings.Cut(text, "=")
	_, known := sweptSettings[name]
	values = strings.Split(list, ",")
	if !ok || slices.Contains(values, "") || !known && !strings.Contains(name, ".") {
		return "", nil, fault.Inputf("--sweep is %q, expected NAME=V1,V2,… with NAME %s, or the path of an entry of the experiment file such as rule.defects.jitter",
			text, strings.Join(SweepNames(), ", "))
	}
	return name, values, nil
}

// SweepPoint is what came out with one value.
type SweepPoint struct {
	Value   string          `json:"value"`
	Metrics map[string]Mean `json:"metrics"`
}

// Mean is a mean over trials, with its standard error, which is 0 of one trial.
type Mean struct {
	Mean          float64 `json:"mean"`
	StandardError float64 `json:"standard_error"`
}

// Run evaluates the model of a checkpoint.
func (s Sweep) Run(f *checkpoint.File, settings Settings) ([]SweepPoint, error) {
	var points []SweepPoint
	for _, value := range s.Values {
		results, err := s.trials(f, settings, value)
		if err != nil {
			return nil, fmt.Errorf("%s=%s: %w", s.Name, value, err)
		}
		points = append(points, SweepPoint{Value: value, Metrics: means(results)})
	}
	return points, nil
}

// trials evaluates one value in all trials.
func (s Sweep) trials(f *checkpoint.File, settings Settings, value string) ([]map[string]float64, error) {
	e, err := experimentOf(f, append(slices.Clone(s.Sets), s.sets(value)...))
	if err != nil {
		return nil, err
	}
	var x *Experiment
	var results []map[string]float64
	for range s.Trials {
		if x == nil || x.reseed == nil {
			if x, err = restored(e, f, settings); err != nil {
				return nil, err
			}
		} else {
			x.reseed(e.Seed)
		}
		metrics, err := x.Evaluate(s.Split, s.Count)
		if err != nil {
			return nil, err
		}
		results = append(results, metrics)
		e.Seed++
	}
	return results, nil
}

func (s Sweep) sets(value string) []string {
	short, ok := sweptSettings[s.Name]
	if !ok {
		return []string{s.Name + "=" + value}
	}
	var sets []string
	for _, set := range short.sets {
		sets = append(sets, strings.Replace(set, "%s", value, 1))
	}
	return sets
}

// means averages each metric.
func means(results []map[string]float64) map[string]Mean {
	all := map[string]Mean{}
	n := float64(len(results))
	for name := range results[0] {
		var m Mean
		for _, r := range results {
			m.Mean += r[name] / n
		}
		if len(results) > 1 {
			var squares float64
			for _, r := range results {
				squares += (r[name] - m.Mean) * (r[name] - m.Mean)
			}
			m.StandardError = math.Sqrt(squares / (n - 1) / n)
		}
		all[name] = m
	}
	return all
}

// Draw writes a picture of the metric against the values, or what they do to the
// latency, with standard errors.
func (s Sweep) Draw(points []SweepPoint, metric, path string) error {
	short, ok := sweptSettings[s.Name]
	if !ok {
		short.label = s.Name
	}
	series := plot.Series{Markers: true}
	for i, p := range points {
		x, err := strconv.ParseFloat(p.Value, 64)
		if err != nil {
			x = float64(i)
		}
		if short.x != "" {
			x = p.Metrics[short.x].Mean
		}
		series.X, series.Y = append(series.X, x), append(series.Y, p.Metrics[metric].Mean)
		series.Errors = append(series.Errors, p.Metrics[metric].StandardError)
	}
	chart := plot.Chart{XLabel: short.label, LogX: logarithmic(series.X), Panels: []plot.Panel{{YLabel: s.Split + " " + metric, Series: []plot.Series{series}}}}
	return chart.Write(path)
}

// logarithmic reports whether positive numbers span so much that an axis of their
// logarithms shows them better.
func logarithmic(x []float64) bool {
	const span = 30
	low := slices.Min(x)
	return low > 0 && slices.Max(x) > span*low
}
