package experiment

import (
	"math"
	"testing"
)

func TestBenchGemmTimesEveryShapeOnOneAndAllThreads(t *testing.T) {
	shapes := GemmShapes
	defer func() { GemmShapes = shapes }()
	GemmShapes = [][3]int{{8, 9, 10}, {1, 64, 64}}
	for threads, want := range map[int]int{1: 2, 2: 4} {
		r, err := BenchGemm(2, threads)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Products) != want {
			t.Fatalf("%d threads: %d products, want %d", threads, len(r.Products), want)
		}
		for i, p := range r.Products {
			s := GemmShapes[i*len(GemmShapes)/want]
			flops := 2 * float64(s[0]*s[1]*s[2])
			if p.M != s[0] || p.K != s[1] || p.N != s[2] || p.Threads != []int{1, threads}[i%(want/2)] {
				t.Errorf("%d threads: product %d is %+v", threads, i, p)
			}
			if !(0 < p.Min && p.Min <= p.Median) || math.Abs(p.GFLOPs*p.Median*1e9/flops-1) > 1e-9 || math.Abs(p.Best*p.Min*1e9/flops-1) > 1e-9 {
				t.Errorf("%+v does %v operations", p, flops)
			}
		}
	}
	if _, err := BenchGemm(0, 1); err == nil {
		t.Error("no repeats were accepted")
	}
}
