package config

import "slices"

// TrialMatching fits a network to recordings so that it reproduces the mean response of
// each neuron, and how trials differ: sets of simulated and of recorded trials, each
// described by the filtered activity of its areas, are matched (arXiv:2306.03603). The
// loss is neuron_weight · L_neuron + trial_weight · L_trial.
type TrialMatching struct {
	Matching     string  `yaml:"matching" jsonschema:"enum=hard,enum=soft,enum=none,enum=gan,enum=mle" jsonschema_description:"L_trial: hard: the mean squared difference of optimally assigned trials; soft: the Sinkhorn divergence; none: no L_trial; gan: that of the generator against a discriminator for each session; mle: the negative log-likelihood of optimally assigned trials, bin by bin"`
	NeuronWeight float64 `yaml:"neuron_weight" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"of L_neuron"`
	TrialWeight  float64 `yaml:"trial_weight" jsonschema:"minimum=0,maximum=1000000000" when:"matching=hard|soft|gan|mle" jsonschema_description:"of L_trial"`
	TaskSplitter bool    `yaml:"task_splitter" when:"matching=hard|soft" jsonschema_description:"brings the gradients of both losses with respect to the spikes to unit size and takes out what conflicts, so that the weights do not matter but for the jaw"`
	HardSubset   string  `yaml:"hard_subset" jsonschema:"enum=first,enum=random" when:"matching=hard" jsonschema_description:"which of the recorded trials are matched where there are more of them than simulated ones: the first, or others at random in each step"`

	DiscriminatorRate  float64 `yaml:"discriminator_rate" jsonschema:"exclusiveMinimum=0,maximum=1000000" when:"matching=gan" jsonschema_description:"learning rate of the discriminators, by AdamW"`
	DiscriminatorDecay float64 `yaml:"discriminator_decay" jsonschema:"minimum=0,maximum=1000000" when:"matching=gan" jsonschema_description:"decay of the discriminators' weights, per step and learning rate"`
	DiscriminatorEvery int     `yaml:"discriminator_every" jsonschema:"minimum=1,maximum=1000000" when:"matching=gan" jsonschema_description:"steps from one update of the discriminators to the next"`

	Filter2      int    `yaml:"filter_2" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"r of filter 2, whose windows are 2r long and r apart; filter 1, before it, has windows of 12 ms every three steps"`
	LeastNeurons int    `yaml:"least_neurons" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"an area with fewer neurons in a session is no part of its features, and a session with fewer has no L_trial"`
	Subsets      string `yaml:"subsets" jsonschema:"enum=all,enum=by-stimulus" jsonschema_description:"recorded trials that a step sees: all; or in turn all, those of the types Miss and Hit, those of CR and FA"`

	Optimizer Optimizer `yaml:"optimizer" jsonschema_description:"how a gradient moves the parameters"`
	Schedule  Schedule  `yaml:"schedule" jsonschema_description:"how the learning rate changes"`
	ClipNorm  float64   `yaml:"clip_norm" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"longest gradient, as a Euclidean norm; 0: no limit"`
	Patience  int       `yaml:"patience" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"the training ends after so many steps in which the mean loss of 100 steps has not improved; 0: at the last iteration"`
	L1        float64   `yaml:"l1" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"each step takes l1 · learning rate from all synaptic weights"`
}

func (TrialMatching) isRule() {}

func (r TrialMatching) check(e *Experiment, report reporter) {
	if r.Subsets != "by-stimulus" {
		return
	}
	types := []string{"Miss", "Hit"}
	if d, ok := e.Data.(RecordedTrials); ok {
		types = d.TrialTypes
	}
	for _, name := range []string{"Miss", "Hit", "CR", "FA"} {
		if !slices.Contains(types, name) {
			report("rule.subsets", "rule.subsets is by-stimulus, expected all, as there are no trials of the type %s", name)
			return
		}
	}
}

func defaultTrialMatching() TrialMatching {
	adamW := defaultAdamW()
	adamW.LearningRate, adamW.WeightDecay = 5e-4, 0
	return TrialMatching{Matching: "hard", NeuronWeight: 10, TrialWeight: 100, TaskSplitter: true, HardSubset: "random", Filter2: 4, LeastNeurons: 10,
		DiscriminatorRate: 1e-3, DiscriminatorDecay: 1, DiscriminatorEvery: 5, Subsets: "all", Patience: 8000, Optimizer: adamW, Schedule: ConstantRate{}, L1: 0.01}
}
