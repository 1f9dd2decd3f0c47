package pixels

import (
	"strings"
	"testing"
)

func TestTestOnlySplitsTheTestImages(t *testing.T) {
	shape := Shape{1, 1, 1}
	test := &Bytes{Of: shape, Pixels: []uint8{0, 1, 2, 3, 4}, Labels: []int32{5, 6, 7, 8, 9}, Names: 10}
	s, err := Set{Train: &Bytes{Of: shape, Pixels: []uint8{9}, Labels: []int32{0}, Names: 10}, Test: test}.TestOnly(2)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		images Images
		labels []int
	}{{"train", s.Train, []int{5, 6, 7}}, {"validation", s.Validation, []int{8, 9}}, {"test", s.Test, []int{8, 9}}} {
		if c.images.Len() != len(c.labels) {
			t.Fatalf("%s has %d images, want %d", c.name, c.images.Len(), len(c.labels))
		}
		for i, want := range c.labels {
			value := make([]float32, 1)
			if err := c.images.Read(value, i, Centre); err != nil {
				t.Fatal(err)
			}
			if got := c.images.Label(i); got != want || int(value[0]) != want-5 {
				t.Errorf("%s: image %d has label %d and value %v, want %d and %d", c.name, i, got, value[0], want, want-5)
			}
		}
	}
	for _, n := range []int{0, 5} {
		if _, err := (Set{Test: test}).TestOnly(n); err == nil || !strings.Contains(err.Error(), "expected 1 to 4") {
			t.Errorf("%d test images: %v", n, err)
		}
	}
}
