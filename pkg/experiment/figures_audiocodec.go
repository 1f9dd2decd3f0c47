package experiment

import (
	"fmt"
	"path/filepath"

	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/pkg/learning/autoencoder"
	"github.com/snnctl/snnctl/pkg/metrics/selectivity"
)

// drawnSeconds of the first test piece are drawn.
const drawnSeconds = 12

// draw draws the events of the test over the notes that were played, and which unit answers
// to which key.
func (x *audioCodec[F]) draw(dir string) error {
	return x.WithAverages(func() error { return x.drawAll(dir) })
}

func (x *audioCodec[F]) drawAll(dir string) error {
	coded, err := x.Code("test", 0)
	if err != nil {
		return err
	}
	if err := x.drawRoll(coded[0], dir); err != nil {
		return err
	}
	if x.Net.Vectors == nil || x.Net.Spec.Nested {
		if err := x.drawRates(dir); err != nil {
			return err
		}
	}
	if x.Net.Vectors != nil {
		return nil
	}
	rec := recording(coded, x.Net.Spec.FrameRate())
	if len(rec.Onsets) == 0 {
		return nil
	}
	return drawResponses(selectivity.Test(rec, x.Net.Spec.FrameRate(), 0, x.Seed, x.Threads), dir)
}

// The curve of rate and distortion has points for thresholds of l, and, of nested models, for parts of the units that are left out.
var (
	thresholds = []float64{0, 0.15, 0.3, 0.5, 0.75, 1, 1.4, 2}
	leftOut    = []float64{0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875}
)

// drawRates draws how good the first test piece sounds at how many bits, as fewer and fewer
// of its events are kept.
func (x *audioCodec[F]) drawRates(dir string) error {
	parts, title := thresholds, "Rate and distortion, by the threshold of events"
	if x.Net.Spec.Nested {
		parts, title = leftOut, "Rate and distortion, by the number of units or codebooks"
	}
	points, err := x.RateDistortion(parts)
	if err != nil {
		return err
	}
	mel, snr := plot.Series{Name: "events, range coder", Markers: true}, plot.Series{Name: "events, range coder", Markers: true}
	for _, p := range points {
		mel.X, mel.Y = append(mel.X, p.Kbps), append(mel.Y, p.LogMel)
		snr.X, snr.Y = append(snr.X, p.Kbps), append(snr.Y, p.SISNR)
	}
	chart := plot.Chart{Title: title, XLabel: "kbit/s",
		Panels: []plot.Panel{{YLabel: "log-mel distance", Series: []plot.Series{mel}}, {YLabel: "SI-SNR (dB)", Series: []plot.Series{snr}}}}
	return chart.Write(filepath.Join(dir, "rate-distortion.svg"))
}

// drawRoll draws the notes of the beginning of a piece, and below them its events; units in the order of
// the keys that they prefer.
func (x *audioCodec[F]) drawRoll(c autoencoder.Coded, dir string) error {
	rate := x.Net.Spec.FrameRate()
	frames := min(c.Code.Frames(), int(drawnSeconds*rate))
	place := make([]int, c.Code.Units()) // of a unit in the picture
	for n := range place {
		place[n] = n
	}
	ms := func(frame float64) int { return int(frame / rate * 1000) }
	session := plot.Session{Title: fmt.Sprintf("Events and notes of %s", c.Piece.Name), Duration: ms(float64(frames))}
	if len(c.Piece.Notes) > 0 && x.Net.Vectors == nil {
		res := selectivity.Test(recording([]autoencoder.Coded{c}, rate), rate, 0, x.Seed, x.Threads)
		place = byKey(res)
	}
	events := plot.Raster{Name: "units", Neurons: c.Code.Units()}
	for cell := range c.Code.Events {
		if t := cell / c.Code.Units(); t < frames {
			events.Spikes = append(events.Spikes, plot.Spike{Step: ms(float64(t)), Neuron: place[cell%c.Code.Units()]})
		}
	}
	session.Populations = append(session.Populations, events)
	if low, high := keyRange(c); high >= low {
		roll := plot.Raster{Name: "keys", Neurons: high - low + 1}
		for _, n := range c.Piece.Notes {
			for t := n.Onset; t < n.Onset+n.Duration && t*rate < float64(frames); t += 1 / rate {
				roll.Spikes = append(roll.Spikes, plot.Spike{Step: int(t * 1000), Neuron: n.Key - low})
			}
		}
		session.Populations = append(session.Populations, roll)
	}
	return session.Write(filepath.Join(dir, "piano-roll.svg"))
}

func keyRange(c autoencoder.Coded) (low, high int) {
	low, high = 128, -1
	for _, n := range c.Piece.Notes {
		low, high = min(low, n.Key), max(high, n.Key)
	}
	return low, high
}

// byKey orders units by the key that they prefer, those that are silent last.
func byKey(res *selectivity.Result) []int {
	place := make([]int, len(res.Units))
	at := 0
	for _, key := range append(append([]int(nil), res.Keys...), -1) {
		for n, u := range res.Units {
			if u.Key == key {
				place[n] = at
				at++
			}
		}
	}
	return place
}

// drawResponses draws the matrix of units and keys: how often a unit has an event at its
// best lag after a stroke of a key, divided by its greatest.
func drawResponses(res *selectivity.Result, dir string) error {
	place := byKey(res)
	rows := make([][]float64, len(res.Units))
	for n := range res.Units {
		most := 0.0
		for _, r := range res.Response[n] {
			most = max(most, r)
		}
		row := make([]float64, len(res.Keys))
		for k, r := range res.Response[n] {
			if most > 0 {
				row[k] = r / most
			}
		}
		rows[place[n]] = row
	}
	g := plot.Grids{Title: "Events after the stroke of a key, of each unit's greatest", XLabel: "piano key, by pitch", Grids: []plot.Grid{{Name: "units", Values: rows}}}
	return g.Write(filepath.Join(dir, "responses.svg"))
}
