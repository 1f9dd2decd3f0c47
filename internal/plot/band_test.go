package plot

import (
	"math"
	"testing"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"
)

// A band is as high above a line as below it, and as high as the errors say; where one is
// missing there is none.
func TestBandsLieAroundTheirLine(t *testing.T) {
	var c recorder.Canvas
	p := newPanel("", 1, 0, 3, 0, 10)
	b := band{line{x: []float64{0, 1, 2, 3}, y: []float64{5, 5, 5, 5}, errors: []float64{1, 2, math.NaN(), 4}, style: seriesStyle(0)}}
	canvas := draw.NewCanvas(&c, 300, 100)
	b.Plot(canvas, p.Plot)
	var filled []vg.Path
	for _, action := range c.Actions {
		if fill, ok := action.(*recorder.Fill); ok {
			filled = append(filled, fill.Path)
		}
	}
	if len(filled) != 1 {
		t.Fatalf("%d areas are filled, want one", len(filled))
	}
	for x, half := range map[vg.Length]vg.Length{0: 10, 100: 20, 300: 40} {
		var low, high vg.Length = 100, 0
		for _, corner := range filled[0] {
			if corner.Type != vg.CloseComp && math.Abs(float64(corner.Pos.X-x)) < 1e-9 {
				low, high = min(low, corner.Pos.Y), max(high, corner.Pos.Y)
			}
		}
		if math.Abs(float64(low-(50-half)))+math.Abs(float64(high-(50+half))) > 1e-9 {
			t.Errorf("at %v the band is from %v to %v, want %v around 50", x, low, high, half)
		}
	}
}
