package config

// RSNN is the recurrent network of stochastic binary neurons that are coupled by finite
// impulse responses (arXiv:2106.10064; section 2 of the method). The recorded neurons
// are those of the data.
type RSNN struct {
	HiddenNeurons  int     `yaml:"hidden_neurons" jsonschema:"minimum=0,maximum=10000" jsonschema_description:"neurons besides the recorded ones"`
	HistoryBins    int     `yaml:"history_bins" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"D, bins that a spike acts on"`
	Threshold      float64 `yaml:"threshold" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"θ; u = (v - θ)/θ"`
	Beta           float64 `yaml:"beta" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"β; a neuron fires with the probability σ(βu)"`
	Dampening      float64 `yaml:"dampening" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"γ of the surrogate derivative dz/du = γ max(0, 1-|u|)"`
	Start          string  `yaml:"start" jsonschema:"enum=truncated-normal,enum=normal" jsonschema_description:"distribution of the initial weights; truncated at two standard deviations"`
	InputScale     float64 `yaml:"input_scale" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"standard deviation of the initial input weights, times √I"`
	RecurrentScale float64 `yaml:"recurrent_scale" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"standard deviation of the initial recurrent weights, times √(nD)"`

	StimulusNetwork string `yaml:"stimulus_network" jsonschema:"enum=none,enum=cnn" jsonschema_description:"cnn: two convolutions and poolings between the frames and the neurons, trained with them; none: the neurons see the stimulus itself"`
	CNNFilters      int    `yaml:"cnn_filters" jsonschema:"minimum=1,maximum=1024" when:"stimulus_network=cnn" jsonschema_description:"filters of the first convolution; the second has twice as many"`
	CNNKernel       int    `yaml:"cnn_kernel" jsonschema:"minimum=1,maximum=31" when:"stimulus_network=cnn" jsonschema_description:"side of the filters, pixels"`
	CNNPool         int    `yaml:"cnn_pool" jsonschema:"minimum=1,maximum=31" when:"stimulus_network=cnn" jsonschema_description:"side of the window of a pooling, pixels; its stride is 2"`
}

func (RSNN) isModel() {}

func defaultRSNN() RSNN {
	return RSNN{HistoryBins: 9, Threshold: 0.4, Beta: 1, Dampening: 0.3, Start: "truncated-normal", InputScale: 1, RecurrentScale: 1,
		StimulusNetwork: "none", CNNFilters: 16, CNNKernel: 7, CNNPool: 3}
}

func (m RSNN) check(e *Experiment, report reporter) {
	if _, recorded := e.Data.(SpikeTrains); !recorded && m.StimulusNetwork == "cnn" {
		report("model.stimulus_network", "model.stimulus_network is cnn, expected none: artificial data have no frames")
	}
}
