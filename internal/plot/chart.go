package plot

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Chart is a stack of line plots over one x axis: learning curves, or an
// error against a delay.
type Chart struct {
	Title  string
	XLabel string // with its unit
	LogX   bool
	Panels []Panel // from the top down; at least one
}

// Panel is one line plot.
type Panel struct {
	YLabel     string // with its unit
	LogY       bool
	Range      [2]float64 // of y; if it is empty, that of the data
	Series     []Series
	References []Reference
}

// Series is one line. Points that are not finite, or not positive on a
// logarithmic axis, are gaps. Series of the same name have the same colour in
// all panels.
type Series struct {
	Name    string
	X, Y    []float64
	Errors  []float64 // half the length of the error bar at each point, or nil
	Band    bool      // draws Errors as a band around the line, not as bars
	Dashed  bool
	Markers bool // a dot at each point
	Noisy   bool // drawn faintly, with its running mean over a fortieth of its points
}

// Reference is a value to compare with, as the paper's: a dashed horizontal
// line. Unless Panel.Range says otherwise, the axis reaches it.
type Reference struct {
	Label string
	Y     float64
}

// Write draws the chart to path, an SVG or a PNG file by its extension.
func (c Chart) Write(path string) error {
	f := &figure{title: c.Title, xLabel: c.XLabel, height: chartHeight(len(c.Panels))}
	low, high := math.Inf(1), math.Inf(-1)
	colours := map[string]int{}
	for _, p := range c.Panels {
		for _, s := range p.Series {
			if _, ok := colours[s.Name]; !ok {
				colours[s.Name] = len(colours)
			}
			for i := range min(len(s.X), len(s.Y)) {
				if drawable(s.X[i], c.LogX) && finite(s.Y[i]) {
					low, high = min(low, s.X[i]), max(high, s.X[i])
				}
			}
		}
	}
	left, right := axisRange(low, high, c.LogX, c.margin())
	explained := map[string]bool{} // names that a panel above has in its legend
	for _, p := range c.Panels {
		drawn := p.layOut(left, right, colours)
		if c.LogX {
			drawn.X.Scale, drawn.X.Tick.Marker = plot.LogScale{}, plot.TickerFunc(logTicks)
		}
		drawn.legend = slices.DeleteFunc(drawn.legend, func(e entry) bool { return explained[e.name] })
		for _, e := range drawn.legend {
			explained[e.name] = true
		}
		f.panels = append(f.panels, drawn)
	}
	if len(f.panels) == 0 {
		empty := newPanel("", 1, left, right, 0, 1)
		empty.Add(note("no data"))
		f.panels = append(f.panels, empty)
	}
	return f.write(path)
}

// margin is the share of the x axis to leave free on either side: a little
// where dots would otherwise lie on the edge.
func (c Chart) margin() float64 {
	for _, p := range c.Panels {
		for _, s := range p.Series {
			if s.Markers {
				return 0.02
			}
		}
	}
	return 0
}

func chartHeight(panels int) vg.Length {
	return vg.Length(0.9+1.75*float64(max(1, panels))) * vg.Inch
}

// axisRange is the range to show of data in [low, high], which is [∞, -∞] if
// there are none.
func axisRange(low, high float64, logarithmic bool, widen float64) (float64, float64) {
	if !logarithmic {
		return span(low, high, widen)
	}
	if low > high {
		return 0.1, 10
	}
	low, high = math.Log10(low), math.Log10(high)
	if high-low < 0.1 {
		low, high = low-0.05, high+0.05
	}
	low, high = span(low, high, widen)
	return math.Pow(10, low), math.Pow(10, high)
}

// layOut turns the panel into axes with all lines.
func (p Panel) layOut(left, right float64, colours map[string]int) *panel {
	bottom, top := p.Range[0], p.Range[1]
	low, high := p.dataRange()
	if bottom >= top || !drawable(bottom, p.LogY) || !drawable(top, p.LogY) {
		bottom, top = axisRange(low, high, p.LogY, 0.06)
	}
	drawn := newPanel(p.YLabel, 1, left, right, bottom, top)
	if p.LogY {
		drawn.Y.Scale, drawn.Y.Tick.Marker = plot.LogScale{}, plot.TickerFunc(logTicks)
	}
	drawn.Add(grid{})
	if low > high {
		drawn.Add(note("no data"))
	}
	for _, s := range p.Series { // bands lie behind all lines
		if s.Band {
			drawn.Add(band{line{x: s.X, y: s.Y, style: seriesStyle(colours[s.Name]), errors: s.Errors}})
		}
	}
	for _, s := range p.Series {
		style := seriesStyle(colours[s.Name])
		if s.Dashed {
			style.Dashes = dashes
		}
		named := slices.ContainsFunc(drawn.legend, func(e entry) bool { return e.name == s.Name }) // series of one name share a colour
		if s.Name != "" && !named {
			drawn.legend = append(drawn.legend, entry{name: s.Name, style: style, marker: s.Markers})
		}
		l := line{x: s.X, y: s.Y, style: style, marker: s.Markers}
		if !s.Band {
			l.errors = s.Errors
		}
		if s.Noisy {
			raw := l
			raw.style.Color, raw.style.Width = lighter(style.Color, 0.65), hairline
			drawn.Add(raw)
			l.y = smooth(s.Y, len(s.Y)/40)
		}
		drawn.Add(l)
	}
	for i, r := range p.References {
		if shown(drawn.Y, r.Y) {
			drawn.Add(reference{r.Y, referenceStyle(i)})
			drawn.legend = append(drawn.legend, entry{name: r.Label, style: referenceStyle(i)})
		}
	}
	return drawn
}

// dataRange spans the data, error bars and references.
func (p Panel) dataRange() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	include := func(v float64) {
		if drawable(v, p.LogY) {
			low, high = min(low, v), max(high, v)
		}
	}
	for _, s := range p.Series {
		for i := range min(len(s.X), len(s.Y)) {
			include(s.Y[i])
			if i < len(s.Errors) && finite(s.Errors[i]) {
				include(s.Y[i] + s.Errors[i])
				include(s.Y[i] - s.Errors[i])
			}
		}
	}
	if low <= high { // references alone are no data
		for _, r := range p.References {
			include(r.Y)
		}
	}
	return low, high
}

// reference draws a horizontal line over the whole width.
type reference struct {
	y     float64
	style draw.LineStyle
}

// referenceStyle is that of the i-th reference of a panel.
func referenceStyle(i int) draw.LineStyle {
	patterns := [][]vg.Length{dashes, {1, 1.5}, {6, 2, 1, 2}}
	return draw.LineStyle{Color: quiet, Width: lineWidth * 0.8, Dashes: patterns[i%len(patterns)]}
}

func (r reference) Plot(c draw.Canvas, p *plot.Plot) {
	_, toY := p.Transforms(&c)
	if y := toY(r.y); c.ContainsY(y) {
		c.StrokeLine2(r.style, c.Min.X, y, c.Max.X, y)
	}
}
