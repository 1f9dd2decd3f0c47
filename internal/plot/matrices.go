package plot

import (
	"image"
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Matrices are tables of numbers as colours, side by side and on one scale: blue below 0,
// red above, such as the true weights of a network and those found.
type Matrices struct {
	Title          string
	XLabel, YLabel string // of columns, and of rows from the top down
	Matrices       []Matrix
	Borders        []int   // rows and columns before which there is a thin line
	Greatest       float64 // end of the scale; 0: the greatest number
}

// Matrix is one of them.
type Matrix struct {
	Name          string
	Rows, Columns int
	Values        []float64 // row by row; what is not finite is left white
}

// Write draws the matrices to path, an SVG or a PNG file by its extension.
func (m Matrices) Write(path string) error {
	greatest := m.Greatest
	if greatest == 0 {
		for _, one := range m.Matrices {
			for _, v := range one.Values {
				if finite(v) {
					greatest = max(greatest, v, -v)
				}
			}
		}
	}
	count := max(1, len(m.Matrices))
	const scaleWidth = vg.Length(40) // of the colours' scale, at the right
	label := labelText.Height("0") + 4
	side := (figureWidth - 2*margin - label - scaleWidth - vg.Length(count-1)*gap) / vg.Length(count)
	side = min(side, 3*vg.Inch)
	height := 2*margin + titleText.Height(m.Title) + gap + side + legendLeader + label + gap
	return write(path, height, func(c draw.Canvas) {
		c = begin(c, m.Title)
		left, top := c.Min.X+label, c.Max.Y-legendLeader
		upright := labelText
		upright.Rotation, upright.XAlign, upright.YAlign = math.Pi/2, draw.XCenter, draw.YTop
		c.FillText(upright, vg.Point{X: c.Min.X, Y: top - side/2}, m.YLabel)
		for i, one := range m.Matrices {
			square := vg.Rectangle{Min: vg.Point{X: left + vg.Length(i)*(side+gap), Y: top - side}}
			square.Max = vg.Point{X: square.Min.X + side, Y: top}
			c.FillText(labelText, vg.Point{X: square.Min.X, Y: top + 3}, one.Name)
			if one.Rows > 0 && one.Columns > 0 {
				c.DrawImage(square, one.picture(greatest))
			}
			frame := draw.LineStyle{Color: ink, Width: hairline}
			c.StrokeLines(frame, []vg.Point{square.Min, {X: square.Max.X, Y: square.Min.Y}, square.Max, {X: square.Min.X, Y: square.Max.Y}, square.Min})
			for _, b := range m.Borders {
				x := square.Min.X + side*vg.Length(b)/vg.Length(max(1, one.Columns))
				y := square.Max.Y - side*vg.Length(b)/vg.Length(max(1, one.Rows))
				c.StrokeLine2(frame, x, square.Min.Y, x, square.Max.Y)
				c.StrokeLine2(frame, square.Min.X, y, square.Max.X, y)
			}
			centred := labelText
			centred.XAlign, centred.YAlign = draw.XCenter, draw.YTop
			c.FillText(centred, vg.Point{X: (square.Min.X + square.Max.X) / 2, Y: square.Min.Y - 3}, m.XLabel)
		}
		m.scale(c, left+vg.Length(count)*(side+gap), top, side, greatest)
	})
}

// scale draws what the colours mean.
func (m Matrices) scale(c draw.Canvas, left, top, height vg.Length, greatest float64) {
	const steps = 101
	s := Matrix{Rows: steps, Columns: 1}
	for i := range steps {
		s.Values = append(s.Values, 1-2*float64(i)/(steps-1))
	}
	c.DrawImage(vg.Rectangle{Min: vg.Point{X: left, Y: top - height}, Max: vg.Point{X: left + 8, Y: top}}, s.picture(1))
	style := tickText
	style.YAlign = draw.YCenter
	for _, v := range []float64{-1, 0, 1} {
		c.FillText(style, vg.Point{X: left + 11, Y: top - height*vg.Length(1-v)/2}, strconv.FormatFloat(v*greatest, 'g', 2, 64))
	}
}

// picture has a square of points for each number, large enough that viewers who smooth
// what they magnify leave it a square.
func (m Matrix) picture(greatest float64) image.Image {
	cell := max(1, 300/max(m.Rows, m.Columns, 1))
	p := image.NewRGBA(image.Rect(0, 0, m.Columns*cell, m.Rows*cell))
	for y := range m.Rows * cell {
		for x := range m.Columns * cell {
			v := m.Values[y/cell*m.Columns+x/cell]
			colour := color.Color(color.White)
			if finite(v) && greatest > 0 {
				switch part := v / greatest; {
				case part > 0:
					colour = lighter(palette[vermillion], 1-min(part, 1))
				case part < 0:
					colour = lighter(palette[blue], 1-min(-part, 1))
				}
			}
			p.Set(x, y, colour)
		}
	}
	return p
}
