package experiment

import (
	"fmt"
	"math"
	"path/filepath"

	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/datasets"
	"github.com/snnctl/snnctl/pkg/learning/ppo"
)

// drawNavigation draws how soon the goal is found and found again, and one episode: its
// ways, one by one, and what the network did.
func drawNavigation[F tensor.Float](t *ppo.Trainer[F], dir string) error {
	if err := drawReachTimes(t, dir); err != nil {
		return err
	}
	number := telling(t)
	episode, input := t.Play("test", number)
	if err := drawWays(episode, t.Arena.GoalRadius, number, dir); err != nil {
		return err
	}
	outputs := t.Outputs()
	rec := t.Record(input)
	lif := t.Net.LIF
	batch := &datasets.Batch{Trials: 1, Groups: []datasets.Group{*input}}
	picture := trialPicture(t.Arena.Populations(), batch, rec.Spikes, lif)
	picture.Title, picture.WindowLabel = fmt.Sprintf("Test episode %d after training", number+1), "goal reached"
	for _, at := range episode.Reaches() {
		picture.Windows = append(picture.Windows, plot.Window{Start: at - 1, End: at, Target: -1})
	}
	for _, p := range populations(lif, t.Net.Neurons()) {
		if p.name == "ALIF" {
			picture.Signals = append(picture.Signals, plot.Signals{Label: "thresholds", Traces: highestThresholds(rec.A, p, 4)})
		}
	}
	picture.Signals = append(picture.Signals, plot.Signals{Label: "value V", Traces: []plot.Trace{{Name: "V", Values: outputs[2]}}})
	picture.ReadoutLabel = "mean action"
	for k, name := range []string{"x", "y"} {
		trace := plot.Trace{Name: name}
		for _, y := range outputs[k] {
			trace.Values = append(trace.Values, math.Tanh(y))
		}
		picture.Readout = append(picture.Readout, trace)
	}
	return picture.Write(filepath.Join(dir, "trial.svg"))
}

// telling is the first test episode in which the goal is reached as often as in the
// mean: typical, and not empty.
func telling[F tensor.Float](t *ppo.Trainer[F]) int {
	score := t.Score("test", min(64, t.EvaluationEpisodes))
	mean := 0.0
	for _, goals := range score.Goals {
		mean += goals / float64(len(score.Goals))
	}
	best := 0
	for i, goals := range score.Goals {
		if math.Abs(goals-mean) < math.Abs(score.Goals[best]-mean) {
			best = i
		}
	}
	return best
}

// waysAtMost is the number of ways to the goal that are drawn.
const waysAtMost = 9

// drawWays draws the ways of an episode, each from where the agent was put to where it
// reached the goal.
func drawWays(e *ppo.Episode, goalRadius float64, number int, dir string) error {
	maps := plot.Paths{Title: fmt.Sprintf("Test episode %d: the first way to the goal, and those that follow", number+1),
		Range: [2]float64{-1.35, 1.35}, Columns: 3}
	start, from := e.Start, 0
	for _, at := range append(e.Reaches(), len(e.Steps)) {
		if at == from || len(maps.Maps) == waysAtMost {
			break
		}
		path := plot.Path{Name: "way of the agent, from the dot", X: []float64{start[0]}, Y: []float64{start[1]}}
		for _, step := range e.Steps[from:at] {
			path.X, path.Y = append(path.X, step.To[0]), append(path.Y, step.To[1])
		}
		name := fmt.Sprintf("%d: %d ms to %d ms", len(maps.Maps)+1, from, at)
		if !e.Steps[at-1].AtGoal {
			name += ", the end"
		}
		maps.Maps = append(maps.Maps, plot.Map{Name: name, Paths: []plot.Path{path}, Circles: []plot.Circle{
			{Name: "arena", Radius: 1}, {Name: "goal", X: e.Goal[0], Y: e.Goal[1], Radius: goalRadius}}})
		start, from = e.Steps[at-1].Next, at
	}
	return maps.Write(filepath.Join(dir, "episode.svg"))
}

// reachesAtLeast is how many test episodes must have had a reach for its time to be
// drawn: fewer tell nothing.
const reachesAtLeast = 10

// drawReachTimes draws the mean time to the goal for the first time, the second, and so
// on.
func drawReachTimes[F tensor.Float](t *ppo.Trainer[F], dir string) error {
	const numbers = 8
	panel := plot.Panel{YLabel: "mean time (ms)", LogY: true}
	for _, s := range []struct {
		name  string
		score *ppo.Score
	}{{"trained", t.Score("test", t.EvaluationEpisodes)}, {"untrained", t.UntrainedScore("test", t.EvaluationEpisodes)}, {"random", t.RandomScore("test", t.EvaluationEpisodes)}} {
		series := plot.Series{Name: s.name, Markers: true}
		for number := 1; number <= numbers && s.score.Reached(number) >= reachesAtLeast; number++ {
			mean, se := s.score.Wait(number)
			series.X, series.Y, series.Errors = append(series.X, float64(number)), append(series.Y, mean), append(series.Errors, se)
		}
		panel.Series = append(panel.Series, series)
		if anew, _ := s.score.WaitAnew(); s.name == "trained" && !math.IsNaN(anew) {
			panel.References = []plot.Reference{{Label: "trained, to the same goals anew", Y: anew}}
		}
	}
	chart := plot.Chart{Title: "From the start, or from the last time, until the goal is reached", XLabel: "number of the reach", Panels: []plot.Panel{panel}}
	return chart.Write(filepath.Join(dir, "reach-times.svg"))
}
