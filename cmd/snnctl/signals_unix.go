//go:build unix

package main

import (
	"os"
	"syscall"
)

// stopSignals are Ctrl-C and what batch systems send before the end.
var stopSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGUSR1}
