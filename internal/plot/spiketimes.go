package plot

import (
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// SpikeTimes is one trial of a network whose layers fire one after the other, each neuron
// at most once, in continuous time.
type SpikeTimes struct {
	Title  string
	XLabel string  // with its unit
	End    float64 // of the time axis, which starts at 0
	Layers []FiringLayer
}

// FiringLayer is a layer, drawn as a row of its own, the first at the bottom.
type FiringLayer struct {
	Name    string
	Neurons int
	Window  [2]float64 // in which it may fire; shaded
	Spikes  []FiringTime
}

// FiringTime is when a neuron, from 0 on, fires.
type FiringTime struct {
	Time   float64
	Neuron int
}

// firingsAtMost is how many spikes of a layer are drawn: more lie on each other.
const firingsAtMost = 4000

// Write draws the trial to path, an SVG or a PNG file by its extension.
func (s SpikeTimes) Write(path string) error {
	f := &figure{title: s.Title, xLabel: s.XLabel, height: vg.Length(0.9+0.55*float64(max(2, len(s.Layers)))) * vg.Inch}
	p := newPanel("layer", 1, 0, max(s.End, 1e-9), 0, float64(max(1, len(s.Layers))))
	marks := []plot.Tick{}
	for i, layer := range s.Layers {
		p.Add(firings{layer, float64(i), palette[i%len(palette)]})
		marks = append(marks, plot.Tick{Value: float64(i) + 0.5, Label: layer.Name})
		if i > 0 {
			p.Add(divider(i))
		}
	}
	if len(s.Layers) == 0 {
		p.Add(note("no layers"))
	}
	p.Y.Tick.Marker, p.Y.Tick.Length = plot.ConstantTicks(marks), 0
	f.panels = append(f.panels, p)
	return f.write(path)
}

// firings draws the spikes of a layer between below and below + 1 on the y axis.
type firings struct {
	FiringLayer
	below  float64
	colour color.RGBA
}

func (l firings) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	c.SetColor(shade)
	c.Fill(vg.Rectangle{Min: vg.Point{X: toX(l.Window[0]), Y: toY(l.below)}, Max: vg.Point{X: toX(l.Window[1]), Y: toY(l.below + 1)}}.Path())
	every := (len(l.Spikes) + firingsAtMost - 1) / firingsAtMost
	half := max(0.8*(toY(1)-toY(0))/vg.Length(max(1, l.Neurons)), 1.2) / 2
	c.SetLineStyle(draw.LineStyle{Color: l.colour, Width: 0.6})
	for piece := range slices.Chunk(l.Spikes, 1000) {
		var path vg.Path
		for i, spike := range piece {
			if i%max(1, every) != 0 || !finite(spike.Time) {
				continue
			}
			x, y := toX(spike.Time), toY(l.below+(float64(spike.Neuron)+0.5)/float64(l.Neurons))
			path.Move(vg.Point{X: x, Y: max(toY(l.below), y-half)})
			path.Line(vg.Point{X: x, Y: min(toY(l.below+1), y+half)})
		}
		c.Stroke(path)
	}
}
