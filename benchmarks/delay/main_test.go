package main

import (
	"path/filepath"
	"slices"
	"testing"
)

// TestResultsAreReadAsWritten: an interrupted run goes on from its CSV.
func TestResultsAreReadAsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.csv")
	if got, err := read(path); got != nil || err != nil {
		t.Fatalf("no file gave %v, %v", got, err)
	}
	want := []result{{"a", thisDelay, 400, 1, 0.25}, {"b", randomDelays, 2000, 2, 0.5}}
	if err := write(path, want); err != nil {
		t.Fatal(err)
	}
	got, err := read(path)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("read %v, %v, want %v", got, err, want)
	}
	if !known(got, "a", thisDelay, 2, 1) || known(got, "a", randomDelays, 2, 1) || known(got, "a", thisDelay, 3, 1) {
		t.Error("known does not tell what has been done")
	}
}
