package run

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func openMetrics(t *testing.T, d *Dir) *Metrics {
	t.Helper()
	m, err := d.OpenMetrics()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func appendAll(t *testing.T, m *Metrics, records []Record) {
	t.Helper()
	for _, r := range records {
		if err := m.Append(r.Step, r.Epoch, r.Split, r.Values); err != nil {
			t.Fatal(err)
		}
	}
}

func expectRecords(t *testing.T, d *Dir, want []Record) {
	t.Helper()
	got, err := d.ReadMetrics()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

var someRecords = []Record{
	{400, 1.75, "train", Values{"loss": 1.5, "accuracy": 1e-9}},
	{400, 1.75, "validation", Values{}},
	{800, 3.5, "train", Values{"loss": math.NaN(), "rate_hz": 12}},
}

func TestMetricsAreReadAsWritten(t *testing.T) {
	d := create(t)
	expectRecords(t, d, nil)
	m := openMetrics(t, d)
	appendAll(t, m, someRecords)
	expectRecords(t, d, someRecords)
	if err := m.Sync(); err != nil {
		t.Error(err)
	}

	content, err := os.ReadFile(d.Path("metrics.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"step":400,"epoch":1.75,"split":"train","accuracy":1e-9,"loss":1.5}
{"step":400,"epoch":1.75,"split":"validation"}
{"step":800,"epoch":3.5,"split":"train","loss":null,"rate_hz":12}
`
	if diff := cmp.Diff(want, string(content)); diff != "" {
		t.Error(diff)
	}
}

func TestReservedMetricNames(t *testing.T) {
	d := create(t)
	m := openMetrics(t, d)
	for _, name := range []string{"step", "epoch", "split"} {
		if err := m.Append(1, 0, "train", Values{name: 1}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("a metric called %s gives %v", name, err)
		}
	}
	expectRecords(t, d, nil)
}

func TestTornLastLines(t *testing.T) {
	for name, tail := range map[string]string{
		"half a line":    `{"step":1200,"epoch":5.2,"spl`,
		"no newline":     `{"step":1200,"epoch":5.2,"split":"train"}`,
		"zeros":          "\x00\x00\x00\x00",
		"zeros, newline": "\x00\x00\x00\x00\n",
	} {
		t.Run(name, func(t *testing.T) {
			d := create(t)
			m := openMetrics(t, d)
			appendAll(t, m, someRecords)
			if err := m.Close(); err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(d.Path(metricsFile), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			f.WriteString(tail)
			f.Close()
			expectRecords(t, d, someRecords)

			next := Record{1200, 5.25, "train", Values{"loss": 1}}
			appendAll(t, openMetrics(t, d), []Record{next})
			expectRecords(t, d, append(someRecords[:len(someRecords):len(someRecords)], next))
		})
	}
}

func TestDamageWithinTheMetrics(t *testing.T) {
	good := `{"step":1,"epoch":0,"split":"train"}` + "\n"
	for _, bad := range []string{"{", `{"epoch":1}`, `{"step":1,"loss":"low"}`, `[1]`, ""} {
		d := create(t)
		touch(t, d.Path(metricsFile), good+bad+"\n"+good)
		_, err := d.ReadMetrics()
		expectFault(t, err, d.Path(metricsFile)+":2")
	}
}

func TestTruncateAfter(t *testing.T) {
	d := create(t)
	m := openMetrics(t, d)
	appendAll(t, m, someRecords)
	if err := m.TruncateAfter(400); err != nil {
		t.Fatal(err)
	}
	expectRecords(t, d, someRecords[:2])
	appendAll(t, m, someRecords[2:])
	expectRecords(t, d, someRecords)

	before, _ := os.ReadFile(d.Path(metricsFile))
	if err := m.TruncateAfter(800); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.ReadFile(d.Path(metricsFile)); string(after) != string(before) {
		t.Error("with nothing to remove, the file changed")
	}
}

func TestValuesInJSON(t *testing.T) {
	content, err := json.Marshal(Values{"b": math.Inf(1), "a": 0.1, "c": 0})
	if err != nil || string(content) != `{"a":0.1,"b":null,"c":0}` {
		t.Errorf("got %s, %v", content, err)
	}
	var v Values
	if err := json.Unmarshal(content, &v); err != nil || v["a"] != 0.1 || !math.IsNaN(v["b"]) {
		t.Errorf("read back as %v, %v", v, err)
	}
}

func FuzzReadMetrics(f *testing.F) {
	for _, seed := range []string{"", "\n", "{}\n", "null\n", `{"step":1e99}` + "\n{}\n", `{"step":1,"a":null}` + "\n" + `{"step":`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		path := t.TempDir() + "/metrics.jsonl"
		touch(t, path, string(content))
		records, err := readMetrics(path)
		if err != nil {
			expectFault(t, err, path)
			return
		}
		for _, r := range records { // what was read can be written
			if _, err := json.Marshal(r); err != nil {
				t.Error(err)
			}
		}
	})
}
