package experiment

import "testing"

func TestBenchReLU(t *testing.T) {
	if testing.Short() {
		t.Skip("trains three networks for a moment")
	}
	r, err := BenchReLU(1, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Cases {
		if !(c.Min > 0 && c.Min <= c.Median) || c.Batch != 64 {
			t.Errorf("%+v", c)
		}
	}
	if _, err := BenchReLU(0, 1); err == nil {
		t.Error("no repeats were accepted")
	}
}
