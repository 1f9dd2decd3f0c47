package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/spelling"
)

// unknownKey says what a key could have been.
func unknownKey(path, name string, siblings []string, variant string, variants []variant) string {
	message := "unknown key " + join(path, shown(name))
	if near := spelling.Nearest(name, siblings); near != "" {
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
	case reflect.Pointer, reflect.Slice:
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

// didYouMean is the end of a sentence that suggests a spelling.
func didYouMean(prefix, word string, candidates []string) string {
	if slices.Contains(candidates, word) {
		return ""
	}
	if near := spelling.Nearest(word, candidates); near != "" {
		return "; did you mean " + prefix + near + "?"
	}
	return ""
}
