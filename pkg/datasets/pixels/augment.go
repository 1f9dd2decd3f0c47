package pixels

import (
	"math"

	"github.com/snnctl/snnctl/internal/rng"
)

// Augmentation changes training images at random. The zero Augmentation changes
// nothing.
//
// Its order is that of Keras' ImageDataGenerator: rotation and shift as one
// bilinear resampling, which goes on beyond the edges with the nearest pixel; then
// the flip; then the crop.
type Augmentation struct {
	Rotation float64 // degrees; the angle is uniform in ±Rotation
	Shift    float64 // fraction of height and width; the shifts are uniform in ±Shift
	Flip     bool    // left to right, of every other image
	Padding  int     // pixels of black around the image, from which its size is cropped anywhere
	Window   bool    // of files larger than the image: anywhere instead of the centre
}

// Transform is what happens to one image. The zero Transform is the identity, but
// for the window, which is the upper left one.
type Transform struct {
	Angle        float64 // radians, counter-clockwise as one looks at the image
	Right, Down  float64 // pixels that the content moves
	Flip         bool
	CropX, CropY int // the corner of the crop, relative to that of the image
	Window       Window
}

// Draw is the transformation of image index of a training step. It depends on its
// arguments alone.
func (a Augmentation) Draw(seed uint64, step, index int, s Shape) Transform {
	t := Transform{Window: Centre}
	if a == (Augmentation{}) {
		return t
	}
	r := rng.Stream(seed, "augmentation", uint64(step), uint64(index))
	uniform := func(half float64) float64 { return half * (2*r.Float64() - 1) }
	if a.Rotation > 0 {
		t.Angle = uniform(a.Rotation * math.Pi / 180)
	}
	if a.Shift > 0 {
		t.Right, t.Down = uniform(a.Shift*float64(s.Width)), uniform(a.Shift*float64(s.Height))
	}
	if a.Flip {
		t.Flip = r.IntN(2) == 1
	}
	if a.Padding > 0 {
		t.CropX, t.CropY = r.IntN(2*a.Padding+1)-a.Padding, r.IntN(2*a.Padding+1)-a.Padding
	}
	if a.Window {
		t.Window = Window{r.Float64(), r.Float64()}
	}
	return t
}

// Apply writes the transformed image, of the same shape, to dst. The window is
// not its business: the image has been read there.
func (t Transform) Apply(dst, src []float32, s Shape) {
	if t.Angle != 0 || t.Right != 0 || t.Down != 0 {
		t.resample(dst, src, s)
		return
	}
	if t.CropX == 0 && t.CropY == 0 && !t.Flip {
		copy(dst, src)
		return
	}
	// Columns [left, right) of dst show something of src.
	left, right := max(0, -t.CropX), min(s.Width, s.Width-t.CropX)
	for row := range s.Channels * s.Height {
		y := row % s.Height
		out := dst[row*s.Width : (row+1)*s.Width]
		if from := y + t.CropY; from < 0 || from >= s.Height || left >= right {
			clear(out)
			continue
		}
		in := src[(row+t.CropY)*s.Width : (row+t.CropY+1)*s.Width]
		clear(out[:left])
		clear(out[right:])
		if !t.Flip {
			copy(out[left:right], in[left+t.CropX:])
			continue
		}
		for x := left; x < right; x++ {
			out[x] = in[s.Width-1-(x+t.CropX)]
		}
	}
}

// resample is Apply with rotation and shift: pixel (x, y) of dst shows the point
//
//	x₀ = c_x + u·cos(angle) - v·sin(angle),   u = x' - c_x - right
//	y₀ = c_y + u·sin(angle) + v·cos(angle),   v = y' - c_y - down
//
// of src, where (x', y') undoes crop and flip, and c is the centre. The value
// between pixels is bilinear; beyond the edge it is that of the nearest point on it.
func (t Transform) resample(dst, src []float32, s Shape) {
	sin, cos := math.Sincos(t.Angle)
	centreX, centreY := float64(s.Width-1)/2, float64(s.Height-1)/2
	plane := s.Height * s.Width
	for y := range s.Height {
		for x := range s.Width {
			at := y*s.Width + x
			fromX, fromY := x+t.CropX, y+t.CropY
			if fromX < 0 || fromX >= s.Width || fromY < 0 || fromY >= s.Height {
				for c := range s.Channels {
					dst[c*plane+at] = 0
				}
				continue
			}
			if t.Flip {
				fromX = s.Width - 1 - fromX
			}
			u, v := float64(fromX)-centreX-t.Right, float64(fromY)-centreY-t.Down
			column, right, wx := between(centreX+u*cos-v*sin, s.Width)
			row, below, wy := between(centreY+u*sin+v*cos, s.Height)
			i, j := row*s.Width, below*s.Width
			for c := range s.Channels {
				p := src[c*plane : (c+1)*plane]
				upper := p[i+column] + wx*(p[i+right]-p[i+column])
				lower := p[j+column] + wx*(p[j+right]-p[j+column])
				dst[c*plane+at] = upper + wy*(lower-upper)
			}
		}
	}
}

// between gives the pixels on either side of a coordinate, and the weight of the
// second.
func between(at float64, size int) (first, second int, weight float32) {
	at = min(max(at, 0), float64(size-1))
	first = int(at)
	return first, min(first+1, size-1), float32(at - float64(first))
}
