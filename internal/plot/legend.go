package plot

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// entry is a sample of a line, or a box, with its name. The legend stands in a row
// above the data, so that it hides none.
type entry struct {
	name   string
	style  draw.LineStyle
	tick   bool // a spike: a short upright stroke
	marker bool // a dot on the line
	box    bool // a filled box
}

const (
	sampleWidth  = vg.Length(16)
	sampleGap    = vg.Length(3)
	entryGap     = vg.Length(10)
	legendLeader = vg.Length(12) // height of a row
)

func (e entry) width() vg.Length {
	sample := sampleWidth
	if e.tick || e.box {
		sample = sampleWidth / 2
	}
	return sample + sampleGap + legendText.Width(e.name)
}

// legendRows breaks the entries into rows no wider than width.
func legendRows(entries []entry, width vg.Length) [][]entry {
	var rows [][]entry
	var used vg.Length
	for _, e := range entries {
		if len(rows) == 0 || used+e.width() > width {
			rows = append(rows, nil)
			used = 0
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], e)
		used += e.width() + entryGap
	}
	return rows
}

func legendHeight(entries []entry, width vg.Length) vg.Length {
	return legendLeader * vg.Length(len(legendRows(entries, width)))
}

func drawLegend(data draw.Canvas, entries []entry) {
	rows := legendRows(entries, data.Max.X-data.Min.X)
	style := legendText
	style.YAlign = draw.YCenter
	for i, row := range rows {
		x := data.Min.X
		y := data.Max.Y + legendLeader*(vg.Length(len(rows)-i)-0.5) + 1
		for _, e := range row {
			e.drawSample(data, x, y-0.8) // the middle of small letters
			data.FillText(style, vg.Point{X: x + e.width() - legendText.Width(e.name), Y: y}, e.name)
			x += e.width() + entryGap
		}
	}
}

func (e entry) drawSample(c draw.Canvas, x, y vg.Length) {
	switch {
	case e.box:
		c.FillPolygon(e.style.Color, []vg.Point{{X: x, Y: y - 3.5}, {X: x + sampleWidth/2, Y: y - 3.5}, {X: x + sampleWidth/2, Y: y + 3.5}, {X: x, Y: y + 3.5}})
	case e.tick:
		c.StrokeLine2(e.style, x+sampleWidth/4, y-3, x+sampleWidth/4, y+3)
	default:
		c.StrokeLine2(e.style, x, y, x+sampleWidth, y)
	}
	if e.marker {
		c.DrawGlyphNoClip(dot(e.style), vg.Point{X: x + sampleWidth/2, Y: y})
	}
}

func dot(style draw.LineStyle) draw.GlyphStyle {
	return draw.GlyphStyle{Color: style.Color, Radius: 2, Shape: draw.CircleGlyph{}}
}
