package pixels

import "github.com/snnctl/snnctl/internal/fault"

// TestOnly is a set made of the test images alone: the last n of them test and
// validate, the others train. It is for trainings of minutes (2306.08744, spec
// section 12, "quick").
func (s Set) TestOnly(n int) (Set, error) {
	all := s.Test.Len()
	if n < 1 || n >= all {
		return Set{}, fault.Inputf("test_images is %d, expected 1 to %d, as there are %d test images", n, all-1, all)
	}
	train, err := Part(s.Test, "the test set", 0, all-n)
	if err != nil {
		return Set{}, err
	}
	test, err := Part(s.Test, "the test set", all-n, n)
	s.Train, s.Validation, s.Test = train, test, test
	return s, err
}
