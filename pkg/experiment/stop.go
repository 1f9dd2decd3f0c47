package experiment

import (
	"maps"
	"slices"
	"strings"

	"github.com/snnctl/snnctl/internal/fault"
)

// criterionMetric is the summary's name for the number of iterations after which the
// criterion of train.stop was met.
const criterionMetric = "iterations_to_criterion"

// criterion tells, after a step with the given training metrics, whether the training
// has met train.stop.
func (l *Loop) criterion(metrics map[string]float64) (met bool, err error) {
	stop := l.Config.Train.Stop
	if stop == nil {
		return false, nil
	}
	x, ok := metrics[stop.Metric]
	if !ok {
		return false, missingMetric(stop.Metric, metrics)
	}
	if !(x < stop.Below) {
		return false, nil
	}
	validation, err := l.Experiment.Evaluate("validation", stop.Batches*l.Config.Train.BatchSize)
	if err != nil {
		return false, err
	}
	x, ok = validation[stop.Metric]
	if !ok {
		return false, missingMetric(stop.Metric, validation)
	}
	return x < stop.Below, nil
}

func missingMetric(name string, metrics map[string]float64) error {
	return fault.Inputf("train.stop.metric is %s, expected one of %s", name, strings.Join(slices.Sorted(maps.Keys(metrics)), ", "))
}
