package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
)

// signalled is the cause of a context that a signal ended.
type signalled struct{ signal os.Signal }

func (s *signalled) Error() string { return s.signal.String() }

// status is the exit status for a stop in good order.
func (s *signalled) status() int {
	if s.signal == os.Interrupt {
		return exitInterrupted
	}
	return exitRequeue
}

// untilSignal returns a context that ends with the first Ctrl-C, SIGTERM, SIGHUP or
// SIGUSR1. A second Ctrl-C ends the program at once.
func untilSignal(parent context.Context, stderr io.Writer) (ctx context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, stopSignals...)
	if len(brokenPipe) > 0 { // Ignore without arguments would ignore every signal
		signal.Ignore(brokenPipe...)
	}
	go func() {
		for s := range signals {
			if ctx.Err() != nil && s == os.Interrupt {
				fmt.Fprintln(stderr, "snnctl: stopped at once; what was saved stands")
				os.Exit(exitInterrupted)
			}
			cancel(&signalled{s})
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(signals)
		cancel(nil)
	}
}

// stopStatus is the exit status for the signal that ended ctx.
func stopStatus(ctx context.Context) int {
	var s *signalled
	if errors.As(context.Cause(ctx), &s) {
		return s.status()
	}
	return exitInterrupted
}
