package imagefolder

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"math"

	"golang.org/x/image/draw"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
)

// mostPixels bounds the memory that a decoded picture takes: about 256 MiB.
const mostPixels = 64 << 20

// decoder makes an image of the wanted shape out of a picture's bytes. It keeps
// its memory; one goroutine at a time may use it.
type decoder struct {
	shape   pixels.Shape
	shorter int // side of the scaled picture in pixels; 0 leaves pictures as large as they are
	content []byte
	rgba    *image.RGBA
}

// format is that of a picture, whatever its name.
func format(content []byte) (decode func(*bytes.Reader) (image.Image, error), config func(*bytes.Reader) (image.Config, error), err error) {
	switch {
	case bytes.HasPrefix(content, []byte{0xff, 0xd8}):
		return func(r *bytes.Reader) (image.Image, error) { return jpeg.Decode(r) },
			func(r *bytes.Reader) (image.Config, error) { return jpeg.DecodeConfig(r) }, nil
	case bytes.HasPrefix(content, []byte("\x89PNG")):
		return func(r *bytes.Reader) (image.Image, error) { return png.Decode(r) },
			func(r *bytes.Reader) (image.Config, error) { return png.DecodeConfig(r) }, nil
	case len(content) == 0:
		return nil, nil, errors.New("it is empty")
	}
	return nil, nil, fmt.Errorf("it starts with % x", content[:min(4, len(content))])
}

// decode reads a picture of any size; name is what errors call it.
func decode(content []byte, name string) (image.Image, error) {
	full, config, err := format(content)
	if err != nil {
		return nil, fault.Inputf("%s is neither JPEG nor PNG: %w", name, err)
	}
	header, err := config(bytes.NewReader(content))
	if err != nil {
		return nil, fault.Inputf("%s is damaged: %w", name, err)
	}
	if header.Width < 1 || header.Height < 1 || header.Width > mostPixels/header.Height {
		return nil, fault.Inputf("%s announces %d×%d pixels, expected 1 to %d million", name, header.Width, header.Height, mostPixels>>20)
	}
	picture, err := full(bytes.NewReader(content))
	if err != nil {
		return nil, fault.Inputf("%s is damaged: %w", name, err)
	}
	return picture, nil
}

// Decode writes the part of a picture that the window shows, scaled and cropped.
//
// The picture is scaled until its shorter side is that of the decoder, each pixel of
// the result being a triangle-weighted mean of those it covers. Grey and CMYK
// pictures become red, green and blue; what is transparent is black; one channel
// is the luma of ITU-R BT.601.
func (d *decoder) decode(dst []float32, content []byte, name string, at pixels.Window) error {
	picture, err := decode(content, name)
	if err != nil {
		return err
	}
	bounds := picture.Bounds()
	width, height := bounds.Dx(), bounds.Dy()
	if d.shorter > 0 {
		scale := float64(d.shorter) / float64(min(width, height))
		width, height = int(math.Round(scale*float64(width))), int(math.Round(scale*float64(height)))
	} else if width != d.shape.Width || height != d.shape.Height {
		return fault.Inputf("%s has %d×%d pixels, expected %d×%d like the first image (give a size to scale to)",
			name, width, height, d.shape.Width, d.shape.Height)
	}
	x := int(math.Round(at.X * float64(width-d.shape.Width)))
	y := int(math.Round(at.Y * float64(height-d.shape.Height)))
	if width == bounds.Dx() && height == bounds.Dy() {
		draw.Draw(d.rgba, d.rgba.Rect, picture, bounds.Min.Add(image.Pt(x, y)), draw.Src)
	} else {
		draw.BiLinear.Scale(d.rgba, image.Rect(-x, -y, width-x, height-y), picture, bounds, draw.Src, nil)
	}
	d.unpack(dst)
	return nil
}

// unpack separates the channels.
func (d *decoder) unpack(dst []float32) {
	plane := d.shape.Height * d.shape.Width
	if d.shape.Channels == 1 {
		for i := range plane {
			p := d.rgba.Pix[4*i : 4*i+3]
			// The weights of color.GrayModel: 0.299, 0.587 and 0.114 of 2¹⁶.
			dst[i] = float32((19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + 1<<15) >> 16)
		}
		return
	}
	red, green, blue := dst[:plane], dst[plane:2*plane], dst[2*plane:3*plane]
	for i := range plane {
		p := d.rgba.Pix[4*i : 4*i+3]
		red[i], green[i], blue[i] = float32(p[0]), float32(p[1]), float32(p[2])
	}
}
