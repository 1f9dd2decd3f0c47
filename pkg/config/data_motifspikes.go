package config

// MotifSpikes are trials of a network of three populations (arXiv:2106.10064; motif in
// section 5.2 of the method): A and B are recorded, and C, through which A drives B, is
// not. A and B are not coupled, but for direct_coupling.
type MotifSpikes struct {
	PopulationNeurons   int       `yaml:"population_neurons" jsonschema:"minimum=1,maximum=300" jsonschema_description:"neurons in each of A, B and C"`
	Filter              []float64 `yaml:"filter,omitempty" jsonschema:"minItems=1,maxItems=100" jsonschema_description:"of every synapse, one number a bin of history, the oldest bin first"`
	Coupling            float64   `yaml:"coupling" jsonschema:"minimum=-1000,maximum=1000" jsonschema_description:"mean weight of the synapses from A to C and from C to B, where the filter is 1"`
	CouplingSpread      float64   `yaml:"coupling_spread" jsonschema:"minimum=0,maximum=100" jsonschema_description:"standard deviation of such a weight, as a part of coupling; no weight changes its sign"`
	SelfCoupling        float64   `yaml:"self_coupling" jsonschema:"minimum=-1000,maximum=1000" jsonschema_description:"weight of each neuron on itself, where the filter is 1"`
	DirectCoupling      float64   `yaml:"direct_coupling" jsonschema:"minimum=-1000,maximum=1000" jsonschema_description:"weight of synapses from A to B, where the filter is 1; the method has none"`
	Bias                float64   `yaml:"bias" jsonschema:"minimum=-1000,maximum=1000" jsonschema_description:"of the neurons of B and C; A has 0"`
	Inputs              int       `yaml:"inputs" jsonschema:"minimum=0,maximum=10000" jsonschema_description:"numbers in a bin of the stimulus, which all trials share and only A sees"`
	InputScale          float64   `yaml:"input_scale" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"standard deviation of the input weights of A"`
	StimulusCorrelation float64   `yaml:"stimulus_correlation" jsonschema:"minimum=0,exclusiveMaximum=1" jsonschema_description:"of the stimulus with itself one bin later; its variance is 1"`
	Bins                int       `yaml:"bins" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"T, bins of a trial"`
	BinMS               float64   `yaml:"bin_ms" jsonschema:"exclusiveMinimum=0,maximum=100000" jsonschema_description:"what a bin stands for, ms; only rates in Hz depend on it"`
	TrainTrials         int       `yaml:"train_trials" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"trials that are fitted"`
	ValidationTrials    int       `yaml:"validation_trials" jsonschema:"minimum=2,maximum=1000000" jsonschema_description:"trials that tell when the fit is best"`
	TestTrials          int       `yaml:"test_trials" jsonschema:"minimum=2,maximum=1000000" jsonschema_description:"trials that the fit is compared with"`
}

func (MotifSpikes) isData() {}

func defaultMotifSpikes() MotifSpikes {
	return MotifSpikes{PopulationNeurons: 5, Filter: []float64{0.3, 0.6, 1}, Coupling: 0.3, CouplingSpread: 0.2, SelfCoupling: -0.25,
		Bias: -0.62, Inputs: 5, InputScale: 0.35, StimulusCorrelation: 0.7, Bins: 100, BinMS: 40,
		TrainTrials: 300, ValidationTrials: 100, TestTrials: 100}
}
