//go:build linux || darwin

package experiment

import "syscall"

// cpuSeconds is the time that this process has spent computing, on all threads.
func cpuSeconds() float64 {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}
