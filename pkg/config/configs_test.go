package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBuiltinsLoadAndSayWhatTheyAre(t *testing.T) {
	all, err := Builtins()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no built-in experiments")
	}
	for _, b := range all {
		r, err := Open(b.Name, nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.Experiment.Name != b.Name {
			t.Errorf("%s.yaml names its runs %s", b.Name, r.Experiment.Name)
		}
		if b.Description == "" || strings.HasPrefix(b.Description, "name:") {
			t.Errorf("%s.yaml does not begin with a comment", b.Name)
		}
		yaml, err := Marshal(&r.Experiment)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Load(yaml, "again.yaml", nil)
		if err != nil {
			t.Fatalf("%s, resolved: %v\n%s", b.Name, err, yaml)
		}
		if diff := cmp.Diff(r.Experiment, again.Experiment); diff != "" {
			t.Errorf("%s changes when it is written and read (-before +after):\n%s", b.Name, diff)
		}
	}
}
