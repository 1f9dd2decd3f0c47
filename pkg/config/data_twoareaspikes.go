package config

// TwoAreaSpikes are artificial recordings of two areas with two types of trial
// (arXiv:2306.03603, section 6.2 of the method): a stimulus excites area 1 in every
// trial, area 2 a little later and in hit trials alone.
type TwoAreaSpikes struct {
	Sessions         int     `yaml:"sessions" jsonschema:"minimum=1,maximum=10000" jsonschema_description:"recordings, each of its own neurons and trials"`
	BothAreas        bool    `yaml:"both_areas" jsonschema_description:"every session has neurons of both areas; false: both, area 1, area 2 in turn"`
	Excitatory       int     `yaml:"excitatory" jsonschema:"minimum=0,maximum=100000" jsonschema_description:"neurons of a session"`
	Inhibitory       int     `yaml:"inhibitory" jsonschema:"minimum=0,maximum=100000" jsonschema_description:"neurons of a session"`
	Trials           int     `yaml:"trials" jsonschema:"minimum=2,maximum=100000" jsonschema_description:"of a session"`
	HitFraction      float64 `yaml:"hit_fraction" jsonschema:"minimum=0,maximum=1" jsonschema_description:"probability of a hit"`
	Area2OnsetMS     int     `yaml:"area_2_onset_ms" jsonschema:"minimum=0,maximum=2000" jsonschema_description:"from the stimulus to the response of area 2, ms"`
	WindowStartMS    float64 `yaml:"window_start_ms" jsonschema:"minimum=-1000,maximum=3000" jsonschema_description:"of the trials that are fitted, relative to the stimulus, ms"`
	WindowEndMS      float64 `yaml:"window_end_ms" jsonschema:"minimum=-1000,maximum=3000" jsonschema_description:"of the trials that are fitted, relative to the stimulus, ms"`
	TrainFraction    float64 `yaml:"train_fraction" jsonschema:"exclusiveMinimum=0,exclusiveMaximum=1" jsonschema_description:"of the trials of each type in a session; the others test"`
	EvaluationTrials int     `yaml:"evaluation_trials" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"simulated trials that a split is evaluated with"`
	HitThresholdHz   float64 `yaml:"hit_threshold_hz" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"a trial with a higher peak of the mean activity of area 2 counts as a hit; 0: midway between the mean peaks of recorded hits and misses"`
}

func (TwoAreaSpikes) isData() {}

func defaultTwoAreaSpikes() TwoAreaSpikes {
	return TwoAreaSpikes{Sessions: 10, Excitatory: 80, Inhibitory: 20, Trials: 200, HitFraction: 0.8, Area2OnsetMS: 8,
		WindowStartMS: -100, WindowEndMS: 300, TrainFraction: 0.75, EvaluationTrials: 561, HitThresholdHz: 30}
}

func (d TwoAreaSpikes) check(e *Experiment, report reporter) {
	checkWindow(e, d.WindowStartMS, d.WindowEndMS, d.EvaluationTrials, report)
}

// checkWindow checks the window of the trials that a network of several areas is fitted
// to, and the number of trials that it is evaluated with.
func checkWindow(e *Experiment, start, end float64, trials int, report reporter) {
	if m, ok := e.Model.(MultiAreaRSNN); ok && end-start < 12*m.StepMS {
		report("data.window_end_ms", "data.window_end_ms is %g, expected at least %g, 12 steps of model.step_ms after data.window_start_ms (%g)", end, start+12*m.StepMS, start)
	}
	if e.Train.EvalTrials > trials {
		report("train.eval_trials", "train.eval_trials is %d, expected at most data.evaluation_trials (%d)", e.Train.EvalTrials, trials)
	}
}
