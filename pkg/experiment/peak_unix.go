//go:build linux || darwin

package experiment

import (
	"runtime"
	"syscall"
)

// peakMemory is the largest resident memory of this process so far, in bytes.
func peakMemory() int64 {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	if runtime.GOOS == "linux" {
		return int64(usage.Maxrss) << 10 // given in KiB there
	}
	return int64(usage.Maxrss)
}
