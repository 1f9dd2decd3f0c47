package pixels

import (
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
)

// firsts gives the first value and the number of images of each split.
func firsts(t *testing.T, s Set) (ends [][2]int) {
	t.Helper()
	image := make([]float32, 2)
	for _, images := range []Images{s.Train, s.Validation, s.Test} {
		if err := images.Read(image, 0, Centre); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, [2]int{int(image[0]), images.Len()})
	}
	return ends
}

func TestSplits(t *testing.T) {
	own := Set{Train: numbered(20), Validation: numbered(3), Test: numbered(7)}
	for _, c := range []struct {
		set               Set
		validation, train int
		want              [3][2]int // first image and number of each split
	}{
		{Set{Train: numbered(20), Test: numbered(7)}, 5, 0, [3][2]int{{5, 15}, {0, 5}, {0, 7}}},
		{Set{Train: numbered(20), Test: numbered(7)}, 5, 10, [3][2]int{{5, 10}, {0, 5}, {0, 7}}},
		{Set{Train: numbered(20), Test: numbered(7)}, 19, 1, [3][2]int{{19, 1}, {0, 19}, {0, 7}}},
		{own, 5, 0, [3][2]int{{0, 20}, {0, 3}, {0, 7}}},
		{own, 5, 20, [3][2]int{{0, 20}, {0, 3}, {0, 7}}},
	} {
		got, err := c.set.Split(c.validation, c.train)
		if err != nil {
			t.Error(err)
			continue
		}
		if ends := firsts(t, got); [3][2]int(ends) != c.want {
			t.Errorf("validation %d, train %d: %v, want %v", c.validation, c.train, ends, c.want)
		}
	}
	for want, c := range map[string][2]int{"validation_images is 20, expected 1 to 19": {20, 0}, "validation_images is 0": {0, 0},
		"train_images is 16, expected at most 15": {5, 16}} {
		if _, err := (Set{Train: numbered(20), Test: numbered(7)}).Split(c[0], c[1]); !fault.IsInput(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", c, err, want)
		}
	}
}

func TestInputRange(t *testing.T) {
	n := Standard([]float64{10}, []float64{2 - Epsilon})
	if p, q := (Set{}).InputRange(n); p != -5 || q != 122.5 {
		t.Errorf("of bytes: [%g, %g]", p, q)
	}
	if p, q := (Set{Low: -1, High: 1}).InputRange(n); p != -5.5 || q != -4.5 {
		t.Errorf("of values from -1 to 1: [%g, %g]", p, q)
	}
}
