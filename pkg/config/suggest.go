package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// unknownKey says what a key could have been.
func unknownKey(path, name string, siblings []string, variant string, variants []variant) string {
	message := "unknown key " + join(path, shown(name))
	if near := nearest(name, siblings); near != "" {
		return message + "; did you mean " + join(path, near) + "?"
	}
	var owners []string
	for _, v := range variants {
		if slices.Contains(keysOf(reflect.TypeOf(v.defaults())), name) {
			owners = append(owners, v.name)
		}
	}
	if owners != nil {
		return fmt.Sprintf("%s for type %s, it belongs to type %s", message, variant, either(owners))
	}
	if places := placesOf(name, "", reflect.TypeFor[Experiment]()); places != nil {
		return message + "; did you mean " + either(places) + "?"
	}
	if len(siblings) == 0 {
		return fmt.Sprintf("%s, type %s has no keys", message, variant)
	}
	return message + ", expected one of " + strings.Join(siblings, ", ")
}

// placesOf finds a key anywhere in the schema.
func placesOf(name, path string, t reflect.Type) []string {
	var places []string
	switch t.Kind() {
	case reflect.Interface:
		for _, v := range unions[t] {
			places = append(places, placesOf(name, path, reflect.TypeOf(v.defaults()))...)
		}
	case reflect.Pointer:
		return placesOf(name, path, t.Elem())
	case reflect.Struct:
		for _, f := range fieldsOf(t) {
			if f.key == name {
				places = append(places, join(path, f.key))
			}
			places = append(places, placesOf(name, join(path, f.key), t.Field(f.index).Type)...)
		}
	}
	slices.Sort(places)
	return slices.Compact(places)
}

// nearest gives the candidate that a word most likely meant, or "" when none is
// close: at most a third of the letters may differ.
func nearest(word string, candidates []string) string {
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
	return best
}

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

// didYouMean is the end of a sentence that suggests a spelling.
func didYouMean(prefix, word string, candidates []string) string {
	if slices.Contains(candidates, word) {
		return ""
	}
	if near := nearest(word, candidates); near != "" {
		return "; did you mean " + prefix + near + "?"
	}
	return ""
}
