package samplemeasure

import (
	"github.com/snnctl/snnctl/internal/tensor"
	"github.com/snnctl/snnctl/pkg/metrics"
)

// Compared is what the data do and what the network does on its own, for pictures.
type Compared struct {
	DataPSTH, ModelPSTH     []float64       // [T][Nv]
	DataTrials, ModelTrials []tensor.Raster // the latter of all neurons, without history
	History                 int             // bins of DataTrials before the first of ModelTrials
	DataNoise, ModelNoise   []float64       // noise correlations of all pairs
}

// Compare runs the network freely for as many trials as a split has, as Evaluate does.
func (t *Trainer[F]) Compare(split string) (*Compared, error) {
	data, err := t.Trials.Split(split)
	if err != nil {
		return nil, err
	}
	t.run(t.x(), len(data), split)
	history, n := t.Net.Delays, t.Net.Visible
	return &Compared{
		DataPSTH: metrics.TrialAverage(data, history, n), ModelPSTH: metrics.TrialAverage(t.free.Spikes, 0, n),
		DataTrials: data, ModelTrials: t.free.Spikes, History: history,
		DataNoise: metrics.NoiseCorrelations(data, history, n), ModelNoise: metrics.NoiseCorrelations(t.free.Spikes, 0, n),
	}, nil
}
