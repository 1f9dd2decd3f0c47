package plot

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Trial is one trial of a spiking network, drawn as panels over the same time:
// the input, the recurrent spikes, a few neurons from within, and the readout.
// A part that is empty is left out.
type Trial struct {
	Title     string
	Steps     int      // of 1 ms
	Input     []Raster // from the bottom up
	Recurrent []Raster // from the bottom up: LIF below ALIF
	Neurons   []Neuron
	Signals   []Signals
	Readout   []Trace // one a class
	Windows   []Window

	ReadoutLabel string // of the y axis; "readout" if empty
	WindowLabel  string // of Windows; "decision window" if empty
}

// Neuron is the membrane potential and the effective threshold of one neuron,
// in the same unit, and the steps of its spikes.
type Neuron struct {
	Name      string // such as "ALIF 3"
	Potential []float64
	Threshold []float64
	Spikes    []int
}

// Trace is a value in each step.
type Trace struct {
	Name   string
	Values []float64
}

// Signals is a panel of traces in one unit.
type Signals struct {
	Label  string
	Traces []Trace
}

// Window is the steps [Start, End) that a decision is read from, and the index
// in Readout of the class that is right.
type Window struct{ Start, End, Target int }

// The colours of input populations stand back behind those of the recurrent
// ones, which come from the palette.
var inputColours = []color.RGBA{
	{R: 0x4d, G: 0x4d, B: 0x4d, A: 0xff},
	{R: 0x80, G: 0x80, B: 0x80, A: 0xff},
}

// Write draws the trial to path, an SVG or a PNG file by its extension.
func (t Trial) Write(path string) error {
	f := &figure{title: t.Title, xLabel: "time (ms)", height: 0.6 * vg.Inch}
	add := func(p *panel) {
		f.panels = append(f.panels, p)
		f.height += vg.Length(p.weight+0.13)*vg.Inch + legendHeight(p.legend, figureWidth)
	}
	if len(t.Input) > 0 {
		p := t.newPanel("input", 1.1)
		p.addRasters(t.Input, inputColours)
		add(p)
	}
	if len(t.Recurrent) > 0 {
		p := t.newPanel("network", 1.5)
		p.addRasters(t.Recurrent, palette)
		add(p)
	}
	for i, n := range t.Neurons {
		p := t.newPanel(n.Name, 0.6)
		p.addNeuron(n)
		if i > 0 {
			p.legend = nil
		}
		add(p)
	}
	named := map[string]bool{} // traces that a panel above has in its legend
	for _, s := range t.Signals {
		p := t.newPanel(s.Label, 0.75)
		p.addReadout(s.Traces, nil, "")
		p.legend = slices.DeleteFunc(p.legend, func(e entry) bool { return named[e.name] })
		for _, e := range p.legend {
			named[e.name] = true
		}
		add(p)
	}
	if len(t.Readout) > 0 {
		p := t.newPanel(t.readoutLabel(), 1.1)
		p.addReadout(t.Readout, t.Windows, t.windowLabel())
		add(p)
	}
	if len(f.panels) == 0 {
		p := t.newPanel("", 1)
		p.Add(note("no data"))
		add(p)
	}
	return f.write(path)
}

func (t Trial) readoutLabel() string {
	if t.ReadoutLabel != "" {
		return t.ReadoutLabel
	}
	return "readout"
}

func (t Trial) windowLabel() string {
	if t.WindowLabel != "" {
		return t.WindowLabel
	}
	return "decision window"
}

// newPanel returns a panel over the time of the trial, with the windows shaded;
// its weight is its height in inches.
func (t Trial) newPanel(yLabel string, weight float64) *panel {
	p := newPanel(yLabel, weight, 0, float64(max(1, t.Steps)), 0, 1)
	p.Y.Tick.Marker = ticks(3)
	for _, w := range t.Windows {
		p.Add(windowShade(w))
	}
	return p
}

// addNeuron draws the potential and the threshold, and above them the spikes.
func (p *panel) addNeuron(n Neuron) {
	potential := draw.LineStyle{Color: palette[blue], Width: 0.8}
	threshold := draw.LineStyle{Color: palette[vermillion], Width: 0.9, Dashes: dashes}
	spike := draw.LineStyle{Color: ink, Width: 0.8}
	low, high := rangeOf(n.Potential, n.Threshold)
	if low > high {
		p.Add(note("no data"))
	}
	p.Y.Min, p.Y.Max = span(low, high, 0.08)
	p.Y.Max += 0.2 * (p.Y.Max - p.Y.Min) // room for the spikes
	p.Add(line{x: times(n.Potential), y: n.Potential, style: potential},
		line{x: times(n.Threshold), y: n.Threshold, style: threshold}, spikeTicks{n.Spikes, spike})
	p.legend = []entry{{name: "membrane potential v", style: potential}, {name: "threshold A", style: threshold}, {name: "spike", style: spike, tick: true}}
}

// addReadout draws a trace a class, and in each window the class that is right.
func (p *panel) addReadout(traces []Trace, windows []Window, windowLabel string) {
	var all [][]float64
	for _, trace := range traces {
		all = append(all, trace.Values)
	}
	low, high := rangeOf(all...)
	if low > high {
		p.Add(note("no data"))
	}
	p.Y.Min, p.Y.Max = span(low, high, 0.06)
	if len(windows) > 0 {
		p.Y.Max += 0.22 * (p.Y.Max - p.Y.Min) // room for the targets
	}
	targets := map[int]bool{}
	for _, w := range windows {
		targets[w.Target] = true
	}
	for i, trace := range traces {
		p.legend = append(p.legend, entry{name: trace.Name, style: seriesStyle(i)})
		if !targets[i] {
			style := seriesStyle(i)
			if len(traces) > 4 { // many others: they stand back
				style.Color, style.Width = lighter(style.Color, 0.45), 0.7
			}
			p.Add(line{x: times(trace.Values), y: trace.Values, style: style})
		}
	}
	for i, trace := range traces {
		if targets[i] { // on top
			p.Add(line{x: times(trace.Values), y: trace.Values, style: seriesStyle(i)})
		}
	}
	for _, w := range windows {
		if w.Target >= 0 && w.Target < len(traces) {
			p.Add(target{w, "target: " + traces[w.Target].Name, seriesStyle(w.Target).Color})
		}
	}
	if len(windows) > 0 {
		p.legend = append(p.legend, entry{name: windowLabel, style: draw.LineStyle{Color: shade}, box: true})
	}
}

// times are the middles of the steps.
func times(values []float64) []float64 {
	x := make([]float64, len(values))
	for i := range x {
		x[i] = float64(i) + 0.5
	}
	return x
}

// rangeOf is [∞, -∞] where there is nothing finite.
func rangeOf(series ...[]float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, values := range series {
		for _, v := range values {
			if finite(v) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	return low, high
}

// windowShade fills the time of a window over the whole height.
type windowShade Window

func (w windowShade) Plot(c draw.Canvas, p *plot.Plot) {
	left, right := Window(w).edges(c, p)
	c.FillPolygon(shade, []vg.Point{{X: left, Y: c.Min.Y}, {X: right, Y: c.Min.Y}, {X: right, Y: c.Max.Y}, {X: left, Y: c.Max.Y}})
}

func (w Window) edges(c draw.Canvas, p *plot.Plot) (left, right vg.Length) {
	toX, _ := p.Transforms(&c)
	within := func(x vg.Length) vg.Length { return min(max(x, c.Min.X), c.Max.X) }
	return within(toX(float64(w.Start))), within(toX(float64(w.End)))
}

// target marks the class that is right by a bar in its colour, and its name.
type target struct {
	window Window
	text   string
	colour color.Color
}

func (t target) Plot(c draw.Canvas, p *plot.Plot) {
	const bar = 2.5
	left, right := t.window.edges(c, p)
	c.FillPolygon(t.colour, []vg.Point{{X: left, Y: c.Max.Y - bar}, {X: right, Y: c.Max.Y - bar}, {X: right, Y: c.Max.Y}, {X: left, Y: c.Max.Y}})
	style := tickText
	style.XAlign, style.YAlign = draw.XCenter, draw.YTop
	half := style.Width(t.text)/2 + 2
	middle := min(max((left+right)/2, c.Min.X+half), c.Max.X-half)
	c.FillText(style, vg.Point{X: middle, Y: c.Max.Y - bar - 1}, t.text)
}

// spikeTicks draws spikes as strokes along the upper edge.
type spikeTicks struct {
	steps []int
	style draw.LineStyle
}

func (s spikeTicks) Plot(c draw.Canvas, p *plot.Plot) {
	toX, _ := p.Transforms(&c)
	height := c.Max.Y - c.Min.Y
	var path vg.Path
	for _, step := range s.steps {
		x := toX(float64(step) + 0.5)
		path.Move(vg.Point{X: x, Y: c.Max.Y - 0.13*height})
		path.Line(vg.Point{X: x, Y: c.Max.Y})
	}
	if len(path) > 0 {
		c.SetLineStyle(s.style)
		c.Stroke(path)
	}
}
