package metrics

import "testing"

func TestCorrect(t *testing.T) {
	logits := []float64{
		0, 1, 0,
		5, 4, 3,
		1, 1, 1, // a tie goes to the first
		-2, -3, -1,
	}
	for _, c := range []struct {
		classes []int
		want    int
	}{{[]int{1, 0, 0, 2}, 4}, {[]int{0, 0, 2, 2}, 2}, {[]int{2, 2, 2, 1}, 0}} {
		if got := Correct(logits, c.classes); got != c.want {
			t.Errorf("Correct(%v) = %d, want %d", c.classes, got, c.want)
		}
	}
	if Correct([]float32{}, nil) != 0 {
		t.Error("no rows gave a correct one")
	}
}
