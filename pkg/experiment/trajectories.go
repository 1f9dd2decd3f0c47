package experiment

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/checkpoint"
	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/pkg/experiment/run"
)

// WeightDistance says how far the weights of two runs are from each other after a
// number of steps.
type WeightDistance struct {
	Step     int     `json:"step"`
	Cosine   float64 `json:"cosine_similarity"`   // of all weights, as one vector
	Greatest float64 `json:"greatest_difference"` // of any weight
}

// CompareWeights compares the weights of two runs at each step of which both keep a
// checkpoint: the tensors that have the same name and shape in both. Of alpha
// neurons J_ij / (1 + Σ_k J_ik) is compared, what a ReLU network has in its place
// (2306.08744, Fig. 3b).
func CompareWeights(a, b *run.Dir) ([]WeightDistance, error) {
	first, err := a.Checkpoints()
	if err != nil {
		return nil, err
	}
	second, err := b.Checkpoints()
	if err != nil {
		return nil, err
	}
	paths := map[int]string{}
	for _, c := range second {
		paths[c.Step] = c.Path
	}
	var all []WeightDistance
	for _, c := range first {
		path, ok := paths[c.Step]
		if !ok {
			continue
		}
		x, err := effectiveWeights(c.Path)
		if err != nil {
			return nil, err
		}
		y, err := effectiveWeights(path)
		if err != nil {
			return nil, err
		}
		if d, ok := distance(x, y); ok {
			d.Step = c.Step
			all = append(all, d)
		}
	}
	return all, nil
}

// distance is that of the arrays that both have; ok is false if there are none.
func distance(x, y map[string][]float64) (d WeightDistance, ok bool) {
	var xx, yy, xy float64
	for _, name := range slices.Sorted(maps.Keys(x)) { // sums have one order
		a, b := x[name], y[name]
		if len(b) != len(a) {
			continue
		}
		for i, v := range a {
			ok = true
			xx, yy, xy = xx+v*v, yy+b[i]*b[i], xy+v*b[i]
			d.Greatest = max(d.Greatest, math.Abs(v-b[i]))
		}
	}
	if xx > 0 && yy > 0 {
		d.Cosine = xy / math.Sqrt(xx) / math.Sqrt(yy)
	}
	return d, ok
}

const (
	weightSuffix = ".weight"
	driveSuffix  = ".drive" // beside it are the weights J of alpha neurons
)

// effectiveWeights are the weight arrays of a checkpoint.
func effectiveWeights(path string) (map[string][]float64, error) {
	f, err := checkpoint.Read(path)
	if err != nil {
		return nil, err
	}
	weights := map[string][]float64{}
	for _, t := range f.Tensors {
		layer, ok := strings.CutSuffix(t.Name, weightSuffix)
		if !ok || strings.Contains(t.Name, "/") { // moments of the optimiser
			continue
		}
		var w []float64
		switch data := t.Data.(type) {
		case []float64:
			w = slices.Clone(data)
		case []float32:
			for _, v := range data {
				w = append(w, float64(v))
			}
		}
		if f.Tensor(layer+driveSuffix) != nil {
			divideBySlopes(w, t.Shape)
		}
		weights[t.Name] = w
	}
	return weights, nil
}

// divideBySlopes turns J [in][out], or of a convolution [out][…], into J/(1 + Σ J).
func divideBySlopes(j []float64, shape []int) {
	columns := len(j) / shape[0]
	output := func(i int) int { return i / columns }
	slopes := make([]float64, shape[0])
	if len(shape) == 2 {
		output = func(i int) int { return i % columns }
		slopes = make([]float64, columns)
	}
	for i, w := range j {
		slopes[output(i)] += w
	}
	for i := range j {
		j[i] /= 1 + slopes[output(i)]
	}
}

// DrawTrajectories writes a picture of how runs trained: loss and accuracy of each,
// and how far the weights of the others are from those of the first.
func DrawTrajectories(runs []*run.Dir, path string) error {
	loss, accuracy := plot.Panel{YLabel: "validation loss", LogY: true}, plot.Panel{YLabel: "validation accuracy"}
	cosine, greatest := plot.Panel{YLabel: "cosine of weights"}, plot.Panel{YLabel: "weights apart", LogY: true}
	for i, r := range runs {
		records, err := r.ReadMetrics()
		if err != nil {
			return err
		}
		for metric, panel := range map[string]*plot.Panel{"loss": &loss, "accuracy": &accuracy} {
			s := plot.Series{Name: r.Name(), Dashed: i%2 == 1}
			for _, record := range records {
				if y, ok := record.Values[metric]; ok && record.Split == "validation" {
					s.X, s.Y = append(s.X, float64(record.Step)), append(s.Y, y)
				}
			}
			panel.Series = append(panel.Series, s)
		}
		if i == 0 {
			continue
		}
		distances, err := CompareWeights(runs[0], r)
		if err != nil {
			return err
		}
		c, g := plot.Series{Name: r.Name(), Markers: true}, plot.Series{Name: r.Name(), Markers: true}
		for _, d := range distances {
			c.X, c.Y = append(c.X, float64(d.Step)), append(c.Y, d.Cosine)
			g.X, g.Y = append(g.X, float64(d.Step)), append(g.Y, d.Greatest)
		}
		cosine.Series, greatest.Series = append(cosine.Series, c), append(greatest.Series, g)
	}
	chart := plot.Chart{Title: "Training trajectories, weights against those of " + runs[0].Name(), XLabel: "iteration", Panels: []plot.Panel{loss, accuracy, cosine, greatest}}
	return chart.Write(path)
}
