package plot

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// band fills what lies within the errors around a line.
type band struct{ line }

func (b band) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	for _, run := range b.runs(p) {
		var upper, lower []vg.Point
		for _, k := range run {
			if k >= len(b.errors) || !finite(b.errors[k]) || !shown(p.Y, b.y[k]+b.errors[k]) {
				continue
			}
			x, bottom := toX(b.x[k]), c.Min.Y
			if low := b.y[k] - b.errors[k]; shown(p.Y, low) {
				bottom = toY(low)
			}
			upper = append(upper, vg.Point{X: x, Y: toY(b.y[k] + b.errors[k])})
			lower = append(lower, vg.Point{X: x, Y: bottom})
		}
		for i := len(lower) - 1; i >= 0; i-- {
			upper = append(upper, lower[i])
		}
		if len(upper) > 2 {
			c.FillPolygon(lighter(b.style.Color, 0.75), c.ClipPolygonXY(upper))
		}
	}
}
