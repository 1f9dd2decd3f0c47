package plot

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// line draws a polyline that breaks where a point is not finite, or not
// positive on a logarithmic axis.
type line struct {
	x, y  []float64
	style draw.LineStyle

	errors []float64 // half the length of an error bar at each point, or nil
	marker bool      // a dot at each point
}

func (l line) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	runs := l.runs(p)
	for _, run := range runs {
		points := make([]vg.Point, len(run))
		for i, k := range run {
			points[i] = vg.Point{X: toX(l.x[k]), Y: toY(l.y[k])}
		}
		if len(points) == 1 && !l.marker { // alone between gaps, it would be invisible
			c.DrawGlyph(draw.GlyphStyle{Color: l.style.Color, Radius: l.style.Width, Shape: draw.CircleGlyph{}}, points[0])
		}
		c.StrokeLines(l.style, c.ClipLinesXY(thin(points))...)
	}
	bar := l.style
	bar.Dashes, bar.Width = nil, lineWidth*0.8
	for _, run := range runs {
		for _, k := range run {
			x := toX(l.x[k])
			if k < len(l.errors) && finite(l.errors[k]) && l.errors[k] > 0 {
				low, high := l.y[k]-l.errors[k], l.y[k]+l.errors[k]
				bottom := c.Min.Y
				if shown(p.Y, low) {
					bottom = max(bottom, toY(low))
				}
				top := min(c.Max.Y, toY(high))
				c.StrokeLine2(bar, x, bottom, x, top)
				for _, end := range []vg.Length{bottom, top} {
					c.StrokeLine2(bar, x-2.5, end, x+2.5, end)
				}
			}
			if l.marker {
				c.DrawGlyph(dot(l.style), vg.Point{X: x, Y: toY(l.y[k])})
			}
		}
	}
}

// runs lists the indices of the points that can be shown, in pieces without gap.
func (l line) runs(p *plot.Plot) [][]int {
	var runs [][]int
	open := false
	for k := range min(len(l.x), len(l.y)) {
		if !shown(p.X, l.x[k]) || !shown(p.Y, l.y[k]) {
			open = false
			continue
		}
		if !open {
			runs = append(runs, nil)
			open = true
		}
		runs[len(runs)-1] = append(runs[len(runs)-1], k)
	}
	return runs
}

// shown reports whether an axis has a place for v.
func shown(axis plot.Axis, v float64) bool {
	_, logarithmic := axis.Scale.(plot.LogScale)
	return drawable(v, logarithmic)
}

// thin leaves out points that no reader could see: of those within a third of
// a point of the page, sorted by x, the lowest and the highest stay.
func thin(points []vg.Point) []vg.Point {
	const column = vg.Length(0.33)
	kept := points[:0:0]
	for from := 0; from < len(points); {
		to := from + 1
		for to < len(points) && points[to].X >= points[from].X && points[to].X < points[from].X+column {
			to++
		}
		low, high := from, from
		for k := from; k < to; k++ {
			if points[k].Y < points[low].Y {
				low = k
			}
			if points[k].Y > points[high].Y {
				high = k
			}
		}
		last := -1
		for _, k := range []int{from, min(low, high), max(low, high), to - 1} {
			if k > last {
				kept = append(kept, points[k])
				last = k
			}
		}
		from = to
	}
	return kept
}

// smooth is the running mean of y over window points around each; what is not
// finite is left out of the mean, and stays a gap. Towards the ends the window
// shrinks to a third, lest it lag behind a steep start.
func smooth(y []float64, window int) []float64 {
	sums, counts := make([]float64, len(y)+1), make([]int, len(y)+1)
	for i, v := range y {
		sums[i+1], counts[i+1] = sums[i], counts[i]
		if finite(v) {
			sums[i+1] += v
			counts[i+1]++
		}
	}
	mean := make([]float64, len(y))
	for i, v := range y {
		half := max(window/6, min(window/2, i, len(y)-1-i))
		from, to := max(0, i-half), min(len(y), i+half+1)
		mean[i] = math.NaN()
		if finite(v) {
			mean[i] = (sums[to] - sums[from]) / float64(counts[to]-counts[from])
		}
	}
	return mean
}
