package config

// ArmTrajectory asks for movements of an arm with two joints that were seen once
// (arXiv:1901.09049, section 5 of the method). The step is 1 ms; a task has two
// trials.
type ArmTrajectory struct {
	TrialMS         int `yaml:"trial_ms" jsonschema:"minimum=2,maximum=100000" jsonschema_description:"length of a trial, ms; a multiple of clock_windows"`
	ClockWindows    int `yaml:"clock_windows" jsonschema:"minimum=1,maximum=10000" jsonschema_description:"parts of a trial that the clock tells apart"`
	ClockLines      int `yaml:"clock_lines" jsonschema:"minimum=1,maximum=10000" jsonschema_description:"input neurons of the clock, a multiple of clock_windows; those of a window fire every 10 ms while it lasts"`
	CodeNeurons     int `yaml:"code_neurons" jsonschema:"minimum=2,maximum=10000" jsonschema_description:"neurons of the population code of each coordinate of the target"`
	EvaluationTasks int `yaml:"evaluation_tasks" jsonschema:"minimum=1,maximum=10000000" jsonschema_description:"size of the validation split and of the test split"`
}

func (ArmTrajectory) isData() {}

func defaultArmTrajectory() ArmTrajectory {
	return ArmTrajectory{TrialMS: 500, ClockWindows: 5, ClockLines: 10, CodeNeurons: 100, EvaluationTasks: 512}
}

func (d ArmTrajectory) check(e *Experiment, report reporter) {
	if d.TrialMS%d.ClockWindows != 0 {
		report("data.trial_ms", "data.trial_ms is %d, expected a multiple of data.clock_windows (%d)", d.TrialMS, d.ClockWindows)
	}
	if d.ClockLines%d.ClockWindows != 0 {
		report("data.clock_lines", "data.clock_lines is %d, expected a multiple of data.clock_windows (%d)", d.ClockLines, d.ClockWindows)
	}
	if e.Train.EvalTrials > d.EvaluationTasks {
		report("train.eval_trials", "train.eval_trials is %d, expected at most data.evaluation_tasks (%d)", e.Train.EvalTrials, d.EvaluationTasks)
	}
}
