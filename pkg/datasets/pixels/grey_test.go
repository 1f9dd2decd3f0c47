package pixels

import (
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
)

// coloured is an image of 3×4 pixels with all numbers different.
func coloured() Set {
	b := &Bytes{Of: Shape{3, 3, 4}, Names: 1, Labels: []int32{0}}
	for i := range 36 {
		b.Pixels = append(b.Pixels, uint8(7*i))
	}
	return Set{Train: b, Test: b, High: 255}
}

// Values of Pillow: Image.convert("L") of single pixels.
func TestGreyIsThatOfPillow(t *testing.T) {
	for _, c := range [][4]uint8{{255, 0, 0, 76}, {0, 255, 0, 150}, {0, 0, 255, 29}, {255, 255, 255, 255}, {10, 20, 30, 18}, {200, 100, 50, 124}, {1, 1, 1, 1}} {
		s, err := Set{Train: &Bytes{Of: Shape{3, 1, 1}, Names: 1, Labels: []int32{0}, Pixels: c[:3]}, High: 255}.Grey()
		if err != nil || s.Train.Shape() != (Shape{1, 1, 1}) {
			t.Fatalf("%v, %v", s.Train.Shape(), err)
		}
		var got [1]float32
		if err := s.Train.Read(got[:], 0, Centre); err != nil || got[0] != float32(c[3]) {
			t.Errorf("the luma of %v is %v (%v), want %d", c[:3], got, err, c[3])
		}
	}
	if _, err := (Set{Train: coloured().Train, High: 1}).Grey(); !fault.IsInput(err) {
		t.Errorf("grey of fractions: %v", err)
	}
}

// A crop shows a square of the image, the middle one in evaluation, and with windows anywhere all of them.
func TestCropShowsASquare(t *testing.T) {
	whole := coloured()
	s, err := whole.Crop(2)
	if err != nil || s.Test.Shape() != (Shape{3, 2, 2}) {
		t.Fatalf("%v, %v", s.Test.Shape(), err)
	}
	corners := map[[2]int]bool{}
	got := make([]float32, 12)
	check := func(at Window) {
		if err := s.Train.Read(got, 0, at); err != nil {
			t.Fatal(err)
		}
		first := int(got[0]) / 7
		top, left := first/4, first%4
		corners[[2]int{top, left}] = true
		for c := range 3 {
			for y := range 2 {
				for x := range 2 {
					if want := float32(7 * ((c*3+top+y)*4 + left + x)); got[(c*2+y)*2+x] != want {
						t.Fatalf("at %v: channel %d, (%d, %d) is %g, want %g", at, c, y, x, got[(c*2+y)*2+x], want)
					}
				}
			}
		}
	}
	check(Centre)
	if !corners[[2]int{0, 1}] {
		t.Errorf("the centre is at %v", corners)
	}
	for step := range 200 {
		check(Augmentation{Window: true}.Draw(1, step, 0, s.Train.Shape()).Window)
	}
	if len(corners) != 6 {
		t.Errorf("the square was seen at %v, want all 6 places", corners)
	}
	if _, err := whole.Crop(4); !fault.IsInput(err) || !strings.Contains(err.Error(), "expected one that fits") {
		t.Errorf("a crop larger than the image: %v", err)
	}
}
