package plot

import (
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Grids are values of lines over steps, each a square as dark as its value, 0 to
// 1: what goes into a network, what should come out and what does.
type Grids struct {
	Title  string
	XLabel string
	Grids  []Grid // from the top down; at least one
}

// Grid is one block of lines.
type Grid struct {
	Name   string
	Values [][]float64 // by line, from the bottom up, then by step; NaN is left out
}

// Write draws the grids to path, an SVG or a PNG file by its extension.
func (g Grids) Write(path string) error {
	f := &figure{title: g.Title, xLabel: g.XLabel, height: vg.Length(0.9+1.2*float64(len(g.Grids))) * vg.Inch}
	steps := 1
	for _, grid := range g.Grids {
		for _, line := range grid.Values {
			steps = max(steps, len(line))
		}
	}
	for i, grid := range g.Grids {
		lines := len(grid.Values)
		p := newPanel(grid.Name, float64(max(1, lines)), 0, float64(steps), 0, float64(max(1, lines)))
		var marks []plot.Tick
		for line := range lines {
			marks = append(marks, plot.Tick{Value: float64(line) + 0.5, Label: label(line, lines)})
		}
		p.Y.Tick.Marker, p.Y.Tick.Length = plot.ConstantTicks(marks), 0
		p.Add(squares{grid.Values, seriesStyle(i)})
		f.panels = append(f.panels, p)
	}
	return f.write(path)
}

// label numbers the lowest and the highest of some lines.
func label(line, lines int) string {
	if line == 0 || line == lines-1 {
		return fmt.Sprint(line + 1)
	}
	return ""
}

// squares draws the values of a grid.
type squares struct {
	values [][]float64
	style  draw.LineStyle
}

func (s squares) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	for line, values := range s.values {
		for step, v := range values {
			if !finite(v) {
				continue
			}
			v = min(max(v, 0), 1)
			inset := (toY(1) - toY(0)) * 0.06
			c.SetColor(lighter(s.style.Color, 0.95-0.95*v))
			c.Fill(vg.Rectangle{
				Min: vg.Point{X: toX(float64(step)) + inset, Y: toY(float64(line)) + inset},
				Max: vg.Point{X: toX(float64(step+1)) - inset, Y: toY(float64(line+1)) - inset},
			}.Path())
		}
	}
}
