package plot

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// Every finite value is a square, and no data are no error.
func TestGrids(t *testing.T) {
	dir := t.TempDir()
	draw := func(values [][]float64) []byte {
		path := filepath.Join(dir, "grids.svg")
		if err := (Grids{XLabel: "step", Grids: []Grid{{Name: "input", Values: values, Lines: []string{"a", "", "c"}}}}).Write(path); err != nil {
			t.Fatal(err)
		}
		svg, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return svg
	}
	fills := func(svg []byte) int { return bytes.Count(svg, []byte("<path")) + bytes.Count(svg, []byte("<rect")) }
	three := fills(draw([][]float64{{0, 0.5}, {1, math.NaN()}}))
	five := fills(draw([][]float64{{0, 0.5}, {1, math.NaN()}, {2, -1}}))
	if five-three != 2 {
		t.Errorf("two values more are %d shapes more", five-three)
	}
	draw(nil)
}
