// Package plot draws the pictures of a run: curves over training steps, and
// one trial of a spiking network. All pictures share one style, and the same
// data give the same bytes.
package plot

import (
	"image/color"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

var (
	ink   = color.RGBA{R: 0x26, G: 0x26, B: 0x26, A: 0xff} // text and axes
	quiet = color.RGBA{R: 0x75, G: 0x75, B: 0x75, A: 0xff} // what stands back: references
	faint = color.RGBA{R: 0xe6, G: 0xe6, B: 0xe6, A: 0xff} // grid
	shade = color.RGBA{R: 0xf0, G: 0xf0, B: 0xec, A: 0xff} // windows of time
)

// palette is that of Okabe and Ito (2008), which colour-blind readers tell
// apart; its yellow is left out, being too light for lines on white.
var palette = []color.RGBA{
	{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}, // blue
	{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}, // vermillion
	{R: 0x00, G: 0x9e, B: 0x73, A: 0xff}, // bluish green
	{R: 0xcc, G: 0x79, B: 0xa7, A: 0xff}, // reddish purple
	{R: 0xe6, G: 0x9f, B: 0x00, A: 0xff}, // orange
	{R: 0x56, G: 0xb4, B: 0xe9, A: 0xff}, // sky blue
	{R: 0x00, G: 0x00, B: 0x00, A: 0xff}, // black
}

const (
	blue = iota
	vermillion
	green
	purple
)

const (
	lineWidth = vg.Length(1.1) // points, as all lengths
	hairline  = vg.Length(0.5)
)

var dashes = []vg.Length{3.5, 2}

// seriesStyle is the line of the i-th of several series. Beyond the colours,
// they are told apart by dashes.
func seriesStyle(i int) draw.LineStyle {
	style := draw.LineStyle{Color: palette[i%len(palette)], Width: lineWidth}
	if i/len(palette)%2 == 1 {
		style.Dashes = dashes
	}
	return style
}

// lighter mixes c with white; 0 leaves it, 1 gives white.
func lighter(c color.Color, amount float64) color.Color {
	r, g, b, _ := c.RGBA()
	mix := func(v uint32) uint8 { return uint8(float64(v>>8)*(1-amount) + 255*amount) }
	return color.RGBA{R: mix(r), G: mix(g), B: mix(b), A: 0xff}
}

// sans is a text style; the fonts come with the program.
func sans(size vg.Length) text.Style {
	return text.Style{
		Color:   ink,
		Font:    font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, size),
		XAlign:  draw.XLeft,
		YAlign:  draw.YBottom,
		Handler: text.Plain{Fonts: font.DefaultCache},
	}
}

var (
	titleText  = sans(10)
	labelText  = sans(8.5)
	tickText   = sans(7.5)
	legendText = sans(8)
)
