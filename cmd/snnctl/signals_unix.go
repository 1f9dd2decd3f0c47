//go:build unix

package main

import (
	"os"
	"syscall"
)

// stopSignals are Ctrl-C, what batch systems send before the end, and what a
// terminal sends when it is closed.
var stopSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGHUP}

// brokenPipe is sent when nobody reads stderr any more; a training goes on.
var brokenPipe = []os.Signal{syscall.SIGPIPE}
