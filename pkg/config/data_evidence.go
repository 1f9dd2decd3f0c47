package config

// EvidenceAccumulation shows cues from the left and the right and asks, after a delay,
// from where there were more (arXiv:1901.09049, section 7.3 of the method). A trial
// has cues·slot_ms + delay_ms steps of 1 ms.
type EvidenceAccumulation struct {
	LinesPerGroup    int     `yaml:"lines_per_group" jsonschema:"minimum=1,maximum=10000" jsonschema_description:"input neurons of each of the 4 groups: left, right, recall, noise"`
	Cues             int     `yaml:"cues" jsonschema:"minimum=1,maximum=9999" jsonschema_description:"cues in a trial, an odd number"`
	SlotMS           int     `yaml:"slot_ms" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"time from cue to cue, ms"`
	CueMS            int     `yaml:"cue_ms" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"length of a cue, at the end of its slot, ms"`
	DelayMS          int     `yaml:"delay_ms" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"time from the last cue to the end, ms"`
	RecallMS         int     `yaml:"recall_ms" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"the last part of the delay, in which the recall group fires and the answer is read, ms"`
	RateHz           float64 `yaml:"rate_hz" jsonschema:"exclusiveMinimum=0,maximum=1000" jsonschema_description:"firing rate of a group that is on, Hz"`
	NoiseHz          float64 `yaml:"noise_hz" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"firing rate of the noise group, Hz"`
	SideProbability  float64 `yaml:"side_probability" jsonschema:"minimum=0.5,maximum=1" jsonschema_description:"probability that a cue comes from the side that its trial favours"`
	EvaluationTrials int     `yaml:"evaluation_trials" jsonschema:"minimum=1,maximum=10000000" jsonschema_description:"size of the validation split and of the test split"`
}

func (EvidenceAccumulation) isData() {}

func defaultEvidenceAccumulation() EvidenceAccumulation {
	return EvidenceAccumulation{LinesPerGroup: 10, Cues: 7, SlotMS: 150, CueMS: 100, DelayMS: 1200, RecallMS: 150,
		RateHz: 40, NoiseHz: 10, SideProbability: 0.7, EvaluationTrials: 512}
}

func (d EvidenceAccumulation) check(e *Experiment, report reporter) {
	if d.Cues%2 == 0 {
		report("data.cues", "data.cues is %d, expected an odd number, so that one side has more", d.Cues)
	}
	if d.CueMS > d.SlotMS {
		report("data.cue_ms", "data.cue_ms is %d, expected at most data.slot_ms (%d)", d.CueMS, d.SlotMS)
	}
	if d.RecallMS > d.DelayMS {
		report("data.recall_ms", "data.recall_ms is %d, expected at most data.delay_ms (%d)", d.RecallMS, d.DelayMS)
	}
	if e.Train.EvalTrials > d.EvaluationTrials {
		report("train.eval_trials", "train.eval_trials is %d, expected at most data.evaluation_trials (%d)", e.Train.EvalTrials, d.EvaluationTrials)
	}
}
