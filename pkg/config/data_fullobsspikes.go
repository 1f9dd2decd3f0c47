package config

// FullObsSpikes are trials of a stochastic network all of whose neurons are recorded,
// and whose weights are known (arXiv:2106.10064; full-obs in section 5.2 of the method).
type FullObsSpikes struct {
	Neurons             int     `yaml:"neurons" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"neurons of the network"`
	HistoryBins         int     `yaml:"history_bins" jsonschema:"minimum=1,maximum=100" jsonschema_description:"bins that a spike acts on"`
	RecurrentScale      float64 `yaml:"recurrent_scale" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"standard deviation of the weights between neurons"`
	Bias                float64 `yaml:"bias" jsonschema:"minimum=-1000,maximum=1000" jsonschema_description:"of all neurons"`
	Inputs              int     `yaml:"inputs" jsonschema:"minimum=0,maximum=10000" jsonschema_description:"numbers in a bin of the stimulus, which all trials share"`
	InputScale          float64 `yaml:"input_scale" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"standard deviation of the input weights"`
	StimulusCorrelation float64 `yaml:"stimulus_correlation" jsonschema:"minimum=0,exclusiveMaximum=1" jsonschema_description:"of the stimulus with itself one bin later; its variance is 1"`
	Bins                int     `yaml:"bins" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"T, bins of a trial"`
	BinMS               float64 `yaml:"bin_ms" jsonschema:"exclusiveMinimum=0,maximum=100000" jsonschema_description:"what a bin stands for, ms; only rates in Hz depend on it"`
	TrainTrials         int     `yaml:"train_trials" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"trials that are fitted"`
	ValidationTrials    int     `yaml:"validation_trials" jsonschema:"minimum=2,maximum=1000000" jsonschema_description:"trials that tell when the fit is best"`
	TestTrials          int     `yaml:"test_trials" jsonschema:"minimum=2,maximum=1000000" jsonschema_description:"trials that the fit is compared with"`
}

func (FullObsSpikes) isData() {}

func defaultFullObsSpikes() FullObsSpikes {
	return FullObsSpikes{Neurons: 10, HistoryBins: 3, RecurrentScale: 0.25, Bias: 0.1, Inputs: 3, InputScale: 0.2,
		Bins: 200, BinMS: 40, TrainTrials: 80, ValidationTrials: 40, TestTrials: 100}
}
