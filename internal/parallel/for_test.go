package parallel

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
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

// Jobs that follow each other at once, from several goroutines and from within jobs, each
// get all of their work done, whoever helps.
func TestForPassesHelpersOn(t *testing.T) {
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for round := range 300 {
				var sum, inner atomic.Int64
				For(3, 7, func(_, i int) {
					sum.Add(int64(i))
					if i == 3 {
						For(2, 5, func(_, k int) { inner.Add(int64(k)) })
					}
				})
				if sum.Load() != 21 || inner.Load() != 10 {
					t.Errorf("round %d: sums %d and %d, want 21 and 10", round, sum.Load(), inner.Load())
				}
			}
		})
	}
	callers.Wait()
	// Those that found nothing have ended.
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(patience) {
		waiting := 0
		for i := range idle {
			if idle[i].Load() != nil {
				waiting++
			}
		}
		if waiting == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines still wait for a job", waiting)
		}
	}
}
