package plot

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// Session is the spikes of a whole recording session, over seconds.
type Session struct {
	Title       string
	Duration    int      // ms
	Populations []Raster // from the bottom up; a step is 1 ms
}

// Write draws the session to path, an SVG or a PNG file by its extension.
func (s Session) Write(path string) error {
	p := newPanel("neurons", 1, 0, float64(max(1, s.Duration)), 0, 1)
	p.addRasters(s.Populations, palette)
	p.X.Tick.Marker = thousandths(ticks(8))
	f := &figure{title: s.Title, xLabel: "time (s)", height: 3.5 * vg.Inch, panels: []*panel{p}}
	return f.write(path)
}

// thousandths marks an axis in thousands of its own unit.
func thousandths(ticker plot.Ticker) plot.TickerFunc {
	return func(low, high float64) []plot.Tick {
		marks := ticker.Ticks(low/1000, high/1000)
		for i := range marks {
			marks[i].Value *= 1000
		}
		return marks
	}
}
