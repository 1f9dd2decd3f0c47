// Package fault tells errors that the user can mend (a wrong flag, key or file)
// from failures of the program or the machine.
//
// The commands turn the first kind into exit status 2, the second into 1.
package fault

import (
	"errors"
	"fmt"
)

// Input marks an error as caused by what the user gave: usage, configuration,
// data or the place to write to. Its message is one sentence without a final
// full stop.
type Input struct{ Err error }

func (e *Input) Error() string { return e.Err.Error() }
func (e *Input) Unwrap() error { return e.Err }

// Inputf is fmt.Errorf for an Input error; %w wraps as usual.
func Inputf(format string, args ...any) error {
	return &Input{fmt.Errorf(format, args...)}
}

// IsInput reports whether err, or an error that it wraps, is an Input.
func IsInput(err error) bool {
	var input *Input
	return errors.As(err, &input)
}
