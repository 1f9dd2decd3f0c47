package pixels

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/rng"
)

// noise is n images of random bytes, whose channels differ in mean and spread.
func noise(n int, s Shape) *Bytes {
	b := &Bytes{Of: s, Pixels: make([]uint8, n*s.Size()), Labels: make([]int32, n), Names: 3}
	r := rng.Stream(3, "noise", 0, 0)
	plane := s.Height * s.Width
	for i := range b.Pixels {
		c := i / plane % s.Channels
		b.Pixels[i] = uint8(30*c + r.IntN(100+20*c))
	}
	for i := range b.Labels {
		b.Labels[i] = int32(i % b.Names)
	}
	return b
}

// What was measured standardises: mean 0 and deviation 1 in each channel.
func TestMeasuredImagesAreStandardised(t *testing.T) {
	s := Shape{3, 5, 4}
	images := noise(1500, s) // more than are summed at once
	mean, deviation, err := Measure(images, 1)
	if err != nil {
		t.Fatal(err)
	}
	for threads := 2; threads < 5; threads++ {
		m, d, err := Measure(images, threads)
		if err != nil || !slices.Equal(m, mean) || !slices.Equal(d, deviation) {
			t.Errorf("%d threads: %v and %v, one: %v and %v (%v)", threads, m, d, mean, deviation, err)
		}
	}
	n := Standard(mean, deviation)
	sum, square := make([]float64, 3), make([]float64, 3)
	raw, x := make([]float32, s.Size()), make([]float64, s.Size())
	for i := range images.Len() {
		if err := images.Read(raw, i, Centre); err != nil {
			t.Fatal(err)
		}
		Apply(n, x, raw, s)
		for j, v := range x {
			sum[j/20] += v
			square[j/20] += v * v
		}
	}
	values := float64(images.Len() * 20)
	for c := range 3 {
		if m, d := sum[c]/values, math.Sqrt(square[c]/values); math.Abs(m) > 1e-9 || math.Abs(d-1) > 1e-6 {
			t.Errorf("channel %d has mean %g and deviation %g, want 0 and 1", c, m, d)
		}
	}
}

func TestUnitKeepsBlackAndWhite(t *testing.T) {
	raw := []float32{0, 51, 255}
	x := make([]float64, 3)
	Apply(Unit(), x, raw, Shape{1, 1, 3})
	if !slices.Equal(x, []float64{0, 0.2, 1}) {
		t.Errorf("%v", x)
	}
}

// The ranges that section 5.4 of the method codes are those of the bytes, or wider.
func TestRangeHoldsEveryInput(t *testing.T) {
	for name, c := range map[string]struct {
		n    Normalisation
		p, q float64
	}{
		"unit":      {Unit(), 0, 1},
		"cifar-10":  {Standard([]float64{120.707}, []float64{64.15}), -3, 3},
		"cifar-100": {Standard([]float64{121.936}, []float64{68.389}), -3, 3},
		"VGG":       {Centred([]float64{123.68, 116.779, 103.939}), -200, 200},
	} {
		if p, q := c.n.Range(0, 255); p < c.p || q > c.q || q-p < 0.5*(c.q-c.p) {
			t.Errorf("%s: [%g, %g], want it within [%g, %g]", name, p, q, c.p, c.q)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0.5, 200), 3, 3)
		n := Normalisation{Offset: values.Draw(t, "offset"), Divisor: values.Draw(t, "divisor"), Reverse: rapid.Bool().Draw(t, "reverse")}
		p, q := n.Range(0, 255)
		x := make([]float64, 6)
		Apply(n, x, []float32{0, 255, 0, 255, 0, 255}, Shape{3, 1, 2})
		if slices.Min(x) != p || slices.Max(x) != q {
			t.Errorf("inputs %v, range [%g, %g]", x, p, q)
		}
	})
}

func TestReverseTurnsTheChannels(t *testing.T) {
	n := Normalisation{Offset: []float64{1, 2, 3}, Divisor: []float64{1}, Reverse: true}
	x := make([]float32, 3)
	Apply(n, x, []float32{10, 20, 30}, Shape{3, 1, 1})
	if !slices.Equal(x, []float32{29, 18, 7}) {
		t.Errorf("%v, want blue, green, red less their means", x)
	}
}

func TestParts(t *testing.T) {
	images := noise(10, Shape{1, 1, 2})
	half, err := Part(images, "the test images", 6, 3)
	if err != nil || half.Len() != 3 || half.Classes() != 3 {
		t.Fatalf("%v, %v", half, err)
	}
	raw := make([]float32, 2)
	if err := half.Read(raw, 1, Centre); err != nil || raw[0] != float32(images.Image(7)[0]) || half.Label(1) != 7%3 {
		t.Errorf("image 1 of the part is %v of class %d (%v)", raw, half.Label(1), err)
	}
	if all, err := Part(images, "all", 0, 0); err != nil || all != Images(images) {
		t.Errorf("the whole is %v, %v", all, err)
	}
	for _, c := range [][2]int{{0, 11}, {10, 0}, {10, 1}, {-1, 2}, {3, 8}} {
		_, err := Part(images, "the test images", c[0], c[1])
		if !fault.IsInput(err) || !strings.Contains(err.Error(), "the test images") || !strings.Contains(err.Error(), fmt.Sprint(images.Len())) {
			t.Errorf("[%d, +%d): %v", c[0], c[1], err)
		}
	}
}
