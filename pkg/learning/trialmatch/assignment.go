package trialmatch

import "math"

// Assign solves the assignment problem: for a cost matrix [rows][columns] with rows ≤
// columns it gives each row a column of its own so that the sum of their costs is as
// small as can be. It is the method of shortest augmenting paths of Jonker and
// Volgenant, in O(rows² columns). Costs must be finite.
func Assign(cost [][]float64) []int {
	rows := len(cost)
	if rows == 0 {
		return nil
	}
	columns := len(cost[0])
	if rows > columns {
		panic("trialmatch: Assign: more rows than columns")
	}
	const none = -1
	rowPrice, columnPrice := make([]float64, rows), make([]float64, columns)
	rowOf := make([]int, columns)
	from := make([]int, columns) // the column before, on the shortest path
	shortest := make([]float64, columns)
	done := make([]bool, columns)
	for j := range rowOf {
		rowOf[j] = none
	}
	for start := range rows {
		for j := range columns {
			shortest[j], done[j], from[j] = math.Inf(1), false, none
		}
		// Grow the tree of cheapest paths from the free row until it meets a free
		// column.
		row, column, length := start, none, 0.0
		for {
			next := none
			for j := range columns {
				if done[j] {
					continue
				}
				if d := length + cost[row][j] - rowPrice[row] - columnPrice[j]; d < shortest[j] {
					shortest[j], from[j] = d, column
				}
				if next == none || shortest[j] < shortest[next] {
					next = j
				}
			}
			column, length = next, shortest[next]
			done[column] = true
			if rowOf[column] == none {
				break
			}
			row = rowOf[column]
		}
		// Keep the reduced costs non-negative, and zero on the paths.
		rowPrice[start] += length
		for j := range columns {
			if done[j] && rowOf[j] != none {
				rowPrice[rowOf[j]] += length - shortest[j]
			}
			if done[j] {
				columnPrice[j] -= length - shortest[j]
			}
		}
		for column != none {
			before := from[column]
			if before == none {
				rowOf[column] = start
			} else {
				rowOf[column] = rowOf[before]
			}
			column = before
		}
	}
	assigned := make([]int, rows)
	for j, i := range rowOf {
		if i != none {
			assigned[i] = j
		}
	}
	return assigned
}
