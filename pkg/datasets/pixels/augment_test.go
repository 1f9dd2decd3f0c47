package pixels

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/snnctl/snnctl/internal/rng"
)

// drawImage draws a small image of grey levels above black.
func drawImage(t *rapid.T) ([]float32, Shape) {
	s := Shape{rapid.IntRange(1, 3).Draw(t, "channels"), rapid.IntRange(1, 7).Draw(t, "height"), rapid.IntRange(1, 7).Draw(t, "width")}
	image := make([]float32, s.Size())
	for i, v := range rapid.SliceOfN(rapid.IntRange(1, 255), len(image), len(image)).Draw(t, "pixels") {
		image[i] = float32(v)
	}
	return image, s
}

func apply(t Transform, image []float32, s Shape) []float32 {
	dst := make([]float32, len(image))
	for i := range dst {
		dst[i] = float32(math.NaN()) // everything must be written
	}
	t.Apply(dst, image, s)
	return dst
}

func TestNoStrengthIsTheIdentity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		image, s := drawImage(t)
		step, index := rapid.IntRange(0, 1000).Draw(t, "step"), rapid.IntRange(0, 1000).Draw(t, "index")
		drawn := Augmentation{}.Draw(1, step, index, s)
		if drawn != (Transform{Window: Centre}) {
			t.Errorf("no augmentation draws %+v", drawn)
		}
		if got := apply(drawn, image, s); !slices.Equal(got, image) {
			t.Errorf("%v became %v", image, got)
		}
		// By way of resampling, too.
		dst := make([]float32, len(image))
		if drawn.resample(dst, image, s); !slices.Equal(dst, image) {
			t.Errorf("%v was resampled to %v", image, dst)
		}
	})
}

func TestFlipIsAnInvolution(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		image, s := drawImage(t)
		flip := Transform{Flip: true}
		once := apply(flip, image, s)
		for row := range s.Channels * s.Height {
			in, out := slices.Clone(image[row*s.Width:(row+1)*s.Width]), once[row*s.Width:(row+1)*s.Width]
			if slices.Reverse(in); !slices.Equal(in, out) {
				t.Fatalf("row %d is %v, want %v", row, out, in)
			}
		}
		if twice := apply(flip, once, s); !slices.Equal(twice, image) {
			t.Errorf("%v became %v", image, twice)
		}
	})
}

// A crop shows what of the image is inside, each pixel once, and black elsewhere;
// resampling at no angle and no shift shows the same.
func TestCropKeepsWhatIsInside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		image, s := drawImage(t)
		crop := Transform{CropX: rapid.IntRange(-8, 8).Draw(t, "x"), CropY: rapid.IntRange(-8, 8).Draw(t, "y"), Flip: rapid.Bool().Draw(t, "flip")}
		got := apply(crop, image, s)
		var inside, shown []float32
		for c := range s.Channels {
			for y := range s.Height {
				for x := range s.Width {
					column := x
					if crop.Flip {
						column = s.Width - 1 - x
					}
					if x-crop.CropX >= 0 && x-crop.CropX < s.Width && y-crop.CropY >= 0 && y-crop.CropY < s.Height {
						inside = append(inside, image[(c*s.Height+y)*s.Width+column])
					}
					if v := got[(c*s.Height+y)*s.Width+x]; v != 0 {
						shown = append(shown, v)
					}
				}
			}
		}
		if !slices.Equal(inside, shown) {
			t.Errorf("%+v of %v shows %v, want %v", crop, image, shown, inside)
		}
		dst := make([]float32, len(image))
		if crop.resample(dst, image, s); !slices.Equal(dst, got) {
			t.Errorf("resampled: %v, copied: %v", dst, got)
		}
	})
}

// A whole-numbered shift moves pixels, and the edge goes on beyond itself.
func TestShiftMovesAndFillsWithTheNearest(t *testing.T) {
	s := Shape{1, 2, 4}
	image := []float32{1, 2, 3, 4, 5, 6, 7, 8}
	for _, c := range []struct {
		t    Transform
		want []float32
	}{
		{Transform{Right: 1}, []float32{1, 1, 2, 3, 5, 5, 6, 7}},
		{Transform{Right: -2}, []float32{3, 4, 4, 4, 7, 8, 8, 8}},
		{Transform{Down: 1}, []float32{1, 2, 3, 4, 1, 2, 3, 4}},
		{Transform{Right: 0.5}, []float32{1, 1.5, 2.5, 3.5, 5, 5.5, 6.5, 7.5}},
		{Transform{Down: -0.25}, []float32{2, 3, 4, 5, 5, 6, 7, 8}},
	} {
		if got := apply(c.t, image, s); !slices.Equal(got, c.want) {
			t.Errorf("%+v gives %v, want %v", c.t, got, c.want)
		}
	}
}

// A quarter turn counter-clockwise puts the right edge on top.
func TestQuarterTurn(t *testing.T) {
	s := Shape{1, 3, 3}
	got := apply(Transform{Angle: math.Pi / 2}, []float32{1, 2, 3, 4, 5, 6, 7, 8, 9}, s)
	for i, want := range []float32{3, 6, 9, 2, 5, 8, 1, 4, 7} {
		if math.Abs(float64(got[i]-want)) > 1e-6 {
			t.Fatalf("a quarter turn gives %v", got)
		}
	}
}

// Draws stay in their ranges and reach every part of them, and depend on their
// address alone.
func TestDrawsFillTheirRanges(t *testing.T) {
	a := Augmentation{Rotation: 15, Shift: 0.1, Flip: true, Padding: 4, Window: true}
	s := Shape{3, 32, 64}
	const n = 4000
	var angle, right, down, flips, x, y, windowX float64
	corners := map[[2]int]bool{}
	for i := range n {
		d := a.Draw(7, i/50, i%50, s)
		if d != a.Draw(7, i/50, i%50, s) {
			t.Fatal("the same address gives another transformation")
		}
		if math.Abs(d.Angle) > 15*math.Pi/180 || math.Abs(d.Right) > 6.4 || math.Abs(d.Down) > 3.2 ||
			d.CropX < -4 || d.CropX > 4 || d.CropY < -4 || d.CropY > 4 || d.Window.X < 0 || d.Window.X >= 1 {
			t.Fatalf("%+v is out of range", d)
		}
		angle, right, down = angle+d.Angle*d.Angle, right+d.Right*d.Right, down+d.Down*d.Down
		if d.Flip {
			flips++
		}
		x, y, windowX = x+float64(d.CropX), y+float64(d.CropY), windowX+d.Window.X
		corners[[2]int{d.CropX, d.CropY}] = true
	}
	for _, c := range []struct {
		name           string
		got, want, tol float64
	}{
		{"variance of the angle", angle / n, math.Pow(15*math.Pi/180, 2) / 3, 0.004},
		{"variance of the shift to the right", right / n, 6.4 * 6.4 / 3, 0.9},
		{"variance of the shift down", down / n, 3.2 * 3.2 / 3, 0.25},
		{"flips", flips / n, 0.5, 0.04},
		{"crop in x", x / n, 0, 0.2},
		{"crop in y", y / n, 0, 0.2},
		{"window", windowX / n, 0.5, 0.025},
	} {
		if math.Abs(c.got-c.want) > c.tol {
			t.Errorf("%s: %.4f, want %.4f ± %.4f", c.name, c.got, c.want, c.tol)
		}
	}
	if len(corners) != 81 {
		t.Errorf("%d different crops, want all 81", len(corners))
	}
	if other := a.Draw(8, 0, 0, s); other == a.Draw(7, 0, 0, s) {
		t.Error("another seed gives the same transformation")
	}
}

func BenchmarkAugment32(b *testing.B) {
	s := Shape{3, 32, 32}
	src, dst := make([]float32, s.Size()), make([]float32, s.Size())
	r := rng.Stream(1, "benchmark", 0, 0)
	for i := range src {
		src[i] = r.Float32()
	}
	for name, a := range map[string]Augmentation{
		"crop-flip": {Padding: 4, Flip: true}, "rotate-shift-flip": {Rotation: 15, Shift: 0.1, Flip: true},
	} {
		b.Run(name, func(b *testing.B) {
			for i := range b.N {
				a.Draw(1, i, 0, s).Apply(dst, src, s)
			}
		})
	}
}
