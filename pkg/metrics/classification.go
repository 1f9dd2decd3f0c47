// Package metrics turns arrays into numbers. Its functions are pure.
package metrics

import "math"

// Correct counts the rows of logits [rows][classes] whose largest entry, the
// first of them if there are several, is at the row's class.
func Correct[F float32 | float64](logits []F, classes []int) int {
	correct := 0
	for r, class := range classes {
		if best(row(logits, r, len(classes))) == class {
			correct++
		}
	}
	return correct
}

// Confusion adds to counts [classes][classes] one for each row of logits, at its class
// and at that of its largest entry.
func Confusion[F float32 | float64](counts [][]int, logits []F, classes []int) {
	for r, class := range classes {
		counts[class][best(row(logits, r, len(classes)))]++
	}
}

// CrossEntropy is -Σ_r ln softmax(logits_r)[class_r], in nats.
func CrossEntropy[F float32 | float64](logits []F, classes []int) float64 {
	var total float64
	for r, class := range classes {
		entries := row(logits, r, len(classes))
		peak := entries[best(entries)]
		var sum float64
		for _, x := range entries {
			sum += math.Exp(float64(x - peak))
		}
		total += math.Log(sum) - float64(entries[class]-peak)
	}
	return total
}

func row[F float32 | float64](logits []F, r, rows int) []F {
	width := len(logits) / rows
	return logits[r*width : (r+1)*width]
}

// best is the place of the largest entry, the first of them if there are several.
func best[F float32 | float64](row []F) int {
	best := 0
	for k, x := range row {
		if x > row[best] {
			best = k
		}
	}
	return best
}
