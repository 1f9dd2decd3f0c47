package experiment

import (
	"errors"
	"path/filepath"

	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/learning/clapp"
)

// drawCLAPP draws what a linear classifier gets out of each layer, before and after training, and what the
// first layer looks for.
func drawCLAPP[F tensor.Float](t *clapp.Trainer[F], dir string) error {
	var errs []error
	if p := t.Probed; len(p.Trained) > 0 {
		panel := plot.Panel{YLabel: "test accuracy"}
		for _, of := range []struct {
			name       string
			accuracies []float64
			dashed     bool
		}{{"trained", p.Trained, false}, {"random", p.Random, true}} {
			s := plot.Series{Name: of.name, Y: of.accuracies, Dashed: of.dashed, Markers: true}
			for i := range of.accuracies {
				s.X = append(s.X, float64(p.First+i))
			}
			panel.Series = append(panel.Series, s)
		}
		errs = append(errs, plot.Chart{Title: "Linear classification from each layer; layer 0 is the input", XLabel: "layer", Panels: []plot.Panel{panel}}.
			Write(filepath.Join(dir, "accuracy-by-layer.svg")))
	}
	if tiles := firstFilters(t.Network); len(tiles) > 0 {
		const columns = 16
		errs = append(errs, plot.Tiles{Columns: columns, Tiles: tiles}.Write(filepath.Join(dir, "first-layer.png")))
	}
	return errors.Join(errs...)
}
