package fault

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
)

func TestInputIsSeenThroughWrapping(t *testing.T) {
	err := fmt.Errorf("reading config: %w", Inputf("no file: %w", fs.ErrNotExist))
	if !IsInput(err) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("IsInput = %v, Is(ErrNotExist) = %v, want both true", IsInput(err), errors.Is(err, fs.ErrNotExist))
	}
	if IsInput(fs.ErrNotExist) || IsInput(nil) {
		t.Error("IsInput is true for an error that nobody marked")
	}
}
