package plot

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Scatter is points in a plane, such as a model's values against those of the data.
type Scatter struct {
	Title, XLabel, YLabel string
	Series                []Points
	Diagonal              bool // one range for both axes, and the line x = y
}

// Points are those of one name. A point that is not finite is left out.
type Points struct {
	Name string
	X, Y []float64
}

// Write draws the points to path, an SVG or a PNG file by its extension.
func (s Scatter) Write(path string) error {
	lowX, highX, lowY, highY := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	count := 0
	for _, p := range s.Series {
		for i := range min(len(p.X), len(p.Y)) {
			if finite(p.X[i]) && finite(p.Y[i]) {
				lowX, highX = min(lowX, p.X[i]), max(highX, p.X[i])
				lowY, highY = min(lowY, p.Y[i]), max(highY, p.Y[i])
				count++
			}
		}
	}
	if s.Diagonal {
		lowX, highX = min(lowX, lowY), max(highX, highY)
		lowY, highY = lowX, highX
	}
	left, right := span(lowX, highX, 0.05)
	bottom, top := span(lowY, highY, 0.05)
	axes := newPanel(s.YLabel, 1, left, right, bottom, top)
	axes.Add(grid{})
	if s.Diagonal {
		axes.Add(line{x: []float64{left, right}, y: []float64{left, right}, style: referenceStyle(0)})
	}
	if count == 0 {
		axes.Add(note("no data"))
	}
	for i, p := range s.Series {
		axes.Add(cloud{p, seriesStyle(i), count})
		if p.Name != "" {
			axes.legend = append(axes.legend, entry{name: p.Name, style: seriesStyle(i), marker: true})
		}
	}
	f := &figure{title: s.Title, xLabel: s.XLabel, height: 4.5 * vg.Inch, panels: []*panel{axes}}
	return f.write(path)
}

// cloud draws points, the smaller the more there are in all.
type cloud struct {
	Points
	style draw.LineStyle
	all   int
}

func (d cloud) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	radius := vg.Length(min(2.2, max(0.6, 60/math.Sqrt(float64(d.all)+1))))
	glyph := draw.GlyphStyle{Color: d.style.Color, Radius: radius, Shape: draw.CircleGlyph{}}
	for i := range min(len(d.X), len(d.Y)) {
		if finite(d.X[i]) && finite(d.Y[i]) {
			c.DrawGlyph(glyph, vg.Point{X: toX(d.X[i]), Y: toY(d.Y[i])})
		}
	}
}
