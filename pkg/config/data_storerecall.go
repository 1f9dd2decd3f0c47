package config

// StoreRecall asks the network to keep a bit between a store and a recall
// command (arXiv:1803.09574, section 6.4 of the method). Populations of Poisson
// neurons stand for the symbols 0, 1, store and recall; a trial has
// symbols·symbol_ms steps of 1 ms.
type StoreRecall struct {
	LinesPerSymbol     int     `yaml:"lines_per_symbol" jsonschema:"minimum=1,maximum=10000" jsonschema_description:"input neurons of each of the 4 symbols"`
	RateHz             float64 `yaml:"rate_hz" jsonschema:"exclusiveMinimum=0,maximum=1000" jsonschema_description:"firing rate of a population while its symbol is on, Hz"`
	SymbolMS           int     `yaml:"symbol_ms" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"length of a symbol, ms"`
	Symbols            int     `yaml:"symbols" jsonschema:"minimum=2,maximum=10000" jsonschema_description:"symbols in a trial"`
	CommandProbability float64 `yaml:"command_probability" jsonschema:"exclusiveMinimum=0,maximum=1" jsonschema_description:"probability that a step carries the command that may come next"`
	DelaySymbols       int     `yaml:"delay_symbols" jsonschema:"minimum=0,maximum=9999" jsonschema_description:"0: delays are random, as in the paper; k: the recall always comes k symbols after the store"`
	EvaluationTrials   int     `yaml:"evaluation_trials" jsonschema:"minimum=1,maximum=10000000" jsonschema_description:"size of the validation split and of the test split"`
}

func (StoreRecall) isData() {}

func defaultStoreRecall() StoreRecall {
	return StoreRecall{LinesPerSymbol: 25, RateHz: 50, SymbolMS: 200, Symbols: 12,
		CommandProbability: 1.0 / 7, EvaluationTrials: 512}
}

func (d StoreRecall) check(e *Experiment, report reporter) {
	if d.DelaySymbols >= d.Symbols {
		report("data.delay_symbols", "data.delay_symbols is %d, expected less than data.symbols (%d)", d.DelaySymbols, d.Symbols)
	}
	if e.Train.EvalTrials > d.EvaluationTrials {
		report("train.eval_trials", "train.eval_trials is %d, expected at most data.evaluation_trials (%d)", e.Train.EvalTrials, d.EvaluationTrials)
	}
}
