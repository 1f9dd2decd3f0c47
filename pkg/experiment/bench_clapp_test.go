package experiment

import "testing"

// Local learning holds one layer's activity, whatever the depth; back-propagation all of it.
func TestBenchCLAPP(t *testing.T) {
	if testing.Short() {
		t.Skip("trains some encoders for a moment")
	}
	r, err := BenchCLAPP(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	local, global := r.Cases[2], r.Cases[3]
	if 3*local.Activity > global.Activity {
		t.Errorf("six layers hold %d bytes of activity by local learning, %d by back-propagation", local.Activity, global.Activity)
	}
	for _, c := range r.Cases {
		if c.Median <= 0 || c.Allocations > 2000 {
			t.Errorf("%+v", c)
		}
	}
}
