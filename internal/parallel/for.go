// Package parallel spreads independent work over threads.
//
// What is computed never depends on the number of threads: each index is one
// unit of work that writes only what belongs to it, and sums over units are
// taken afterwards in the order of the indices.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
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
	j := jobs.Get().(*job)
	j.work, j.n = work, n
	j.next.Store(0)
	j.workers.Store(0)
	j.running.Add(threads - 1)
	j.left.Store(int64(threads - 1))
	for range threads - 1 {
		if h := idleHelper(); h != nil {
			h.next.Store(j)
		} else {
			go j.help()
		}
	}
	j.loop(0)
	for began := time.Now(); j.left.Load() > 0 && time.Since(began) < patience; {
		runtime.Gosched()
	}
	j.running.Wait()
	j.work = nil
	jobs.Put(j)
}

// job is one call of For. Jobs are kept, with the function their goroutines run:
// a call of For allocates nothing.
type job struct {
	work    func(worker, i int)
	n       int
	next    atomic.Int64 // index
	workers atomic.Int64 // besides the caller of For, number 0
	left    atomic.Int64 // of them, that run
	running sync.WaitGroup
	help    func()
}

var jobs = sync.Pool{New: func() any {
	j := new(job)
	j.help = func() { helpers.Get().(*helper).run(j) }
	return j
}}

func (j *job) loop(worker int) {
	for i := int(j.next.Add(1)) - 1; i < j.n; i = int(j.next.Add(1)) - 1 {
		j.work(worker, i)
	}
}
