package config

// PatternGeneration asks the outputs to follow sums of sines in answer to one frozen
// pattern of input spikes (arXiv:1901.09049, section 7.1 of the method). There is one
// trial, which training, validation and test share.
type PatternGeneration struct {
	InputLines int     `yaml:"input_lines" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"lines of the input pattern"`
	RateHz     float64 `yaml:"rate_hz" jsonschema:"exclusiveMinimum=0,maximum=1000" jsonschema_description:"firing rate of a line, Hz"`
	TrialMS    int     `yaml:"trial_ms" jsonschema:"minimum=1000,maximum=1000000" jsonschema_description:"length of the trial, ms"`
	Curves     int     `yaml:"curves" jsonschema:"minimum=1,maximum=10000" jsonschema_description:"target curves, each with an output"`
}

func (PatternGeneration) isData() {}

func defaultPatternGeneration() PatternGeneration {
	return PatternGeneration{InputLines: 100, RateHz: 50, TrialMS: 1000, Curves: 1}
}
