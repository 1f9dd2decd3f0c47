package plot

import (
	"image"
	"image/color"
	"image/png"
	"io"

	"github.com/snnctl/snnctl/internal/atomicfile"
)

// Tiles are small pictures side by side, such as the filters of a layer.
type Tiles struct {
	Columns int
	Tiles   []Tile // of one size
}

// Tile is a grey picture of one channel, or red, green and blue of three.
type Tile struct {
	Channels, Height, Width int
	Values                  []float64 // [channels][height][width], from 0 to 1
}

// Centred is a tile of values around 0, which become a middle grey; the greatest, or
// the least, becomes white, or black.
func Centred(channels, height, width int, values []float64) Tile {
	greatest := 0.0
	for _, v := range values {
		greatest = max(greatest, v, -v)
	}
	t := Tile{channels, height, width, make([]float64, len(values))}
	for i, v := range values {
		t.Values[i] = 0.5
		if greatest > 0 {
			t.Values[i] += v / greatest / 2
		}
	}
	return t
}

// Write draws the tiles to path, a PNG file, each magnified to about 64 points.
func (t Tiles) Write(path string) error {
	const wanted, gap = 64, 2
	picture := image.NewRGBA(image.Rectangle{})
	if len(t.Tiles) > 0 {
		first := t.Tiles[0]
		scale := max(1, wanted/max(first.Height, first.Width))
		right, down := first.Width*scale+gap, first.Height*scale+gap
		rows := (len(t.Tiles) + t.Columns - 1) / t.Columns
		picture = image.NewRGBA(image.Rect(0, 0, min(t.Columns, len(t.Tiles))*right-gap, rows*down-gap))
		for i, tile := range t.Tiles {
			tile.draw(picture, i%t.Columns*right, i/t.Columns*down, scale)
		}
	}
	return atomicfile.Write(path, func(w io.Writer) error { return png.Encode(w, picture) })
}

func (t Tile) draw(to *image.RGBA, left, top, scale int) {
	for y := range t.Height * scale {
		for x := range t.Width * scale {
			at := y/scale*t.Width + x/scale
			var rgb [3]uint8
			for k := range rgb {
				v := t.Values[k%t.Channels*t.Height*t.Width+at]
				rgb[k] = uint8(255*min(max(v, 0), 1) + 0.5)
			}
			to.SetRGBA(left+x, top+y, color.RGBA{rgb[0], rgb[1], rgb[2], 255})
		}
	}
}
