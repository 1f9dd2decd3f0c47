package experiment

import "testing"

func TestBenchGateON(t *testing.T) {
	if testing.Short() {
		t.Skip("trains three networks for a moment")
	}
	r, err := BenchGateON(1, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Cases {
		if !(c.Min > 0 && c.Min <= c.Median) || c.Batch != 256 {
			t.Errorf("%+v", c)
		}
	}
	if len(r.Cases) != 3 {
		t.Errorf("%d cases, expected 3", len(r.Cases))
	}
	if _, err := BenchGateON(0, 1); err == nil {
		t.Error("no repeats were accepted")
	}
}
