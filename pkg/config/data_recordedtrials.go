package config

// RecordedTrials are the trials of recorded sessions, whose neurons lie in several areas
// (arXiv:2306.03603, section 6 of the method). Each neuron of the network stands for a
// recorded one of its area and cell type.
type RecordedTrials struct {
	Path   string `yaml:"path" jsonschema:"required,minLength=1,maxLength=4096" jsonschema_description:"the recordings; a relative path is sought in the working directory, then in the data directory"`
	Format string `yaml:"format" jsonschema:"enum=auto,enum=folder,enum=spike-data,enum=nwb,enum=csv" jsonschema_description:"folder: one a session, as the paper's code lays them out; spike-data: spikeData_v9.mat of Esmaeili et al. 2021; nwb: a file or a folder of NWB 2.x files, one a session; csv: a folder with spikes.csv, neurons.csv, trials.csv and behaviour.csv; auto: the first of these that it looks like"`

	Areas          []string `yaml:"areas" jsonschema:"required,minItems=1,maxItems=100,minLength=1,maxLength=200" jsonschema_description:"of the recordings, in the network's order"`
	TrialTypes     []string `yaml:"trial_types" jsonschema:"minItems=1,maxItems=100,minLength=1,maxLength=200" jsonschema_description:"trials of other types are left out; numbers are written as text"`
	TypeColumn     string   `yaml:"type_column" jsonschema:"maxLength=200" jsonschema_description:"of the table of trials, with their type; empty: trial_type, type or outcome"`
	EventColumn    string   `yaml:"event_column" jsonschema:"maxLength=200" jsonschema_description:"of the table of trials, with the time that they are aligned to; empty: their start in nwb, the stimulus elsewhere"`
	StimulusColumn string   `yaml:"stimulus_column" jsonschema:"maxLength=200" jsonschema_description:"of the table of trials, with the amplitude of the stimulus; empty: 1 in all trials of nwb, the column stim elsewhere"`
	WidthColumn    string   `yaml:"width_column" jsonschema:"maxLength=200" jsonschema_description:"of the units of nwb, with the width of spikes or another number that tells excitatory ones; empty: their cell type"`
	WidthAbove     float64  `yaml:"width_above" jsonschema:"minimum=-1000000000,maximum=1000000000" jsonschema_description:"units above it in width_column are excitatory"`
	Behaviour      string   `yaml:"behaviour" jsonschema:"maxLength=200" jsonschema_description:"the trace that the network's jaw is compared with: a series of nwb; jaw of folder and spike-data; behaviour of csv; empty: none"`
	NormaliseJaw   bool     `yaml:"normalise_jaw" jsonschema_description:"flip the trace, take off its mean before the stimulus, and divide it by its deviation over trials"`
	JawBaselineMS  float64  `yaml:"jaw_baseline_ms" jsonschema:"minimum=0,maximum=100000" when:"normalise_jaw=true" jsonschema_description:"at the start of each trial, whose mean is taken off, ms; the paper's code takes 800, where 200 were meant; 0: none"`

	ReactionColumn string   `yaml:"reaction_column" jsonschema:"maxLength=200" jsonschema_description:"of the table of trials, with reaction times; empty: trials are kept whatever theirs is"`
	ReactionTypes  []string `yaml:"reaction_types,omitempty" jsonschema:"maxItems=100,minLength=1,maxLength=200" jsonschema_description:"types of trials that are kept only if their reaction time is in range"`
	ReactionAboveS float64  `yaml:"reaction_above_s" jsonschema:"minimum=-1000,maximum=1000" jsonschema_description:"end of the range of reaction times, s"`
	ReactionBelowS float64  `yaml:"reaction_below_s" jsonschema:"minimum=-1000,maximum=1000" jsonschema_description:"end of the range of reaction times, s"`

	MostHz           float64 `yaml:"most_hz" jsonschema:"minimum=0,maximum=100000" jsonschema_description:"neurons whose mean rate is as high are left out; 0: none"`
	WindowStartMS    float64 `yaml:"window_start_ms" jsonschema:"minimum=-1000000,maximum=1000000" jsonschema_description:"of the trials that are fitted, relative to the event, ms"`
	WindowEndMS      float64 `yaml:"window_end_ms" jsonschema:"minimum=-1000000,maximum=1000000" jsonschema_description:"of the trials that are fitted, relative to the event, ms"`
	TrainFraction    float64 `yaml:"train_fraction" jsonschema:"exclusiveMinimum=0,exclusiveMaximum=1" jsonschema_description:"of the trials of each type in a session; the others test"`
	EvaluationTrials int     `yaml:"evaluation_trials" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"simulated trials that a split is evaluated with"`
}

func (RecordedTrials) isData() {}

func defaultRecordedTrials() RecordedTrials {
	return RecordedTrials{Format: "auto", TrialTypes: []string{"Miss", "Hit", "CR", "FA"}, NormaliseJaw: true, JawBaselineMS: 800,
		ReactionAboveS: -1, ReactionBelowS: 0.2, MostHz: 40, WindowStartMS: -200, WindowEndMS: 1200, TrainFraction: 0.75, EvaluationTrials: 300}
}

func (d RecordedTrials) check(e *Experiment, report reporter) {
	checkWindow(e, d.WindowStartMS, d.WindowEndMS, d.EvaluationTrials, report)
	if m, ok := e.Model.(MultiAreaRSNN); ok && m.Jaw != "none" && d.Behaviour == "" {
		report("data.behaviour", "data.behaviour is empty, expected the name of a trace that the jaw (model.jaw %s) is compared with", m.Jaw)
	}
}
