package run

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSettingsFollowTheFile(t *testing.T) {
	d := create(t)
	if err := d.WriteConfig([]byte(`
name: a
model: {type: lsnn, "tau.x": 2, empty: {}, none: null}
list: [1, 2.5, x]
nothing: []
layers:
  - {size: 3}
  - {size: 4}
`)); err != nil {
		t.Fatal(err)
	}
	got, err := d.Settings()
	if err != nil {
		t.Fatal(err)
	}
	want := []Setting{{"name", "a"}, {"model.type", "lsnn"}, {"model.tau.x", "2"}, {"model.empty", "{}"}, {"model.none", "null"},
		{"list", "[1, 2.5, x]"}, {"nothing", "[]"}, {"layers.0.size", "3"}, {"layers.1.size", "4"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCompareShowsWhatDiffers(t *testing.T) {
	a, b := create(t), create(t)
	for d, config := range map[*Dir]string{
		a: "name: a\nseed: 1\nmodel: {type: lsnn, beta: 1.8}\n",
		b: "name: a\nseed: 2\nmodel: {type: lsnn}\ndata: {noise: 0.1}\n",
	} {
		if err := d.WriteConfig([]byte(config)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.WriteSummary(Summary{Metrics: Values{"loss": 0.5, "error": math.NaN()}}); err != nil {
		t.Fatal(err)
	}
	got, err := Compare([]*Dir{a, b})
	if err != nil {
		t.Fatal(err)
	}
	content, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"runs":["a-20261123-101500","a-20261123-101500"],"config":[` +
		`{"key":"seed","values":["1","2"]},{"key":"model.beta","values":["1.8",null]},{"key":"data.noise","values":[null,"0.1"]}],` +
		`"metrics":[{"name":"error","values":[null,null]},{"name":"loss","values":[null,0.5]}]}`
	if diff := cmp.Diff(want, string(content)); diff != "" {
		t.Error(diff)
	}
}

func TestCompareARunWithItself(t *testing.T) {
	d := create(t)
	if err := d.WriteConfig([]byte("name: a\nmodel: {beta: 1}\n")); err != nil {
		t.Fatal(err)
	}
	got, err := Compare([]*Dir{d, d, d})
	if err != nil || len(got.Config) != 0 || len(got.Runs) != 3 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestCompareOfDamagedRuns(t *testing.T) {
	d := create(t)
	_, err := Compare([]*Dir{d})
	expectFault(t, err, d.ConfigPath())
	touch(t, d.ConfigPath(), "a: [")
	_, err = Compare([]*Dir{d})
	expectFault(t, err, d.ConfigPath(), "damaged")
	touch(t, d.ConfigPath(), "a: &x [*x]\nb: *x\n")
	if _, err = Compare([]*Dir{d}); err != nil {
		expectFault(t, err, d.ConfigPath())
	}
	touch(t, d.ConfigPath(), "a: 1")
	touch(t, d.Path(summaryFile), "{")
	_, err = Compare([]*Dir{d})
	expectFault(t, err, d.Path(summaryFile))
}
