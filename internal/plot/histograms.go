package plot

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Histograms are counts of values from 0 to 1, on logarithmic axes.
type Histograms struct {
	Title  string
	XLabel string
	Panels []Histogram // from the top down
}

// Histogram is one of them.
type Histogram struct {
	Name   string
	Counts []int // of equal bins from 0 to 1
	Marks  []Mark
}

// Mark is an upright line with a name.
type Mark struct {
	Label string
	X     float64
}

// Write draws the histograms to path, an SVG or a PNG file by its extension.
func (h Histograms) Write(path string) error {
	f := &figure{title: h.Title, xLabel: h.XLabel, height: vg.Length(0.9+1.1*float64(max(1, len(h.Panels)))) * vg.Inch}
	for i, panel := range h.Panels {
		greatest := 1
		for _, n := range panel.Counts {
			greatest = max(greatest, n)
		}
		right := 1.02
		for _, mark := range panel.Marks {
			right = max(right, mark.X*1.02)
		}
		bottom, top := axisRange(0.5, float64(greatest), true, 0.05)
		p := newPanel(panel.Name, 1, 0, right, bottom, top)
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.TickerFunc(logTicks)
		p.Add(grid{}, bars{panel.Counts, seriesStyle(blue)})
		for k, mark := range panel.Marks {
			p.Add(upright{mark.X, referenceStyle(k)})
			if i == 0 {
				p.legend = append(p.legend, entry{name: mark.Label, style: referenceStyle(k)})
			}
		}
		f.panels = append(f.panels, p)
	}
	if len(f.panels) == 0 {
		empty := newPanel("", 1, 0, 1, 0, 1)
		empty.Add(note("no data"))
		f.panels = append(f.panels, empty)
	}
	return f.write(path)
}

// bars fills each bin up to its count.
type bars struct {
	counts []int
	style  draw.LineStyle
}

func (b bars) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	c.SetColor(lighter(b.style.Color, 0.35))
	for i, n := range b.counts {
		if n == 0 {
			continue
		}
		bin := func(i int) vg.Length { return toX(float64(i) / float64(len(b.counts))) }
		c.Fill(vg.Rectangle{Min: vg.Point{X: bin(i), Y: c.Min.Y}, Max: vg.Point{X: bin(i + 1), Y: toY(float64(n))}}.Path())
	}
}

// upright draws a vertical line over the whole height.
type upright struct {
	x     float64
	style draw.LineStyle
}

func (u upright) Plot(c draw.Canvas, p *plot.Plot) {
	toX, _ := p.Transforms(&c)
	if x := toX(u.x); c.ContainsX(x) {
		c.StrokeLine2(u.style, x, c.Min.Y, x, c.Max.Y)
	}
}
