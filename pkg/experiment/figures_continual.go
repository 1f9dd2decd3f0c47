package experiment

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"

	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/learning/continual"
)

// drawContinual draws how well the tasks were answered over the training, and what is left
// to learn with.
func drawContinual[F tensor.Float](l *continual.Learner[F], dir string) error {
	learned := l.Record.Learned()
	if learned == 0 {
		return nil
	}
	const most = 12 // more tasks have no room for a name each
	grid := plot.Grid{Name: "task"}
	curves := plot.Panel{YLabel: "test accuracy", Range: [2]float64{0, 1}}
	for task := range learned {
		var row []float64
		series := plot.Series{Markers: learned <= most}
		for after := range learned {
			a := l.Record.Accuracy[after][task]
			if after < task {
				a = math.NaN()
			} else {
				series.X, series.Y = append(series.X, float64(after+1)), append(series.Y, a)
			}
			row = append(row, a)
		}
		grid.Values = append(grid.Values, row)
		if learned <= most {
			series.Name = fmt.Sprintf("task %d", task+1)
			grid.Lines = append(grid.Lines, fmt.Sprintf("%d  %.1f %%", task+1, 100*l.Record.Accuracy[learned-1][task]))
		}
		curves.Series = append(curves.Series, series)
	}
	errs := []error{
		plot.Grids{Title: "Test accuracy on each task after each task; at the end", XLabel: "tasks learned", Grids: []plot.Grid{grid}}.Write(filepath.Join(dir, "accuracy-matrix.svg")),
		plot.Chart{Title: "Accuracy on each task from its own end on", XLabel: "tasks learned", Panels: []plot.Panel{curves}}.Write(filepath.Join(dir, "accuracy-by-task.svg")),
	}
	if l.Record.Available[0][0] >= 0 {
		panel := plot.Panel{YLabel: "mean availability", Range: [2]float64{0, 1}}
		for layer := range l.Network.Hidden() {
			series := plot.Series{Name: fmt.Sprintf("hidden layer %d", layer+1), Markers: learned <= most}
			for task := range learned {
				series.X, series.Y = append(series.X, float64(task+1)), append(series.Y, l.Record.Available[task][layer])
			}
			panel.Series = append(panel.Series, series)
		}
		errs = append(errs, plot.Chart{Title: "Availability of the hidden layers", XLabel: "tasks learned", Panels: []plot.Panel{panel}}.Write(filepath.Join(dir, "availability.svg")))
	}
	return errors.Join(errs...)
}
