package plot

import (
	"bytes"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"

	"github.com/snnctl/snnctl/internal/fault"
)

func somePaths() Paths {
	circle := Path{Name: "a circle"}
	for i := range 101 {
		phi := 2 * math.Pi * float64(i) / 100
		circle.X, circle.Y = append(circle.X, math.Cos(phi)), append(circle.Y, math.Sin(phi))
	}
	corner := Path{Name: "a corner", X: []float64{0, 0, 1}, Y: []float64{1, 0, 0}, Target: true}
	return Paths{Title: "paths", Range: [2]float64{-1.1, 1.1}, Columns: 2,
		Maps: []Map{{Name: "one", Paths: []Path{corner, circle}}, {Name: "two", Paths: []Path{circle}},
			{Name: "three", Circles: []Circle{{Name: "a border", Radius: 1}, {Name: "a place", X: 0.5, Y: -0.5, Radius: 0.2}}}}}
}

func TestPathsSayWhatTheyShow(t *testing.T) {
	svg := content(t, somePaths(), ".svg")
	for _, want := range []string{"paths", "one", "two", "three", "a circle", "a corner", "a border", "a place"} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("the picture does not say %q", want)
		}
	}
	if n := strings.Count(string(svg), "a circle"); n != 1 {
		t.Errorf("the legend names the circle %d times", n)
	}
	if !bytes.Equal(svg, content(t, somePaths(), ".svg")) {
		t.Error("two drawings differ")
	}
	content(t, somePaths(), ".png")
	content(t, Paths{}, ".svg")
	if err := somePaths().Write(filepath.Join(t.TempDir(), "a.gif")); !fault.IsInput(err) {
		t.Errorf("a .gif: error %v, want one about the input", err)
	}
}

// A circle is as high as it is wide.
func TestMapsKeepShapes(t *testing.T) {
	p := somePaths()
	styles, _ := p.styles()
	for _, m := range []Map{{Paths: p.Maps[1].Paths}, {Circles: p.Maps[2].Circles[:1]}} {
		roundIn(t, p, m, styles)
	}
}

func roundIn(t *testing.T, p Paths, m Map, styles map[string]draw.LineStyle) {
	t.Helper()
	var c recorder.Canvas
	canvas := draw.NewCanvas(&c, 150, 170)
	p.draw(canvas, m, styles)
	var most vg.Length
	for _, action := range c.Actions {
		stroke, ok := action.(*recorder.Stroke)
		if !ok || len(stroke.Path) < 20 {
			continue
		}
		low, high := stroke.Path[0].Pos, stroke.Path[0].Pos
		for _, at := range stroke.Path {
			low.X, low.Y = min(low.X, at.Pos.X), min(low.Y, at.Pos.Y)
			high.X, high.Y = max(high.X, at.Pos.X), max(high.Y, at.Pos.Y)
		}
		if w, h := high.X-low.X, high.Y-low.Y; math.Abs(float64(w-h)) > 0.5 {
			t.Errorf("the circle is %v wide and %v high", w, h)
		} else {
			most = max(most, w)
		}
	}
	if most < 50 {
		t.Errorf("the circle is %v wide", most)
	}
}
