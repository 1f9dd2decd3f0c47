package trialmatch

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// cheapest tries all assignments of rows from row on.
func cheapest(cost [][]float64, row int, taken []bool) float64 {
	if row == len(cost) {
		return 0
	}
	best := math.Inf(1)
	for j := range taken {
		if !taken[j] {
			taken[j] = true
			best = min(best, cost[row][j]+cheapest(cost, row+1, taken))
			taken[j] = false
		}
	}
	return best
}

func TestAssignmentIsTheCheapestOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.IntRange(0, 6).Draw(t, "rows")
		columns := rapid.IntRange(rows, 7).Draw(t, "columns")
		// Few values, so that many assignments tie.
		values := rapid.SampledFrom([]float64{0, 1, 2, -3, 0.5, 1e9, 1e-9})
		cost := make([][]float64, rows)
		for i := range cost {
			cost[i] = rapid.SliceOfN(values, columns, columns).Draw(t, "costs")
		}
		var sum float64
		taken := make([]bool, columns)
		for i, j := range Assign(cost) {
			if taken[j] {
				t.Fatalf("column %d is given twice", j)
			}
			taken[j] = true
			sum += cost[i][j]
		}
		best := cheapest(cost, 0, make([]bool, columns))
		if math.Abs(sum-best) > 1e-9*(1+math.Abs(best)) {
			t.Fatalf("cost %v, the cheapest has %v", sum, best)
		}
	})
}
