package metrics

import (
	"math"
	"reflect"
	"testing"
)

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

func TestConfusionCountsAnswersByClass(t *testing.T) {
	counts := [][]int{{0, 0}, {0, 1}}
	Confusion(counts, []float32{3, 1, 0, 2, 1, 1, 5, 4}, []int{0, 0, 1, 1})
	if want := [][]int{{1, 1}, {2, 1}}; !reflect.DeepEqual(counts, want) {
		t.Errorf("counts %v, want %v", counts, want)
	}
}

func TestCrossEntropy(t *testing.T) {
	// softmax(0, ln 3) = (1/4, 3/4); large logits must not overflow
	got := CrossEntropy([]float64{0, math.Log(3), 0, math.Log(3), 1e4, 1e4}, []int{0, 1, 1})
	if want := math.Log(4) - math.Log(0.75) + math.Log(2); math.Abs(got-want) > 1e-12 {
		t.Errorf("cross-entropy %v, want %v", got, want)
	}
}
