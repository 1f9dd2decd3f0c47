package experiment

import (
	"slices"
	"time"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/kernel"
	"github.com/snnctl/snnctl/internal/rng"
)

// GemmShapes are the products of the job "gemm": m, k, n of an m×k and a k×n
// matrix. The last four are those of recurrent layers.
var GemmShapes = [][3]int{
	{64, 64, 64}, {128, 128, 128}, {256, 256, 256}, {512, 512, 512}, {1024, 1024, 1024},
	{32, 784, 256}, {256, 220, 220}, {128, 2048, 512}, {1, 512, 512},
}

// GemmResult is what the job took.
type GemmResult struct {
	Job          string        `json:"job"`
	Instructions string        `json:"instructions"`
	Peak         int64         `json:"peak_bytes"` // resident memory of the process, 0 where the system does not tell
	Products     []GemmProduct `json:"products"`
}

// GemmProduct is what one product of float32 matrices, m×k by k×n, took.
type GemmProduct struct {
	M       int     `json:"m"`
	K       int     `json:"k"`
	N       int     `json:"n"`
	Threads int     `json:"threads"`
	Median  float64 `json:"seconds_median"`
	Min     float64 `json:"seconds_min"`
	CPU     float64 `json:"cpu_seconds_min"`  // of all threads: what other processes' load hardly changes; 0 where the system does not tell
	GFLOPs  float64 `json:"gflop_per_second"` // at the median
	Best    float64 `json:"gflop_per_second_max"`
}

// gemmTiming is how long a timing lasts, at least, in seconds: short products
// are repeated in it.
const gemmTiming = 0.01

// BenchGemm times each of GemmShapes on one thread and on threads.
func BenchGemm(repeats, threads int) (*GemmResult, error) {
	if repeats < 1 {
		return nil, fault.Inputf("--repeats is %d, expected at least 1", repeats)
	}
	res := &GemmResult{Job: "gemm", Instructions: kernel.Instructions()}
	for _, s := range GemmShapes {
		for _, threads := range slices.Compact([]int{1, threads}) {
			res.Products = append(res.Products, benchProduct(s[0], s[1], s[2], repeats, threads))
		}
	}
	res.Peak = peakMemory()
	return res, nil
}

func benchProduct(m, k, n, repeats, threads int) GemmProduct {
	r := rng.Stream(1, "bench-gemm", 0, 0)
	matrix := func(size int) []float32 {
		x := make([]float32, size)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		return x
	}
	a, b, c := matrix(m*k), matrix(k*n), make([]float32, m*n)
	seconds := func(calls int) (wall, cpu float64) {
		began, before := time.Now(), cpuSeconds()
		for range calls {
			kernel.Gemm(threads, false, false, m, n, k, 1, a, k, b, n, 0, c, n)
		}
		return time.Since(began).Seconds() / float64(calls), (cpuSeconds() - before) / float64(calls)
	}
	calls := 1
	for { // the first fill the buffers
		if wall, _ := seconds(calls); wall*float64(calls) >= gemmTiming {
			break
		}
		calls *= 2
	}
	p := GemmProduct{M: m, K: k, N: n, Threads: threads}
	var walls, cpus []float64
	for range repeats {
		wall, cpu := seconds(calls)
		walls, cpus = append(walls, wall), append(cpus, cpu)
	}
	slices.Sort(walls)
	p.Min, p.CPU = walls[0], slices.Min(cpus)
	p.Median = (walls[(len(walls)-1)/2] + walls[len(walls)/2]) / 2
	flops := 2 * float64(m) * float64(k) * float64(n)
	p.GFLOPs, p.Best = flops/p.Median/1e9, flops/p.Min/1e9
	return p
}
