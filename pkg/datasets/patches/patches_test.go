package patches

import (
	"math"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
)

func source(t *testing.T, side, size, stride int) (*Source[float32], error) {
	t.Helper()
	b := &pixels.Bytes{Of: pixels.Shape{Channels: 2, Height: side, Width: side}, Names: 2}
	for i := range 3 {
		for k := range 2 * side * side {
			b.Pixels = append(b.Pixels, uint8(i*80+k))
		}
		b.Labels = append(b.Labels, int32(i%2))
	}
	images, err := pixels.NewSource[float32](pixels.Set{Train: b, Test: b, Validation: b}, pixels.Options{Normalisation: pixels.Unit(), Seed: 1, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	return New(images, size, stride)
}

// Oracle 7 of 2010.08262's method: 64×64 pixels in patches of 16 are a grid of 7×7.
func TestGrid(t *testing.T) {
	for _, c := range [][4]int{{64, 16, 8, 7}, {6, 2, 1, 5}, {5, 4, 2, 1}, {6, 4, 2, 2}, {6, 6, 3, 1}} {
		s, err := source(t, c[0], c[1], c[2])
		if err != nil {
			t.Fatal(err)
		}
		if rows, columns := s.Grid(); rows != c[3] || columns != c[3] {
			t.Errorf("%d pixels in patches of %d, %d apart: a grid of %d×%d, want %d", c[0], c[1], c[2], rows, columns, c[3])
		}
	}
	if _, err := source(t, 4, 5, 1); !fault.IsInput(err) || !strings.Contains(err.Error(), "expected at least 1 and patches that fit") {
		t.Errorf("a patch larger than the image: %v", err)
	}
}

// Patch (row, column) shows the pixels from (row·stride, column·stride) on, channel by channel.
func TestPatchesShowTheirPartOfTheImage(t *testing.T) {
	s, err := source(t, 6, 4, 2)
	if err != nil {
		t.Fatal(err)
	}
	var b Batch[float32]
	if err := s.Evaluate(&b, "test", 1, 2); err != nil {
		t.Fatal(err)
	}
	i := 0
	for trial := range 2 {
		for row := range 2 {
			for column := range 2 {
				for c := range 2 {
					for y := range 4 {
						for x := range 4 {
							pixel := (c*6+row*2+y)*6 + column*2 + x
							if want := float32(uint8((trial+1)*80+pixel)) / 255; b.Values[i] != want {
								t.Fatalf("value %d is %g, want %g", i, b.Values[i], want)
							}
							i++
						}
					}
				}
			}
		}
	}
	if i != len(b.Values) || b.Classes[0] != 1 || b.Classes[1] != 0 {
		t.Errorf("%d values, classes %v", len(b.Values), b.Classes)
	}
}

// A standardised patch has mean 0 and variance 1, whatever its brightness and contrast, or less where it had hardly any;
// a flat one is 0.
func TestStandardisedPatches(t *testing.T) {
	s, err := source(t, 6, 4, 2)
	if err != nil {
		t.Fatal(err)
	}
	var raw, b Batch[float32]
	if err := s.Evaluate(&raw, "test", 0, 3); err != nil {
		t.Fatal(err)
	}
	s.Standardise = true
	if err := s.Evaluate(&b, "test", 0, 3); err != nil {
		t.Fatal(err)
	}
	moments := func(x []float32) (mean, variance float64) {
		for _, v := range x {
			mean += float64(v) / float64(len(x))
		}
		for _, v := range x {
			variance += (float64(v) - mean) * (float64(v) - mean) / float64(len(x))
		}
		return mean, variance
	}
	for first := 0; first < len(b.Values); first += 32 {
		_, before := moments(raw.Values[first : first+32])
		mean, variance := moments(b.Values[first : first+32])
		if want := min(1, before/(leastDeviation*leastDeviation)); math.Abs(mean) > 1e-6 || math.Abs(variance-want) > 1e-5 {
			t.Errorf("patch %d has mean %g and variance %g, want 0 and %g", first/32, mean, variance, want)
		}
	}
	loud := []float32{-5, 5, -5, 5}
	if standardise(loud); loud[0] != -1 || loud[1] != 1 {
		t.Errorf("a patch of high contrast becomes %v", loud)
	}
	flat := []float32{3, 3, 3, 3}
	if standardise(flat); flat[0] != 0 || flat[3] != 0 {
		t.Errorf("a flat patch becomes %v", flat)
	}
}
