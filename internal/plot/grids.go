package plot

import (
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
	Values [][]float64 // by line, from the top down, then by step; NaN is left out
	Lines  []string    // their names; fewer, or empty ones, where a line has none
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
		marks := []plot.Tick{}
		for line, name := range grid.Lines[:min(lines, len(grid.Lines))] {
			marks = append(marks, plot.Tick{Value: float64(lines-line) - 0.5, Label: name})
		}
		p.Y.Tick.Marker, p.Y.Tick.Length = plot.ConstantTicks(marks), 0
		p.Add(squares{grid.Values, seriesStyle(i)})
		f.panels = append(f.panels, p)
	}
	return f.write(path)
}

// squares draws the values of a grid.
type squares struct {
	values [][]float64
	style  draw.LineStyle
}

func (s squares) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	for line, values := range s.values {
		bottom := float64(len(s.values) - 1 - line)
		for step, v := range values {
			if !finite(v) {
				continue
			}
			v = min(max(v, 0), 1)
			inset := (toY(1) - toY(0)) * 0.06
			c.SetColor(lighter(s.style.Color, 0.95-0.95*v))
			c.Fill(vg.Rectangle{
				Min: vg.Point{X: toX(float64(step)) + inset, Y: toY(bottom) + inset},
				Max: vg.Point{X: toX(float64(step+1)) - inset, Y: toY(bottom+1) - inset},
			}.Path())
		}
	}
}
