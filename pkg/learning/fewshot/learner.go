// Package fewshot learns a function from a few examples, one after the other: what a
// network that has learned to learn is compared with (arXiv:1803.09574, section 6.5 of the
// method). Everything here is in float64.
package fewshot

// Learner predicts the value of a function at x, in [-1, 1] each, and learns from
// examples of it.
type Learner interface {
	Predict(x []float64) float64
	Learn(x []float64, y float64)
}

// Examples are those of one function, in the order in which they are shown.
type Examples struct {
	X [][]float64
	Y []float64
}

// SquaredErrors is, for each example, the squared error of the prediction from the
// examples before it.
func (e Examples) SquaredErrors(l Learner) []float64 {
	errors := make([]float64, len(e.Y))
	for k, x := range e.X {
		d := l.Predict(x) - e.Y[k]
		errors[k] = d * d
		l.Learn(x, e.Y[k])
	}
	return errors
}

// RunningMean predicts the mean of the targets that it has seen, and Prior before the
// first.
type RunningMean struct {
	Prior float64

	sum  float64
	seen int
}

// Predict implements Learner.
func (m *RunningMean) Predict([]float64) float64 {
	if m.seen == 0 {
		return m.Prior
	}
	return m.sum / float64(m.seen)
}

// Learn implements Learner.
func (m *RunningMean) Learn(_ []float64, y float64) {
	m.sum += y
	m.seen++
}
