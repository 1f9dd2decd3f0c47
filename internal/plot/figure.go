package plot

import (
	"bytes"
	"image/color"
	"io"
	"math"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/snnctl/snnctl/internal/atomicfile"
	"github.com/snnctl/snnctl/internal/fault"
)

const (
	figureWidth = 6.5 * vg.Inch // the width of a text page
	pngDPI      = 200
)

// figure is a stack of panels over one x axis.
type figure struct {
	title, xLabel string
	height        vg.Length
	panels        []*panel
}

// panel is one pair of axes with its data.
type panel struct {
	*plot.Plot
	yLabel string
	weight float64 // of its data's height among those of all panels
	legend []entry
}

// newPanel returns axes over [left, right] and [bottom, top], with nothing in them.
func newPanel(yLabel string, weight, left, right, bottom, top float64) *panel {
	p := &panel{Plot: plot.New(), yLabel: yLabel, weight: weight}
	p.BackgroundColor = nil
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Color, axis.Width = ink, hairline
		axis.Padding = 0
		axis.Tick.Color, axis.Tick.Width, axis.Tick.Length = ink, hairline, 2.5
		label := axis.Tick.Label
		axis.Tick.Label = tickText
		axis.Tick.Label.XAlign, axis.Tick.Label.YAlign = label.XAlign, label.YAlign
		axis.Label.TextStyle = axis.Tick.Label // its space also counts without a label
	}
	p.X.Min, p.X.Max, p.X.Tick.Marker = left, right, ticks(8)
	p.Y.Min, p.Y.Max, p.Y.Tick.Marker = bottom, top, ticks(5)
	return p
}

// grid draws a line at each mark of the axes, labelled or not.
type grid struct{}

func (grid) Plot(c draw.Canvas, p *plot.Plot) {
	style := draw.LineStyle{Color: faint, Width: hairline}
	x, y := p.Transforms(&c)
	for _, mark := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
		c.StrokeLine2(style, x(mark.Value), c.Min.Y, x(mark.Value), c.Max.Y)
	}
	for _, mark := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		c.StrokeLine2(style, c.Min.X, y(mark.Value), c.Max.X, y(mark.Value))
	}
}

// write draws the figure to path: an SVG or a PNG file, by its extension.
func (f *figure) write(path string) error { return write(path, f.height, f.draw) }

// write makes a file of what paint draws on a page of the figures' width.
func write(path string, height vg.Length, paint func(draw.Canvas)) error {
	var canvas vg.CanvasSizer
	var content io.WriterTo
	switch extension := filepath.Ext(path); extension {
	case ".svg":
		c := vgsvg.NewWith(vgsvg.UseWH(figureWidth, height))
		canvas, content = c, withFallbackFonts{c}
	case ".png":
		c := vgimg.NewWith(vgimg.UseWH(figureWidth, height), vgimg.UseDPI(pngDPI))
		canvas, content = c, vgimg.PngCanvas{Canvas: c}
	default:
		return fault.Inputf("cannot draw %s: the extension is %q, expected .svg or .png", path, extension)
	}
	paint(draw.New(canvas))
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := content.WriteTo(w)
		return err
	})
}

// edges are the distances from the border of a panel to that of its data.
type edges struct{ left, right, bottom, top vg.Length }

func (p *panel) edges(c draw.Canvas) edges {
	data := p.DataCanvas(c)
	return edges{data.Min.X - c.Min.X, c.Max.X - data.Max.X, data.Min.Y - c.Min.Y, c.Max.Y - data.Max.Y}
}

const (
	margin = vg.Length(6) // around the figure
	gap    = vg.Length(9) // between panels
)

// begin paints the page white, writes the title, and returns what is left.
func begin(c draw.Canvas, title string) draw.Canvas {
	c.SetColor(color.White)
	c.Fill(c.Rectangle.Path())
	c = draw.Crop(c, margin, -margin, margin, -margin)
	if title != "" {
		height := titleText.Height(title)
		c.FillText(titleText, vg.Point{X: c.Min.X, Y: c.Max.Y - height}, title)
		c.Max.Y -= height + gap
	}
	return c
}

func (f *figure) draw(c draw.Canvas) {
	c = begin(c, f.title)
	lowest := &f.panels[len(f.panels)-1].X
	lowest.Label.Text, lowest.Label.Padding = f.xLabel, 2
	lowest.Label.TextStyle = labelText
	lowest.Label.TextStyle.XAlign = draw.XCenter
	for _, p := range f.panels[:len(f.panels)-1] {
		p.X.Tick.Marker = unlabelled(p.X.Tick.Marker)
	}

	label := labelText
	label.Rotation, label.XAlign, label.YAlign = math.Pi/2, draw.XCenter, draw.YTop
	labels := label.Height("0") + 4
	for i, canvas := range f.layOut(draw.Crop(c, labels, 0, 0, 0)) {
		p := f.panels[i]
		p.Draw(canvas)
		data := p.DataCanvas(canvas)
		drawLegend(data, p.legend)
		c.FillText(label, vg.Point{X: c.Min.X, Y: data.Center().Y}, p.yLabel)
	}
}

// layOut gives each panel its part of c, so that their data are as wide as
// each other's and lie above each other. The heights of what stands around the
// data are taken off first, and the rest is shared by weight.
func (f *figure) layOut(c draw.Canvas) []draw.Canvas {
	var widest edges
	for _, p := range f.panels {
		e := p.edges(c)
		widest.left, widest.right = max(widest.left, e.left), max(widest.right, e.right)
	}
	left, right := c.Min.X+widest.left, c.Max.X-widest.right

	free, weights := c.Max.Y-c.Min.Y-gap*vg.Length(len(f.panels)-1), 0.0
	around := make([]vg.Length, len(f.panels)) // height of axis and tick labels
	for i, p := range f.panels {
		e := p.edges(c)
		around[i] = e.top + e.bottom
		free -= around[i] + legendHeight(p.legend, right-left)
		weights += p.weight
	}

	canvases := make([]draw.Canvas, len(f.panels))
	top := c.Max.Y
	for i, p := range f.panels {
		canvas := c
		canvas.Max.Y = top - legendHeight(p.legend, right-left)
		canvas.Min.Y = canvas.Max.Y - around[i] - free*vg.Length(p.weight/weights)
		for range 3 { // the edges depend a little on the width itself
			e := p.edges(canvas)
			canvas.Min.X, canvas.Max.X = left-e.left, right+e.right
		}
		canvases[i] = canvas
		top = canvas.Min.Y - gap
	}
	return canvases
}

// span widens [low, high] by a share of its length, and makes a proper range
// of an empty or (nearly) single-valued one.
func span(low, high, widen float64) (float64, float64) {
	switch {
	case low > high: // no data
		return 0, 1
	case high-low <= 1e-12*max(math.Abs(low), math.Abs(high), 1e-20):
		d := max(math.Abs(low)/2, 1e-3)
		return low - d, high + d
	}
	return low - widen*(high-low), high + widen*(high-low)
}

// note writes a line in the middle of a panel that has nothing to show.
type note string

func (n note) Plot(c draw.Canvas, _ *plot.Plot) {
	style := labelText
	style.Color, style.XAlign, style.YAlign = quiet, draw.XCenter, draw.YCenter
	c.FillText(style, c.Center(), string(n))
}

// finite reports whether v can be drawn: it is a number, and sums and products
// of a few such are numbers too.
func finite(v float64) bool { return math.Abs(v) < 1e100 }

// drawable reports whether an axis, logarithmic or not, has a place for v.
func drawable(v float64, logarithmic bool) bool {
	return finite(v) && (!logarithmic || v > 1e-100)
}

// withFallbackFonts names fonts of the same widths beside the one of the
// program, for viewers that do not have it.
type withFallbackFonts struct{ io.WriterTo }

func (f withFallbackFonts) WriteTo(w io.Writer) (int64, error) {
	var svg bytes.Buffer
	if _, err := f.WriterTo.WriteTo(&svg); err != nil {
		return 0, err
	}
	b := bytes.ReplaceAll(svg.Bytes(),
		[]byte("font-family:Liberation Sans;"), []byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
	b = bytes.ReplaceAll(b, []byte("data:image/jpg;base64,iVBORw0KGgo"), []byte("data:image/png;base64,iVBORw0KGgo")) // it is PNG
	n, err := w.Write(b)
	return int64(n), err
}
