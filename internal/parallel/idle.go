package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long a goroutine without work looks for more before it ends or sleeps. To
// wake a sleeping processor takes some 20 µs, in a virtual machine more, and small layers
// follow each other faster than that.
const patience = 50 * time.Microsecond

// helper is a goroutine that works on jobs.
type helper struct{ next atomic.Pointer[job] }

var helpers = sync.Pool{New: func() any { return new(helper) }}

// idle are helpers that wait for a job.
var idle [16]atomic.Pointer[helper]

// idleHelper returns one of them, who waits no longer for others; nil if there is none.
func idleHelper() *helper {
	for i := range idle {
		if h := idle[i].Load(); h != nil && idle[i].CompareAndSwap(h, nil) {
			return h
		}
	}
	return nil
}

// run works on a job, and on those that come soon after it.
func (h *helper) run(j *job) {
	for j != nil {
		j.loop(int(j.workers.Add(1)))
		j.left.Add(-1)
		j.running.Done() // the job may be another's from here on
		j = h.wait()
	}
	helpers.Put(h)
}

// wait returns the next job, nil if none came soon.
func (h *helper) wait() *job {
	place := -1
	for i := range idle {
		if idle[i].CompareAndSwap(nil, h) {
			place = i
			break
		}
	}
	if place < 0 {
		return nil
	}
	for began := time.Now(); ; runtime.Gosched() {
		if j := h.next.Swap(nil); j != nil {
			return j
		}
		// If it cannot leave its place, somebody has found it there, and a job is on its way.
		if time.Since(began) > patience && idle[place].CompareAndSwap(h, nil) {
			return nil
		}
	}
}
