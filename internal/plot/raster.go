package plot

import (
	"image"
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/snnctl/snnctl/internal/tensor"
)

// Raster is the spikes of a population in one trial.
type Raster struct {
	Name    string
	Neurons int
	Spikes  []Spike // of neurons in [0, Neurons)
}

// Spike is one spike of a neuron.
type Spike struct{ Step, Neuron int }

// NewRaster takes the spikes of count neurons from first on, in trial lane.
func NewRaster(name string, s *tensor.Spikes, lane, first, count int) Raster {
	r := Raster{Name: name, Neurons: count}
	for t := range s.T {
		for i, word := range s.Step(t)[first : first+count] {
			if word>>lane&1 != 0 {
				r.Spikes = append(r.Spikes, Spike{t, i})
			}
		}
	}
	return r
}

// strokesAtMost is how many spikes are drawn as strokes; more make an image,
// whose size does not grow with them.
const strokesAtMost = 40_000

// leastShare of the panel's height goes to a population however small it is.
const leastShare = 0.06

// addRasters stacks populations, the first at the bottom, each in its colour.
func (p *panel) addRasters(populations []Raster, colours []color.RGBA) {
	neurons := 0
	for _, r := range populations {
		neurons += r.Neurons
	}
	var marks []plot.Tick
	below := 0.0
	for i, r := range populations {
		if below > 0 {
			p.Add(divider(below))
		}
		height := max(float64(r.Neurons), leastShare*float64(neurons))
		p.Add(strokes{r, below, height, colours[i%len(colours)]})
		marks = append(marks, plot.Tick{Value: below + height/2, Label: r.Name})
		below += height
	}
	p.Y.Min, p.Y.Max = 0, max(1, below)
	p.Y.Tick.Marker, p.Y.Tick.Length = plot.ConstantTicks(marks), 0
}

// divider is the border between two populations.
type divider float64

func (d divider) Plot(c draw.Canvas, p *plot.Plot) {
	_, toY := p.Transforms(&c)
	c.StrokeLine2(draw.LineStyle{Color: lighter(quiet, 0.4), Width: hairline}, c.Min.X, toY(float64(d)), c.Max.X, toY(float64(d)))
}

// strokes draws each spike as an upright stroke in the row of its neuron.
type strokes struct {
	Raster
	below, height float64 // on the y axis
	colour        color.RGBA
}

func (s strokes) Plot(c draw.Canvas, p *plot.Plot) {
	if len(s.Spikes) > strokesAtMost {
		s.plotImage(c, p)
		return
	}
	toX, toY := p.Transforms(&c)
	perNeuron := s.height / float64(s.Neurons)
	row := toY(perNeuron) - toY(0)
	half := max(0.8*row, 0.9) / 2 // what is visible, even if rows then overlap
	width := toX(1) - toX(0)
	c.SetLineStyle(draw.LineStyle{Color: s.colour, Width: min(max(width, 0.45), 0.8)})
	// In pieces, because the time to fill a path of pixels grows with the square
	// of its length.
	for piece := range slices.Chunk(s.Spikes, 1000) {
		var path vg.Path
		for _, spike := range piece {
			x := toX(float64(spike.Step) + 0.5)
			y := toY(s.below + (float64(spike.Neuron)+0.5)*perNeuron)
			path.Move(vg.Point{X: x, Y: max(c.Min.Y, y-half)})
			path.Line(vg.Point{X: x, Y: min(c.Max.Y, y+half)})
		}
		c.Stroke(path)
	}
}

// plotImage draws the spikes as pixels, a few steps to a column.
func (s strokes) plotImage(c draw.Canvas, p *plot.Plot) {
	const columnsAtMost = 1600
	steps := int(p.X.Max)
	columns := min(steps, columnsAtMost)
	picture := image.NewPaletted(image.Rect(0, 0, columns, s.Neurons), color.Palette{color.RGBA{}, s.colour})
	for _, spike := range s.Spikes {
		picture.SetColorIndex(spike.Step*columns/steps, s.Neurons-1-spike.Neuron, 1)
	}
	toX, toY := p.Transforms(&c)
	c.DrawImage(vg.Rectangle{
		Min: vg.Point{X: toX(0), Y: toY(s.below)},
		Max: vg.Point{X: toX(float64(steps)), Y: toY(s.below + s.height)},
	}, picture)
}
