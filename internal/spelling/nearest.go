// Package spelling finds what a mistyped word was meant to be.
package spelling

import "strings"

// Nearest gives the candidate that a word most likely meant, or "" when none is
// close: at most a third of the letters may differ, or it must be how one
// candidate alone begins.
func Nearest(word string, candidates []string) string {
	const longest = 64 // longer words are no misspelling, and would take time
	if len(word) > longest {
		return ""
	}
	best, least := "", max(1, len(word)/3)+1
	for _, c := range candidates {
		if d := distance(normal(word), normal(c)); d < least && d < len(c) {
			best, least = c, d
		}
	}
	if best == "" && len(word) >= shortestPrefix {
		for _, c := range candidates {
			switch {
			case !strings.HasPrefix(normal(c), normal(word)):
			case best != "":
				return ""
			default:
				best = c
			}
		}
	}
	return best
}

// shortestPrefix is the length from which the beginning of a word counts.
const shortestPrefix = 3

// normal forgets capitals and the choice of dash, so that batchSize is near
// batch_size.
func normal(s string) string { return strings.ReplaceAll(strings.ToLower(s), "-", "_") }

// distance counts the insertions, deletions, replacements and swaps of
// neighbours that turn a into b (Damerau-Levenshtein, each letter edited once).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	var before []int // the row two above
	above := make([]int, len(y)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row := make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			replace := above[j-1]
			if x[i-1] != y[j-1] {
				replace++
			}
			row[j] = min(above[j]+1, row[j-1]+1, replace)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above = above, row
	}
	return above[len(y)]
}
