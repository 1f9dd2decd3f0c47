// Package parallel spreads independent work over threads.
//
// What is computed never depends on the number of threads: each index is one
// unit of work that writes only what belongs to it, and sums over units are
// taken afterwards in the order of the indices.
package parallel

import (
	"sync"
	"sync/atomic"
)

// For calls work(worker, i) once for each i in [0, n), on up to threads
// goroutines, and returns when all calls have. worker, in [0, threads), names
// the goroutine, so that scratch memory can be kept per worker.
func For(threads, n int, work func(worker, i int)) {
	threads = min(threads, n)
	if threads <= 1 {
		for i := range n {
			work(0, i)
		}
		return
	}
	var next atomic.Int64
	run := func(worker int) {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			work(worker, i)
		}
	}
	var wg sync.WaitGroup
	for worker := 1; worker < threads; worker++ {
		wg.Go(func() { run(worker) })
	}
	run(0)
	wg.Wait()
}
