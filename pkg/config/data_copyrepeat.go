package config

// CopyRepeat shows N vectors of random bits and a number R, and asks for the
// vectors R times over and then for an end mark (section 6 of the method of
// arXiv:1901.09049; arXiv:1608.05343). A sequence has N + 1 + N·R + 1 symbols. N and R
// begin at 1; each time the error of a training batch falls below solved_below,
// one of them grows, in turn.
type CopyRepeat struct {
	Bits             int     `yaml:"bits" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"of a vector"`
	SymbolMS         int     `yaml:"symbol_ms" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"steps that each symbol lasts, of which the last is scored"`
	SolvedBelow      float64 `yaml:"solved_below" jsonschema:"exclusiveMinimum=0,maximum=1" jsonschema_description:"mean cross-entropy at which sequences count as solved and longer ones come, bits per bit"`
	Longest          int     `yaml:"longest" jsonschema:"minimum=4,maximum=1000000" jsonschema_description:"length in symbols beyond which sequences do not grow; memory is planned for it"`
	EvaluationTrials int     `yaml:"evaluation_trials" jsonschema:"minimum=1,maximum=10000000" jsonschema_description:"size of the validation split and of the test split"`
}

func (CopyRepeat) isData() {}

func defaultCopyRepeat() CopyRepeat {
	return CopyRepeat{Bits: 8, SymbolMS: 1, SolvedBelow: 0.15, Longest: 200, EvaluationTrials: 512}
}

func (d CopyRepeat) check(e *Experiment, report reporter) {
	if e.Train.EvalTrials > d.EvaluationTrials {
		report("train.eval_trials", "train.eval_trials is %d, expected at most data.evaluation_trials (%d)", e.Train.EvalTrials, d.EvaluationTrials)
	}
}
