package experiment

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/learning/backprop"
	"github.com/snnctl/snnctl/pkg/models/relu"
)

// drawReLU draws what a trained network looks for, and what it takes for what.
func drawReLU[F tensor.Float](t *backprop.Trainer[F], dir string) error {
	counts, err := t.Confusion("test")
	if err != nil {
		return err
	}
	errs := []error{confusionPicture(counts, t.Source.Set.ClassNames).Write(filepath.Join(dir, "confusion.svg"))}
	if tiles := firstFilters(t.Network); len(tiles) > 0 {
		const columns = 16
		errs = append(errs, plot.Tiles{Columns: columns, Tiles: tiles}.Write(filepath.Join(dir, "first-layer.png")))
	}
	return errors.Join(errs...)
}

// confusionPicture shows, for each class, the share of its images that got each
// answer.
func confusionPicture(counts [][]int, names []string) plot.Grids {
	const few = 20 // more classes have no room for names
	grid := plot.Grid{Name: "class"}
	for class, row := range counts {
		total := 0
		for _, n := range row {
			total += n
		}
		var shares []float64
		for _, n := range row {
			shares = append(shares, float64(n)/float64(max(1, total)))
		}
		grid.Values = append(grid.Values, shares)
		label := fmt.Sprint(class)
		if class < len(names) {
			label = names[class]
		}
		if len(counts) > few {
			label = ""
		}
		grid.Lines = append(grid.Lines, fmt.Sprintf("%s  %.1f %%", label, 100*shares[class]))
	}
	if len(counts) > few {
		grid.Lines = nil
	}
	return plot.Grids{Title: "Answers to the test images of each class", XLabel: "answer", Grids: []plot.Grid{grid}}
}

// firstFilters are the weights of the first layer as pictures of what its units look
// for, where its input has one or three channels; at most 64.
func firstFilters[F tensor.Float](n *relu.Network[F]) []plot.Tile {
	const most = 64
	in := n.Input
	for _, layer := range n.Layers {
		var w *tensor.Dense[F]
		shape, stride := in, 1 // of a filter; from one of its values to the next
		units := 0
		switch l := layer.Layer.(type) {
		case *relu.Conv[F]:
			w, units = l.Weights, l.Weights.Shape[0]
			shape = relu.Shape{Channels: w.Shape[1], Height: w.Shape[2], Width: w.Shape[3]}
		case *relu.Dense[F]:
			w, units = l.Weights, l.Weights.Shape[1]
			stride = units
		default:
			continue
		}
		if shape.Channels != 1 && shape.Channels != 3 || len(w.Data) != units*shape.Size() {
			return nil
		}
		var tiles []plot.Tile
		for unit := range min(units, most) {
			first := unit * shape.Size()
			if stride > 1 {
				first = unit
			}
			filter := make([]float64, shape.Size())
			for i := range filter {
				filter[i] = float64(w.Data[first+i*stride])
			}
			tiles = append(tiles, plot.Centred(shape.Channels, shape.Height, shape.Width, filter))
		}
		return tiles
	}
	return nil
}
