// Command snnctl trains, evaluates and inspects spiking neural networks from
// YAML files.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/snnctl/snnctl/internal/fault"
)

// The exit statuses, as the long help of each command lists them.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitRequeue     = 75  // stopped by SIGTERM, SIGUSR1 or SIGHUP, with a checkpoint
	exitInterrupted = 130 // stopped by Ctrl-C
)

// stopped is returned by a command that a signal ended in good order.
type stopped struct {
	status  int
	message string
}

func (s *stopped) Error() string { return s.message }

func main() { os.Exit(Main()) }

// Main runs the program with os.Args and returns its exit status.
func Main() int {
	a := &app{stdout: os.Stdout, stderr: os.Stderr}
	err := newRootCommand(a).ExecuteContext(context.Background())
	if err == nil {
		return exitDone
	}
	var s *stopped
	if errors.As(err, &s) {
		fmt.Fprintln(a.stderr, s.message)
		return s.status
	}
	fmt.Fprintf(a.stderr, "snnctl: %v\n", err)
	if fault.IsInput(err) {
		return exitUsage
	}
	return exitFailed
}
