package experiment

import (
	"fmt"
	"math"
	"path/filepath"

	"github.com/snnctl/snnctl/internal/plot"
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/learning/eprop"
	"github.com/snnctl/snnctl/pkg/learning/eprop/reward"
)

// drawReward draws what the trained network does in the first test trial, what it
// would rather do in each step, and what it expects.
func drawReward[F tensor.Float](t *reward.Trainer[F], dir string) error {
	network := eprop.Trainer[F]{Learner: t.Learner, Source: t.Source}
	rec, batch, err := network.Record("test", 0, 0)
	if err != nil {
		return err
	}
	picture := trialPicture(t.Source.Populations(), batch, rec.Spikes, t.Net.LIF)
	for _, p := range populations(t.Net.LIF, t.Net.Neurons()) {
		j := busiest(rec.Spikes, p.first, p.last)
		picture.Neurons = append(picture.Neurons, neuronTrace(rec.Spikes, rec.V, rec.A, j, p.label(j)))
		if p.name == "ALIF" {
			picture.Signals = append(picture.Signals, plot.Signals{Label: "thresholds", Traces: highestThresholds(rec.A, p, 4)})
		}
	}
	choices := len(rec.Output) - 1
	picture.Signals = append(picture.Signals, plot.Signals{Label: "value V", Traces: []plot.Trace{{Name: "V", Values: rec.Output[choices]}}})
	picture.ReadoutLabel = "policy π"
	for k := range choices {
		trace := plot.Trace{Name: fmt.Sprint(k)}
		for step := range rec.Output[k] {
			var total float64
			for l := range choices {
				total += math.Exp(rec.Output[l][step] - rec.Output[k][step])
			}
			trace.Values = append(trace.Values, 1/total)
		}
		picture.Readout = append(picture.Readout, trace)
	}
	return picture.Write(filepath.Join(dir, "trial.svg"))
}
