package movingimages

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/datasets/pixels"
)

// source has images of 2×2 pixels, all different from black.
func source(t *testing.T, o Options, threads int) *Source[float32] {
	t.Helper()
	images := func(first uint8, n int) *pixels.Bytes {
		b := &pixels.Bytes{Of: pixels.Shape{Channels: 1, Height: 2, Width: 2}, Names: 3}
		for i := range n {
			v := first + 4*uint8(i)
			b.Pixels, b.Labels = append(b.Pixels, v, v+1, v+2, v+3), append(b.Labels, int32(i%3))
		}
		return b
	}
	of, err := pixels.NewSource[float32](pixels.Set{Train: images(1, 8), Validation: images(40, 2), Test: images(60, 3)},
		pixels.Options{Normalisation: pixels.Unit(), Seed: 3, Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(of, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Each frame shows the whole image, once, on black; the corner goes at most Speed pixels a frame,
// and a half for rounding at either end.
func TestFramesShowTheImageWhereItDrifts(t *testing.T) {
	o := Options{Canvas: 7, Frames: 9, Speed: 1.5}
	s := source(t, o, 1)
	var b Batch[float32]
	if err := s.Train(&b, 0, 8); err != nil {
		t.Fatal(err)
	}
	moved := false
	for clip := range b.Clips {
		before := [2]int{-1, -1}
		for frame := range o.Frames {
			values := b.Values[(clip*o.Frames+frame)*49:][:49]
			corner := slices.IndexFunc(values, func(v float32) bool { return v != 0 })
			at := [2]int{corner / 7, corner % 7}
			first := values[corner]
			for i, v := range values {
				want := float32(0)
				if y, x := i/7-at[0], i%7-at[1]; y >= 0 && y < 2 && x >= 0 && x < 2 {
					want = first + float32(2*y+x)/255
				}
				if math.Abs(float64(v-want)) > 1e-6 {
					t.Fatalf("clip %d, frame %d: value %d is %g, want %g", clip, frame, i, v, want)
				}
			}
			for axis := range 2 {
				if step := at[axis] - before[axis]; frame > 0 {
					moved = moved || step != 0
					if math.Abs(float64(step)) > o.Speed+1 {
						t.Errorf("clip %d moves %d pixels before frame %d", clip, step, frame)
					}
				}
			}
			before = at
		}
	}
	if !moved {
		t.Error("nothing moves")
	}
}

func TestClipsDependOnTheirAddressAlone(t *testing.T) {
	o := Options{Canvas: 6, Frames: 4, Speed: 2}
	var one, two, other Batch[float32]
	a, b := source(t, o, 1), source(t, o, 2)
	for _, err := range []error{a.Train(&one, 5, 4), b.Train(&other, 2, 4), b.Train(&two, 5, 4)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(one.Values, two.Values) || slices.Equal(one.Values, other.Values) {
		t.Error("training clips are not a function of the step")
	}
	var all, last Batch[float32]
	if err := a.Evaluate(&all, "test", 0, 3); err != nil {
		t.Fatal(err)
	}
	if err := b.Evaluate(&last, "test", 2, 5); err != nil {
		t.Fatal(err)
	}
	if n := len(last.Values); last.Clips != 1 || !slices.Equal(all.Values[2*n:], last.Values) || !slices.Equal(all.Classes[2:], last.Classes) {
		t.Error("the last test clip depends on the batch it is in")
	}
}

func TestReboundsStayOnTheCanvas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length, x := rapid.Float64Range(0, 50).Draw(t, "length"), rapid.Float64Range(-300, 300).Draw(t, "x")
		got := rebound(x, length)
		if got < 0 || got > length {
			t.Errorf("%g in [0, %g] is %g", x, length, got)
		}
		if x >= 0 && x <= length && got != x {
			t.Errorf("%g inside is %g", x, got)
		}
		if again := rebound(x+2*length, length); x >= 0 && math.Abs(again-got) > 1e-9 {
			t.Errorf("after there and back %g is %g", got, again)
		}
	})
}

func TestWrongClipsAreRefused(t *testing.T) {
	s := source(t, Options{Canvas: 2, Frames: 1}, 1)
	for _, o := range []Options{{Canvas: 1, Frames: 1}, {Canvas: 4}, {Canvas: 4, Frames: 2, Speed: -1}, {Canvas: 4, Frames: 2, Speed: math.NaN()}} {
		if _, err := New(s.Images, o); !fault.IsInput(err) || !strings.Contains(err.Error(), "expected at least") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
