package parallel

import (
	"sync/atomic"
	"testing"
)

func TestForVisitsEachIndexOnceWithItsOwnWorker(t *testing.T) {
	for _, threads := range []int{0, 1, 2, 3, 16} {
		for _, n := range []int{0, 1, 2, 100} {
			visits := make([]atomic.Int32, n)
			busy := make([]atomic.Int32, max(threads, 1))
			For(threads, n, func(worker, i int) {
				if busy[worker].Add(1) != 1 {
					t.Errorf("worker %d runs twice at once", worker)
				}
				visits[i].Add(1)
				busy[worker].Add(-1)
			})
			for i := range visits {
				if got := visits[i].Load(); got != 1 {
					t.Errorf("threads %d, n %d: index %d visited %d times", threads, n, i, got)
				}
			}
		}
	}
}
