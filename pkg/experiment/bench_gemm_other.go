//go:build !linux && !darwin

package experiment

// cpuSeconds is not known on this system.
func cpuSeconds() float64 { return 0 }
