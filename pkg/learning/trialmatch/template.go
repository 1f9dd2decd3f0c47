package trialmatch

import (
	"math"

	"github.com/snnctl/snnctl/internal/tensor"
)

// templates adds the fractions of simulated trials that are nearest to the template of
// each type, in mean squared distance: the recorded activity of each area in trials of the
// type, after both filters and standardised area by area, and the mean trace of the jaw.
// The activity is the sum over the area's neurons of their means in their own sessions,
// divided by their number.
func (t *Trainer[F]) templates(metrics map[string]float64, target *target, b *batch[F]) {
	areas := len(t.Set.Areas)
	describe := &Features{Steps: t.Set.Steps, first: t.first, second: t.second, areaOf: make([]int32, t.Net.Neurons), HasJaw: len(b.run.Jaw) > 0}
	describe.Areas, describe.Mean, describe.Deviation = make([][]int, areas), make([]float64, areas), make([]float64, areas)
	for i, a := range t.Net.Area {
		describe.areaOf[i] = int32(a)
		describe.Areas[a] = append(describe.Areas[a], i)
	}
	for a := range areas {
		describe.Deviation[a] = 1
	}
	found := make([][]float64, len(t.Set.Types))
	for kind := range found {
		found[kind] = t.template(describe, target, kind)
	}
	length := describe.second.Length(describe.first.Length(t.Set.Steps))
	for a := range areas {
		var values []float64
		for _, x := range found {
			if x != nil {
				values = append(values, x[a*length:(a+1)*length]...)
			}
		}
		if len(values) == 0 {
			return
		}
		mean, deviation := meanAndDeviation(values)
		if !(deviation >= 1e-9) {
			deviation = 1
		}
		for _, x := range found {
			for i := a * length; x != nil && i < (a+1)*length; i++ {
				x[i] = (x[i] - mean) / deviation
			}
		}
		describe.Mean[a], describe.Deviation[a] = mean, deviation
	}
	counts := make([]float64, len(found))
	for _, x := range t.featuresOf(describe, b) {
		nearest, least := 0, math.Inf(1)
		for kind, template := range found {
			if template == nil {
				continue
			}
			if d := squaredDistance(x, template); d < least {
				nearest, least = kind, d
			}
		}
		counts[nearest]++
	}
	recorded, labels := 0.0, make([]float64, len(found))
	for _, s := range target.sessions {
		for _, kind := range s.types {
			labels[kind]++
			recorded++
		}
	}
	for kind, name := range t.Set.Types {
		metrics["template_"+metricName(name)] = counts[kind] / float64(b.run.Trials)
		metrics["recorded_"+metricName(name)] = labels[kind] / max(recorded, 1)
	}
}

// template is that of a type, not standardised; nil where there is no such trial.
func (t *Trainer[F]) template(describe *Features, target *target, kind int) []float64 {
	sums := make([][]float64, len(describe.Areas)) // of the neurons' means
	counts := make([]float64, len(sums))
	for a := range sums {
		sums[a] = make([]float64, t.Set.Steps)
	}
	jaw := make([]float64, t.Set.Steps)
	jaws := 0.0
	for _, s := range target.sessions {
		var trials []tensor.Raster
		for k := range s.types {
			if s.types[k] != kind {
				continue
			}
			trials = append(trials, s.recorded.Trials[k])
			if describe.HasJaw {
				for i, x := range s.recorded.Jaw[k] {
					jaw[i] += x
				}
				jaws++
			}
		}
		if len(trials) == 0 {
			continue
		}
		mean := meanResponse(trials, t.Net.Neurons)
		for _, i := range s.recorded.Neurons {
			a := t.Net.Area[i]
			counts[a]++
			for step, x := range mean[i] {
				sums[a][step] += x
			}
		}
	}
	var out []float64
	for a, x := range sums {
		if counts[a] == 0 {
			return nil
		}
		for i := range x {
			x[i] /= counts[a]
		}
		out = append(out, t.second.Apply(t.first.Apply(x))...)
	}
	if describe.HasJaw {
		for i := range jaw {
			jaw[i] /= jaws
		}
		out = append(out, t.second.Apply(t.first.Apply(jaw))...)
	}
	return out
}

// metricName is a type's name in the name of a metric.
func metricName(name string) string {
	out := []byte{}
	for _, c := range []byte(name) {
		switch {
		case c >= 'A' && c <= 'Z':
			out = append(out, c+'a'-'A')
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			out = append(out, c)
		default:
			out = append(out, '_')
		}
	}
	return string(out)
}
