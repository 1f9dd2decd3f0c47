package tensor

import (
	"slices"
	"testing"
)

func TestRasterGivesBackWhatItWasTold(t *testing.T) {
	var r Raster
	for range 2 { // the second time over the first one's memory
		r.Reset()
		if r.Steps() != 0 {
			t.Fatalf("%d steps in an empty raster", r.Steps())
		}
		want := [][]int32{{0, 4}, {}, {2}, {}}
		for _, step := range want {
			for _, i := range step {
				r.Fire(int(i))
			}
			r.EndStep()
		}
		if r.Steps() != len(want) {
			t.Fatalf("%d steps, want %d", r.Steps(), len(want))
		}
		for i, step := range want {
			if !slices.Equal(r.At(i), step) {
				t.Errorf("step %d: %v, want %v", i, r.At(i), step)
			}
		}
	}
}
