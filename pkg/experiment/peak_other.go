//go:build !linux && !darwin

package experiment

// peakMemory is not known on this system.
func peakMemory() int64 { return 0 }
