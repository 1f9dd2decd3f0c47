// Package metrics turns arrays into numbers. Its functions are pure.
package metrics

// Correct counts the rows of logits [rows][classes] whose largest entry, the
// first of them if there are several, is at the row's class.
func Correct[F float32 | float64](logits []F, classes []int) int {
	if len(classes) == 0 {
		return 0
	}
	width := len(logits) / len(classes)
	correct := 0
	for r, class := range classes {
		row := logits[r*width : (r+1)*width]
		best := 0
		for k, x := range row {
			if x > row[best] {
				best = k
			}
		}
		if best == class {
			correct++
		}
	}
	return correct
}
