package metrics

import "math"

// Continual is what learning one task after another gave (2306.01690, section 11 of the
// method).
type Continual struct {
	Accuracy  [][]float64 // R[i][j]: on task j after task i
	Untrained []float64   // b[j]: of the untrained network on task j
}

func (c Continual) tasks() int { return len(c.Accuracy) }

// Final is ACC = Σ_j R[T-1,j] / T.
func (c Continual) Final() float64 {
	var sum float64
	for _, a := range c.Accuracy[c.tasks()-1] {
		sum += a
	}
	return sum / float64(c.tasks())
}

// Learning is LA = Σ_j R[j,j] / T.
func (c Continual) Learning() float64 { return c.LearningOf(0, c.tasks()) }

// LearningOf is LA of the tasks [first, end) alone: whether late tasks are learned as well as
// early ones.
func (c Continual) LearningOf(first, end int) float64 {
	var sum float64
	for j := first; j < end; j++ {
		sum += c.Accuracy[j][j]
	}
	return sum / float64(end-first)
}

// BackwardTransfer is BWT = Σ_{j<T-1} (R[T-1,j] - R[j,j]) / (T-1), of at least two tasks.
func (c Continual) BackwardTransfer() float64 {
	var sum float64
	last := c.tasks() - 1
	for j := range last {
		sum += c.Accuracy[last][j] - c.Accuracy[j][j]
	}
	return sum / float64(last)
}

// ForwardTransfer is FWT = Σ_{j≥1} (R[j-1,j] - b[j]) / (T-1), of at least two tasks.
func (c Continual) ForwardTransfer() float64 {
	var sum float64
	for j := 1; j < c.tasks(); j++ {
		sum += c.Accuracy[j-1][j] - c.Untrained[j]
	}
	return sum / float64(c.tasks()-1)
}

// Forgetting is F = Σ_{j<T-1} (max_{j≤i≤T-2} R[i,j] - R[T-1,j]) / (T-1), of at least two tasks.
func (c Continual) Forgetting() float64 {
	var sum float64
	last := c.tasks() - 1
	for j := range last {
		best := math.Inf(-1)
		for i := j; i < last; i++ {
			best = max(best, c.Accuracy[i][j])
		}
		sum += best - c.Accuracy[last][j]
	}
	return sum / float64(last)
}

// AuthorsAccuracy is what the authors' code calls accuracy: the mean over tasks of
// the mean over all evaluations of a task from its own end on.
func (c Continual) AuthorsAccuracy() float64 {
	var sum float64
	for j := range c.Accuracy {
		sum += c.later(j, j)
	}
	return sum / float64(c.tasks())
}

// AuthorsForgetting is 100/T Σ_j (R[j,j] - mean of the later evaluations of task j), in
// per cent; the last task has none and counts 0.
func (c Continual) AuthorsForgetting() float64 {
	var sum float64
	for j := range c.tasks() - 1 {
		sum += c.Accuracy[j][j] - c.later(j, j+1)
	}
	return 100 * sum / float64(c.tasks())
}

// later is the mean accuracy of task j after the tasks from first on.
func (c Continual) later(j, first int) float64 {
	var sum float64
	for i := first; i < c.tasks(); i++ {
		sum += c.Accuracy[i][j]
	}
	return sum / float64(c.tasks()-first)
}
