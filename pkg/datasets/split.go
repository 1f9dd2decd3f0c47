package datasets

import "github.com/snnctl/snnctl/internal/fault"

// CheckSplit refuses a split that no generator has.
func CheckSplit(split string) error {
	switch split {
	case "train", "validation", "test":
		return nil
	}
	return fault.Inputf("there is no split %q, expected train, validation or test", split)
}
