package experiment

import (
	"fmt"
	"path/filepath"

	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/learning/eprop/oneshot"
)

// drawMovements draws what the arm does before and after it has learnt from one
// trial: the way of its tip in some test tasks, and in the first of them the
// velocities of its joints.
func drawMovements[F tensor.Float](t *oneshot.Trainer[F], dir string) error {
	const before, after, target = "before: trial 1", "after: trial 2", "target"
	maps := plot.Paths{Title: "The arm's tip in test tasks, before and after one update", Range: [2]float64{-1.05, 1.05}, Columns: 3}
	for i := range min(6, t.Source.EvaluationTrials) {
		task, moved := t.Movements("test", i)
		m := plot.Map{Name: fmt.Sprintf("task %d", i+1)}
		for _, path := range []struct {
			name string
			tip  []float64
		}{{target, task.Tip}, {before, moved[0].Tip}, {after, moved[1].Tip}} {
			m.Paths = append(m.Paths, plot.Path{Name: path.name, X: component(path.tip, 0), Y: component(path.tip, 1), Target: path.name == target})
		}
		maps.Maps = append(maps.Maps, m)
	}
	if err := maps.Write(filepath.Join(dir, "movements.svg")); err != nil {
		return err
	}

	task, moved := t.Movements("test", 0)
	time := make([]float64, len(task.Tip)/2)
	for i := range time {
		time[i] = float64(i)
	}
	chart := plot.Chart{Title: "Task 1: motor commands and the tip's place", XLabel: "time (ms)"}
	for _, panel := range []struct {
		label                 string
		k                     int
		target, before, after []float64
	}{
		{"shoulder (rad/s)", 0, task.Velocities, moved[0].Velocities, moved[1].Velocities},
		{"elbow (rad/s)", 1, task.Velocities, moved[0].Velocities, moved[1].Velocities},
		{"x", 0, task.Tip, moved[0].Tip, moved[1].Tip},
		{"y", 1, task.Tip, moved[0].Tip, moved[1].Tip},
	} {
		chart.Panels = append(chart.Panels, plot.Panel{YLabel: panel.label, Series: []plot.Series{
			{Name: before, X: time, Y: component(panel.before, panel.k)},
			{Name: after, X: time, Y: component(panel.after, panel.k)},
			{Name: target, X: time, Y: component(panel.target, panel.k), Dashed: true},
		}})
	}
	return chart.Write(filepath.Join(dir, "motor-commands.svg"))
}

// component is every second number of [T][2].
func component(x []float64, k int) []float64 {
	var c []float64
	for i := k; i < len(x); i += 2 {
		c = append(c, x[i])
	}
	return c
}
