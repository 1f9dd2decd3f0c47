package plot

import (
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Paths shows movements in a plane: a grid of maps of the same square.
type Paths struct {
	Title   string
	Range   [2]float64 // of x and of y
	Columns int
	Maps    []Map // row by row
}

// Map is one square with its paths and the circles below them. What has the same name
// looks alike in all maps.
type Map struct {
	Name    string
	Paths   []Path
	Circles []Circle
}

// Circle is the border of a place, dashed.
type Circle struct {
	Name         string
	X, Y, Radius float64
}

// Path is a line through points of the plane. A target stands back, dashed.
type Path struct {
	Name   string
	X, Y   []float64
	Target bool
}

// Write draws the maps to path, an SVG or a PNG file by its extension.
func (p Paths) Write(path string) error {
	columns := max(p.Columns, 1)
	rows := (len(p.Maps) + columns - 1) / columns
	tile := (figureWidth - 2*margin - gap*vg.Length(columns-1)) / vg.Length(columns)
	title := titleText.Height(p.Title) + gap
	return write(path, 2*margin+title+legendLeader+vg.Length(max(rows, 1))*(tile+legendLeader+gap), func(c draw.Canvas) {
		c = begin(c, p.Title)
		styles, legend := p.styles()
		c.Max.Y -= legendLeader
		drawLegend(c, legend)
		for i, m := range p.Maps {
			square := c
			square.Min.X += vg.Length(i%columns) * (tile + gap)
			square.Max.X = square.Min.X + tile
			square.Max.Y -= vg.Length(i/columns)*(tile+legendLeader+gap) + legendLeader + gap
			square.Min.Y = square.Max.Y - tile
			p.draw(square, m, styles)
		}
	})
}

// styles gives each name its line.
func (p Paths) styles() (styles map[string]draw.LineStyle, legend []entry) {
	styles = map[string]draw.LineStyle{}
	add := func(name string, style draw.LineStyle) bool {
		if _, ok := styles[name]; ok {
			return false
		}
		styles[name] = style
		legend = append(legend, entry{name: name, style: style})
		return true
	}
	colour, circles := 0, 0
	for _, m := range p.Maps {
		for _, c := range m.Circles {
			if add(c.Name, referenceStyle(circles)) {
				circles++
			}
		}
		for _, path := range m.Paths {
			if path.Target {
				add(path.Name, referenceStyle(0))
			} else if add(path.Name, seriesStyle(colour)) {
				colour++
			}
		}
	}
	return styles, legend
}

// line is the circle as a polygon that looks round.
func (c Circle) line(style draw.LineStyle) line {
	const corners = 120
	l := line{style: style}
	for i := range corners + 1 {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		l.x, l.y = append(l.x, c.X+c.Radius*cos), append(l.y, c.Y+c.Radius*sin)
	}
	return l
}

// draw draws a map so that its data are a square.
func (p Paths) draw(c draw.Canvas, m Map, styles map[string]draw.LineStyle) {
	axes := newPanel("", 1, p.Range[0], p.Range[1], p.Range[0], p.Range[1])
	axes.X.Tick.Marker = axes.Y.Tick.Marker
	axes.Add(grid{})
	for _, circle := range m.Circles {
		axes.Add(circle.line(styles[circle.Name]))
	}
	for _, path := range m.Paths {
		axes.Add(line{x: path.X, y: path.Y, style: styles[path.Name]})
		if len(path.X) > 0 && len(path.Y) > 0 {
			axes.Add(line{x: path.X[:1], y: path.Y[:1], style: styles[path.Name], marker: true}) // where it starts
		}
	}
	around := axes.edges(c)
	side := min(c.Max.X-c.Min.X-around.left-around.right, c.Max.Y-c.Min.Y-around.bottom-around.top)
	c.Max.X = c.Min.X + side + around.left + around.right
	c.Min.Y = c.Max.Y - side - around.bottom - around.top
	axes.Draw(c)
	c.FillText(labelText, vg.Point{X: axes.DataCanvas(c).Min.X, Y: c.Max.Y + 2}, m.Name)
}
