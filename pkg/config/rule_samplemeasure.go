package config

// MLE fits a network to spikes by maximum likelihood, in a run that is clamped to the
// data (arXiv:2106.10064; L_MLE in section 3 of the method).
type MLE struct {
	Method          string     `yaml:"method" jsonschema:"enum=gradient,enum=lbfgs" jsonschema_description:"gradient: optimizer on batches; lbfgs: each training step is a run of L-BFGS over all training trials, which begins where the last one has ended; without hidden neurons the loss is convex"`
	LBFGSIterations int        `yaml:"lbfgs_iterations" jsonschema:"minimum=1,maximum=100000" when:"method=lbfgs" jsonschema_description:"iterations of L-BFGS in a training step"`
	Optimizer       Optimizer  `yaml:"optimizer" jsonschema_description:"how a gradient moves the parameters, where method is gradient"`
	Schedule        Schedule   `yaml:"schedule" jsonschema_description:"how the learning rate changes"`
	ClipNorm        float64    `yaml:"clip_norm" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"longest gradient of each tensor by itself, as a Euclidean norm; 0: no limit"`
	HiddenRate      HiddenRate `yaml:"hidden_rate" jsonschema_description:"what hidden neurons should fire, in the clamped run"`
	Selection       string     `yaml:"selection" jsonschema:"enum=last,enum=running-mean" jsonschema_description:"last: the result is the network after the last step; running-mean: the one with the least loss of the validation trials, which are also evaluated whenever the mean of the last four training losses is at its least"`
}

// SampleAndMeasure fits, besides the likelihood, what a freely running network does to
// statistics of the data (arXiv:2106.10064; section 3 of the method):
//
//	L = likelihood·L_MLE + psth·L_PSTH + noise_correlation·L_NC + hidden_rate.weight·L_FR
type SampleAndMeasure struct {
	Likelihood       float64    `yaml:"likelihood" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"weight of L_MLE; 0: the free run alone"`
	PSTH             float64    `yaml:"psth" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"weight of L_PSTH, that compares trial averages"`
	PSTHLoss         string     `yaml:"psth_loss" jsonschema:"enum=cross-entropy,enum=squared" jsonschema_description:"how it compares them"`
	NoiseCorrelation float64    `yaml:"noise_correlation" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"weight of L_NC, that compares covariances from trial to trial"`
	Covariances      string     `yaml:"covariances" jsonschema:"enum=probabilities,enum=consistent" jsonschema_description:"of the free run, in L_NC: probabilities: of the probabilities of spikes, as in the paper's code, which leaves out what a synapse adds to the covariance; consistent: of a probability and the earlier spike, whose mean is the covariance of spikes"`
	CovarianceLags   int        `yaml:"covariance_lags" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"bins of time shift that L_NC looks at, from 0 on; 0: as many as model.history_bins, as in the paper"`
	LikelihoodFirst  int        `yaml:"likelihood_first" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"so many iterations at the start are of maximum likelihood alone, with weight 1"`
	HiddenRate       HiddenRate `yaml:"hidden_rate" jsonschema_description:"what hidden neurons should fire, in the free run"`
	Optimizer        Optimizer  `yaml:"optimizer" jsonschema_description:"how a gradient moves the parameters"`
	Schedule         Schedule   `yaml:"schedule" jsonschema_description:"how the learning rate changes"`
	ClipNorm         float64    `yaml:"clip_norm" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"longest gradient of each tensor by itself, as a Euclidean norm; 0: no limit"`
	Selection        string     `yaml:"selection" jsonschema:"enum=last,enum=running-mean" jsonschema_description:"last: the result is the network after the last step; running-mean: the one with the least loss of the validation trials, which are also evaluated whenever the mean of the last four training losses is at its least"`
}

// HiddenRate is L_FR, mean over hidden neurons of (rate - target)².
type HiddenRate struct {
	Weight float64 `yaml:"weight" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"of L_FR; 0: none"`
	Target float64 `yaml:"target" jsonschema:"minimum=0,maximum=1" jsonschema_description:"spikes a bin; 0.17 is meant for bins of 40 ms"`
}

func (MLE) isRule()              {}
func (SampleAndMeasure) isRule() {}

func defaultMLE() MLE {
	return MLE{Method: "gradient", LBFGSIterations: 20, Optimizer: spikeFitAdam(), Schedule: ConstantRate{}, ClipNorm: 1,
		HiddenRate: HiddenRate{Weight: 0.001, Target: 0.17}, Selection: "running-mean"}
}

func defaultSampleAndMeasure() SampleAndMeasure {
	return SampleAndMeasure{Likelihood: 0.4, PSTH: 0.1, PSTHLoss: "cross-entropy", NoiseCorrelation: 50, Covariances: "probabilities",
		HiddenRate: HiddenRate{Weight: 0.001, Target: 0.17}, Optimizer: spikeFitAdam(), Schedule: ConstantRate{}, ClipNorm: 1, Selection: "running-mean"}
}

// spikeFitAdam is Adam as the paper's code has it.
func spikeFitAdam() Adam {
	adam := defaultAdam()
	adam.LearningRate, adam.Epsilon = 1e-3, 1e-7
	return adam
}

func (r MLE) check(e *Experiment, report reporter) {
	if m, ok := e.Model.(RSNN); ok && r.Method == "lbfgs" && (m.HiddenNeurons > 0 || m.StimulusNetwork == "cnn") {
		report("rule.method", "rule.method is lbfgs, expected gradient with hidden neurons or a stimulus network: the loss is neither smooth nor convex then")
	}
}

func (r SampleAndMeasure) check(e *Experiment, report reporter) {
	if r.Likelihood == 0 && r.PSTH == 0 && r.NoiseCorrelation == 0 {
		report("rule.likelihood", "rule.likelihood, rule.psth and rule.noise_correlation are 0, expected one of them above 0")
	}
	if d, ok := e.Data.(SpikeTrains); ok && d.DurationMS > 0 && float64(r.CovarianceLags) >= d.DurationMS/d.BinMS {
		report("rule.covariance_lags", "rule.covariance_lags is %d, expected fewer than the bins of a trial", r.CovarianceLags)
	}
	if e.Train.BatchSize < 2 && r.NoiseCorrelation > 0 {
		report("train.batch_size", "train.batch_size is %d, expected at least 2 where rule.noise_correlation is above 0", e.Train.BatchSize)
	}
}
