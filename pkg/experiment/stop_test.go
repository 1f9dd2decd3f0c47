package experiment

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/experiment/run"
)

// A training ends at the first step whose batch and whose validation batches meet the
// criterion, says when, and stays ended when it is resumed.
func TestTrainingStopsWhenItsCriterionIsMet(t *testing.T) {
	e := load(t, "train.stop.metric=rate_hz", "train.stop.below=1000", "train.stop.batches=2", "train.iterations=40")
	path := filepath.Join(t.TempDir(), "run")
	taken := 0
	if err := trainInto(context.Background(), t, e, path, 1, func(int) { taken++ }); err != nil {
		t.Fatal(err)
	}
	summary := summaryOf(t, path)
	if got := summary.Metrics[criterionMetric]; taken != 1 || got != 1 || summary.Step != 1 {
		t.Errorf("%d steps, summary of step %d with %g iterations to the criterion; want 1 each", taken, summary.Step, got)
	}
	if err := trainInto(context.Background(), t, e, path, 1, func(int) { taken++ }); err != nil {
		t.Fatal(err)
	}
	if again := summaryOf(t, path); taken != 1 || again.Metrics[criterionMetric] != 1 {
		t.Errorf("%d steps when resumed, summary %+v", taken, again)
	}
}

// A criterion out of reach changes nothing but what it is itself.
func TestTrainingGoesOnWhenItsCriterionIsNotMet(t *testing.T) {
	e := load(t, "train.stop.metric=rate_hz", "train.stop.below=-1", "train.stop.batches=2")
	path := filepath.Join(t.TempDir(), "run")
	if err := trainInto(context.Background(), t, e, path, 1, nil); err != nil {
		t.Fatal(err)
	}
	summary := summaryOf(t, path)
	if _, met := summary.Metrics[criterionMetric]; met || summary.Step != e.Train.Iterations {
		t.Errorf("summary %+v", summary)
	}
}

func TestCriterionOfAMetricThatIsNone(t *testing.T) {
	e := load(t, "train.stop.metric=eror", "train.stop.below=0.1", "train.stop.batches=2")
	err := trainInto(context.Background(), t, e, filepath.Join(t.TempDir(), "run"), 1, nil)
	if !fault.IsInput(err) || errors.Is(err, ErrStopped) || !strings.Contains(err.Error(), "train.stop.metric is eror, expected one of accuracy,") {
		t.Errorf("error %v", err)
	}
}

func summaryOf(t *testing.T, path string) run.Summary {
	t.Helper()
	dir, err := run.Open("", path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := dir.ReadSummary()
	if err != nil {
		t.Fatal(err)
	}
	return s
}
