package gated

import "math"

// Loss is what classification minimises, as the mean over a batch.
type Loss string

const (
	// CrossEntropy is -log p[y] with p = softmax(logits).
	CrossEntropy Loss = "cross-entropy"
	// DoubleSoftmax takes the probabilities for logits: -log softmax(p)[y]. Of ten
	// classes it is between 1.461 and 2.461 (section 3 of the method).
	DoubleSoftmax Loss = "cross-entropy-of-softmax"
)

// Head is the outputs [First, First+Classes) that a task is answered with.
type Head struct{ First, Classes int }

// Loss is that of the logits of the last Forward, and the number of trials whose greatest
// logit is that of their class. Classes count from the first output of the head. It leaves
// the gradient for Backward, which is 0 at outputs of other heads.
func (p *Pass[F]) Loss(kind Loss, head Head, classes []int) (loss float64, correct int) {
	trials, n := p.Trials, head.Classes
	first := head.First * trials
	p.gradient = sized(p.gradient, len(p.Logits))
	clear(p.gradient)
	logits, gradient := p.Logits[first:first+n*trials], p.gradient[first:first+n*trials]
	if len(p.probabilities) != n {
		p.probabilities, p.outer = make([]float64, n), make([]float64, n)
	}
	probabilities, outer := p.probabilities, p.outer
	for s, class := range classes[:trials] {
		best := 0
		for c := range n {
			probabilities[c] = float64(logits[c*trials+s])
			if probabilities[c] > probabilities[best] {
				best = c
			}
		}
		if best == class {
			correct++
		}
		if kind == CrossEntropy {
			loss -= softmax(probabilities, probabilities, class)
			for c := range n {
				d := probabilities[c]
				if c == class {
					d--
				}
				gradient[c*trials+s] = F(d / float64(trials))
			}
			continue
		}
		softmax(probabilities, probabilities, class)
		loss -= softmax(outer, probabilities, class)
		outer[class]--
		var along float64
		for c, v := range probabilities {
			along += v * outer[c]
		}
		for c, v := range probabilities {
			gradient[c*trials+s] = F(v * (outer[c] - along) / float64(trials))
		}
	}
	return loss / float64(trials), correct
}

// softmax writes softmax(x) to y, which may be x, and returns its logarithm at class.
func softmax(y, x []float64, class int) float64 {
	greatest := math.Inf(-1)
	for _, v := range x {
		greatest = max(greatest, v)
	}
	at := x[class] - greatest
	var sum float64
	for c, v := range x {
		y[c] = math.Exp(v - greatest)
		sum += y[c]
	}
	for c := range y {
		y[c] /= sum
	}
	return at - math.Log(sum)
}

// SquaredError is the mean over trials and classes of the squared difference between the
// probabilities of the last Forward and the classes.
func (p *Pass[F]) SquaredError(head Head, classes []int) float64 {
	x := make([]float64, head.Classes)
	var sum float64
	for s, class := range classes[:p.Trials] {
		for c := range x {
			x[c] = float64(p.Logits[(head.First+c)*p.Trials+s])
		}
		softmax(x, x, class)
		x[class]--
		for _, v := range x {
			sum += v * v
		}
	}
	return sum / float64(p.Trials*head.Classes)
}

// Sample is the class that a uniform draw from [0, 1) picks by the probabilities of the
// first trial of the last Forward.
func (p *Pass[F]) Sample(head Head, u float64) int {
	x := make([]float64, head.Classes)
	for c := range x {
		x[c] = float64(p.Logits[(head.First+c)*p.Trials])
	}
	softmax(x, x, 0)
	for c, v := range x {
		if u < v {
			return c
		}
		u -= v
	}
	return head.Classes - 1
}
