package plot

import (
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

func TestTilesShowTheirValuesInPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tiles.png")
	tiles := Tiles{Columns: 2, Tiles: []Tile{
		Centred(1, 2, 2, []float64{-2, 0, 1, 2}),
		{Channels: 3, Height: 2, Width: 2, Values: []float64{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}},
		Centred(1, 2, 2, make([]float64, 4)),
	}}
	if err := tiles.Write(path); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	const side = 64
	for _, c := range []struct {
		x, y    int
		r, g, b uint32
	}{
		{10, 10, 0, 0, 0}, {40, 10, 128, 128, 128}, {10, 40, 191, 191, 191}, {40, 40, 255, 255, 255},
		{side + 2 + 10, 10, 255, 0, 0}, {side + 2 + 40, 10, 0, 255, 0}, {side + 2 + 10, 40, 0, 0, 255}, {side + 2 + 40, 40, 0, 0, 0},
		{10, side + 2 + 10, 128, 128, 128},
	} {
		if r, g, b, _ := picture.At(c.x, c.y).RGBA(); r>>8 != c.r || g>>8 != c.g || b>>8 != c.b {
			t.Errorf("the point (%d, %d) is %d, %d, %d, want %d, %d, %d", c.x, c.y, r>>8, g>>8, b>>8, c.r, c.g, c.b)
		}
	}
	if size := picture.Bounds().Size(); size.X != 2*side+2 || size.Y != 2*side+2 {
		t.Errorf("the picture has %v points", size)
	}
}
