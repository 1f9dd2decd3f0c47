package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is one mistake in an experiment: in a file, or in a --set.
type Error struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`   // from 1; 0 when the mistake has no place
	Column  int    `json:"column,omitempty"` // from 1; 0 when only the line is known
	Set     string `json:"set,omitempty"`    // path=value, when the mistake is in a --set
	Path    string `json:"path,omitempty"`   // dotted key
	Message string `json:"message"`
}

func (e *Error) Error() string {
	switch {
	case e.Set != "":
		return "--set " + shown(e.Set) + ": " + e.Message
	case e.Line == 0:
		return e.File + ": " + e.Message
	case e.Column == 0:
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// Errors are all the mistakes of an experiment: those of the file by line, then
// those of --set. One is printed a line.
type Errors []*Error

func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

func (es Errors) sort() {
	slices.SortStableFunc(es, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Set, b.Set), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
