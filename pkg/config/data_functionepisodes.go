package config

// FunctionEpisodes are episodes of trials, each episode about one function that is to be
// learnt from examples (arXiv:1803.09574, section 6.5 of the method). To the rest of the
// experiment an episode is one trial: train.batch_size and train.eval_trials count
// episodes.
type FunctionEpisodes struct {
	Family             string  `yaml:"family" jsonschema:"enum=teacher-network,enum=sinusoid" jsonschema_description:"teacher-network: 2 inputs, 10 hidden sigmoids, 1 output, 40 parameters uniform in [-1, 1]; sinusoid: ½ + A sin(π cycles x + φ)"`
	Attainable         string  `yaml:"attainable" jsonschema:"enum=of-family,enum=of-teacher" when:"family=teacher-network" jsonschema_description:"whose range of outputs is mapped to [0, 1]: one map for all teachers, or one each, so that every teacher takes all values"`
	AmplitudeMin       float64 `yaml:"amplitude_min" jsonschema:"minimum=0,maximum=0.5" when:"family=sinusoid" jsonschema_description:"least A"`
	AmplitudeMax       float64 `yaml:"amplitude_max" jsonschema:"minimum=0,maximum=0.5" when:"family=sinusoid" jsonschema_description:"greatest A"`
	Cycles             float64 `yaml:"cycles" jsonschema:"exclusiveMinimum=0,maximum=1000" when:"family=sinusoid" jsonschema_description:"of the sinusoid over the range of x, [-1, 1]"`
	PhaseCycles        float64 `yaml:"phase_cycles" jsonschema:"minimum=0,maximum=1" when:"family=sinusoid" jsonschema_description:"φ is uniform from 0 to this part of a cycle"`
	Trials             int     `yaml:"trials" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"trials of an episode"`
	TrialMS            int     `yaml:"trial_ms" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"length of a trial, over which the output is averaged, ms"`
	LinesPerNumber     int     `yaml:"lines_per_number" jsonschema:"minimum=2,maximum=10000" jsonschema_description:"input neurons of the population code of each input and of the previous target"`
	PeakHz             float64 `yaml:"peak_hz" jsonschema:"exclusiveMinimum=0,exclusiveMaximum=1000" jsonschema_description:"firing rate of a line at its preferred value, Hz"`
	FirstTrials        int     `yaml:"first_trials" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"trials from the first on whose error is mse_first"`
	LastTrials         int     `yaml:"last_trials" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"trials up to the last whose error is mse_last"`
	EvaluationEpisodes int     `yaml:"evaluation_episodes" jsonschema:"minimum=1,maximum=10000000" jsonschema_description:"size of the validation split and of the test split"`
}

func (FunctionEpisodes) isData() {}

func defaultFunctionEpisodes() FunctionEpisodes {
	return FunctionEpisodes{Family: "teacher-network", Attainable: "of-teacher", AmplitudeMin: 0.1, AmplitudeMax: 0.5, Cycles: 1, PhaseCycles: 1,
		Trials: 400, TrialMS: 20, LinesPerNumber: 100, PeakHz: 200, FirstTrials: 3, LastTrials: 50, EvaluationEpisodes: 256}
}

func (d FunctionEpisodes) check(e *Experiment, report reporter) {
	if d.AmplitudeMax < d.AmplitudeMin {
		report("data.amplitude_max", "data.amplitude_max is %v, expected at least data.amplitude_min (%v)", d.AmplitudeMax, d.AmplitudeMin)
	}
	if most := max(d.FirstTrials, d.LastTrials); most > d.Trials {
		report("data.trials", "data.trials is %d, expected at least data.first_trials (%d) and data.last_trials (%d)", d.Trials, d.FirstTrials, d.LastTrials)
	}
	if m, ok := e.Model.(LSNN); ok {
		if m.Form != "lsnn" {
			report("model.form", "model.form is %s, expected lsnn where data.type is function-episodes", m.Form)
		}
		if m.CarryState {
			report("model.carry_state", "model.carry_state is true, expected false where data.type is function-episodes: nothing is known of a new function")
		}
	}
	if e.Train.EvalTrials > d.EvaluationEpisodes {
		report("train.eval_trials", "train.eval_trials is %d, expected at most data.evaluation_episodes (%d)", e.Train.EvalTrials, d.EvaluationEpisodes)
	}
}
