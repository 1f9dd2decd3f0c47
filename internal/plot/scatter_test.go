package plot

import (
	"bytes"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// Every finite point is a dot, and no data are no error.
func TestScatter(t *testing.T) {
	dir := t.TempDir()
	dots := func(x, y []float64) int {
		path := filepath.Join(dir, "scatter.svg")
		s := Scatter{XLabel: "data", YLabel: "model", Diagonal: true, Series: []Points{{Name: "pairs", X: x, Y: y}}}
		if err := s.Write(path); err != nil {
			t.Fatal(err)
		}
		svg, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Count(svg, []byte("<path"))
	}
	two := dots([]float64{0, 1}, []float64{0, 1})
	if got := dots([]float64{0, 0.5, math.NaN(), 1}, []float64{0, 0.2, 0.3, 1}); got != two+1 {
		t.Errorf("one point more, and one that is no number, are %d shapes more", got-two)
	}
	dots(nil, nil)
}

// The colours of a matrix: white for 0, full at the end of the scale, and nothing for NaN.
func TestMatrixColours(t *testing.T) {
	m := Matrix{Rows: 2, Columns: 2, Values: []float64{0, 2, -2, math.NaN()}}
	p := m.picture(2)
	for i, want := range []color.RGBA{{255, 255, 255, 255}, palette[vermillion], palette[blue], {255, 255, 255, 255}} {
		cell := p.Bounds().Dx() / 2
		if got := p.At(i%2*cell+cell/2, i/2*cell+cell/2); got != color.Color(want) {
			t.Errorf("value %v is %v, want %v", m.Values[i], got, want)
		}
	}
	for _, name := range []string{"m.svg", "m.png"} {
		all := Matrices{Title: "t", XLabel: "from", YLabel: "to", Matrices: []Matrix{m, {}, m}, Borders: []int{1}}
		if err := all.Write(filepath.Join(t.TempDir(), name)); err != nil {
			t.Error(err)
		}
	}
}
