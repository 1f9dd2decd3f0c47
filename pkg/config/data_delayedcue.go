package config

// DelayedCue shows a cue on the left or on the right, and asks for its side after a
// delay: a task of our own for learning from rewards. Trials have cue_ms + delay_ms +
// go_ms + outcome_ms steps of 1 ms.
type DelayedCue struct {
	LinesPerPopulation int     `yaml:"lines_per_population" jsonschema:"minimum=1,maximum=10000" jsonschema_description:"input neurons of each of left, right, go and noise"`
	RateHz             float64 `yaml:"rate_hz" jsonschema:"exclusiveMinimum=0,maximum=1000" jsonschema_description:"firing rate of a population while it is on, Hz"`
	NoiseHz            float64 `yaml:"noise_hz" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"firing rate of the noise, which is always on, Hz"`
	CueMS              int     `yaml:"cue_ms" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"length of the cue, ms"`
	DelayMS            int     `yaml:"delay_ms" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"from the end of the cue to the go signal, ms"`
	GoMS               int     `yaml:"go_ms" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"length of the go signal, ms; the decision falls in its last step"`
	OutcomeMS          int     `yaml:"outcome_ms" jsonschema:"minimum=0,maximum=100000" jsonschema_description:"from the decision to the end of the trial, where the reward comes, ms"`
	EvaluationTrials   int     `yaml:"evaluation_trials" jsonschema:"minimum=1,maximum=10000000" jsonschema_description:"size of the validation split and of the test split"`
}

func (DelayedCue) isData() {}

func defaultDelayedCue() DelayedCue {
	return DelayedCue{LinesPerPopulation: 10, RateHz: 40, NoiseHz: 10, CueMS: 100, DelayMS: 1500, GoMS: 100, OutcomeMS: 50, EvaluationTrials: 512}
}

func (d DelayedCue) check(e *Experiment, report reporter) {
	if e.Train.EvalTrials > d.EvaluationTrials {
		report("train.eval_trials", "train.eval_trials is %d, expected at most data.evaluation_trials (%d)", e.Train.EvalTrials, d.EvaluationTrials)
	}
}
