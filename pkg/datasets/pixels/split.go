package pixels

import "github.com/snnctl/snnctl/internal/fault"

// Split sets the first training images aside for validation, where the set has no
// validation images of its own, and keeps the next train of them; 0 keeps all.
func (s Set) Split(validation, train int) (Set, error) {
	first, all := 0, s.Train
	if s.Validation == nil {
		n := all.Len()
		if validation < 1 || validation >= n {
			return Set{}, fault.Inputf("validation_images is %d, expected 1 to %d, as there are %d training images", validation, n-1, n)
		}
		first = validation
		s.Validation = &part{Images: all, n: first}
	}
	if left := all.Len() - first; train < 0 || train > left {
		return Set{}, fault.Inputf("train_images is %d, expected at most %d, the training images that are left", train, left)
	}
	var err error
	s.Train, err = Part(all, "the training set", first, train)
	return s, err
}

// InputRange is the interval [p, q] of a network's inputs.
func (s Set) InputRange(n Normalisation) (p, q float64) {
	if s.Low == s.High {
		return n.Range(0, 255)
	}
	return n.Range(s.Low, s.High)
}
