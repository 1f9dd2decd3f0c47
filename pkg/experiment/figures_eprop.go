package experiment

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/experiment/run"
	"github.com/snnctl/snnctl/pkg/learning/eprop"
)

// drawEligibility draws what the trained network does in the first test trial, and
// what one of its neurons, an adaptive one if there is any, would learn from it: the
// eligibility traces of one synapse from each input population, their slow part, and
// the learning signal.
func drawEligibility[F tensor.Float](t *eprop.Trainer[F], dir string) error {
	rec, _, err := t.Record("test", 0, 0)
	if err != nil {
		return err
	}
	kinds := populations(t.Net.LIF, t.Net.Neurons())
	last := kinds[len(kinds)-1]
	post := busiest(rec.Spikes, last.first, last.last)
	rec, batch, err := t.Record("test", 0, post)
	if err != nil {
		return err
	}
	picture := trialPicture(t.Source.Populations(), batch, rec.Spikes, t.Net.LIF)
	for _, p := range kinds {
		j := busiest(rec.Spikes, p.first, p.last)
		picture.Neurons = append(picture.Neurons, neuronTrace(rec.Spikes, rec.V, rec.A, j, p.label(j)))
	}
	var traces, slow []plot.Trace
	line := 0
	for _, p := range t.Source.Populations() {
		name := fmt.Sprintf("from %s 0", p.Name)
		traces = append(traces, plot.Trace{Name: name, Values: column(rec.Trace, line)})
		if rec.Adaptation != nil {
			slow = append(slow, plot.Trace{Name: name, Values: column(rec.Adaptation, line)})
		}
		line += p.Lines
	}
	if last.name == "ALIF" {
		picture.Signals = append(picture.Signals, plot.Signals{Label: "thresholds", Traces: highestThresholds(rec.A, last, 4)})
	}
	picture.Signals = append(picture.Signals, plot.Signals{Label: "trace e", Traces: traces})
	if slow != nil {
		picture.Signals = append(picture.Signals, plot.Signals{Label: "slow part εa", Traces: slow})
	}
	picture.Signals = append(picture.Signals, plot.Signals{Label: "signal L",
		Traces: []plot.Trace{{Name: "to " + last.label(post), Values: column(rec.Signal, post)}}})

	shape := t.Source.Shape()
	for k, y := range rec.Output {
		name := fmt.Sprint(k)
		if shape.Curves == 1 {
			name = "output"
		}
		picture.Readout = append(picture.Readout, plot.Trace{Name: name, Values: y})
	}
	for k := range shape.Curves {
		name := fmt.Sprintf("target %d", k)
		if shape.Curves == 1 {
			name = "target"
		}
		picture.Readout = append(picture.Readout, plot.Trace{Name: name, Values: wanted(batch.Targets, shape.Curves, k)})
	}
	return picture.Write(filepath.Join(dir, "trial.svg"))
}

// highestThresholds are those of so many neurons of p that adapt most, by their number.
func highestThresholds[F tensor.Float](a *tensor.Dense[F], p population, count int) []plot.Trace {
	reach := make([]float64, a.Shape[1])
	neurons := make([]int, 0, p.last-p.first)
	for j := p.first; j < p.last; j++ {
		reach[j] = slices.Max(column(a, j))
		neurons = append(neurons, j)
	}
	slices.SortStableFunc(neurons, func(i, j int) int { return cmp.Compare(reach[j], reach[i]) })
	neurons = neurons[:min(count, len(neurons))]
	slices.Sort(neurons)
	var traces []plot.Trace
	for _, j := range neurons {
		traces = append(traces, plot.Trace{Name: p.label(j), Values: column(a, j)})
	}
	return traces
}

// column is one column of [T][n].
func column[F tensor.Float](x *tensor.Dense[F], j int) []float64 {
	values := make([]float64, x.Shape[0])
	for t := range values {
		values[t] = float64(x.Row(t)[j])
	}
	return values
}

// wanted is target curve k of the first trial.
func wanted(targets []float32, curves, k int) []float64 {
	var y []float64
	for i := k; i < len(targets); i += curves {
		y = append(y, float64(targets[i]))
	}
	return y
}

// stages is how many times of a training drawLearning shows.
const stages = 5

// drawLearning draws the first curve and the output at its start and after the steps
// of some of the checkpoints, to which it takes t.
func drawLearning[F tensor.Float](t *eprop.Trainer[F], checkpoints []run.Checkpoint, dir string) error {
	chart := plot.Chart{Title: "Target and output in the course of training", XLabel: "time (ms)"}
	add := func(label string) error {
		rec, batch, err := t.Record("test", 0, 0)
		if err != nil {
			return err
		}
		time := make([]float64, len(rec.Output[0]))
		for i := range time {
			time[i] = float64(i)
		}
		chart.Panels = append(chart.Panels, plot.Panel{YLabel: label, Range: [2]float64{-1.3, 1.3}, Series: []plot.Series{
			{Name: "target", X: time, Y: wanted(batch.Targets, t.Source.Shape().Curves, 0), Dashed: true},
			{Name: "output", X: time, Y: rec.Output[0]},
		}})
		return nil
	}
	if err := add("at first"); err != nil {
		return err
	}
	for i := range min(stages-1, len(checkpoints)) {
		c := checkpoints[(i+1)*len(checkpoints)/min(stages-1, len(checkpoints))-1]
		f, err := checkpoint.Read(c.Path)
		if err != nil {
			return err
		}
		if err := t.RestoreModel(f); err != nil {
			return err
		}
		if err := add(fmt.Sprintf("after %d", c.Step)); err != nil {
			return err
		}
	}
	return chart.Write(filepath.Join(dir, "learning.svg"))
}
