package config

// BaumViterbi fits a mesoscopic model to the spikes of a few neurons (arXiv:2205.13493,
// section 5 of the method): it goes back and forth between the trajectory of the
// populations and the parameters. A training step is one time there and back, of
// all restarts.
type BaumViterbi struct {
	Trajectory string `yaml:"trajectory" jsonschema:"enum=adam,enum=map,enum=variational,enum=particles" jsonschema_description:"adam: the published steps down the likelihood; map: the most probable innovations, by L-BFGS, together with the parameters; variational: the same, but with the noise that the spikes leave; particles: means of a particle filter"`
	Restarts   int    `yaml:"restarts" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"fits from parameters drawn anew, of which the best one counts, or all, with average"`

	Average bool `yaml:"average" jsonschema_description:"all restarts count, not the best alone: each keeps couplings that are drawn, all else is fitted to them, and each is weighed by how likely it makes the spikes of training. Needs prior_deviation"`

	Labels            string `yaml:"labels" jsonschema:"enum=given,enum=inferred" jsonschema_description:"which population a recorded neuron belongs to: given: by its area, in alphabetical order, by neuron_populations, or as simulated; inferred: by k-means on the smoothed spike trains, the population with the lowest mean rate first, which is also what is done where no neuron has an area"`
	NeuronPopulations []int  `yaml:"neuron_populations,omitempty" jsonschema:"minimum=-1,maximum=99,minItems=1,maxItems=100000" jsonschema_description:"of each neuron of a recording, in the file's order, the number of its population, from 0 on; -1 leaves it out"`

	FitLeak        bool    `yaml:"fit_leak" jsonschema_description:"fit 1/τ of the membranes"`
	FitRest        bool    `yaml:"fit_rest" jsonschema_description:"fit the resting potentials"`
	FitThreshold   bool    `yaml:"fit_threshold" jsonschema_description:"fit the thresholds"`
	FitWeights     string  `yaml:"fit_weights" jsonschema:"enum=none,enum=by-source,enum=each" jsonschema_description:"by-source: a ratio for all weights from a population; each: one for each weight; none. Weights of 0 stay so, and signs stay"`
	Lower          float64 `yaml:"lower" jsonschema:"exclusiveMinimum=0,maximum=1" jsonschema_description:"least ratio of a parameter to its reference"`
	Upper          float64 `yaml:"upper" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"largest ratio of a parameter to its reference"`
	PriorDeviation float64 `yaml:"prior_deviation" jsonschema:"minimum=0,maximum=100" jsonschema_description:"of a normal prior over ln((ratio - lower)/(upper - ratio)); 0: all ratios between the bounds are alike, as published"`
	PriorShared    float64 `yaml:"prior_shared" jsonschema:"minimum=0,exclusiveMaximum=1" jsonschema_description:"part of the prior's variance that populations have in common, for each kind of parameter (1/τ, excitatory and inhibitory weights, resting potential, threshold): what spikes say of one population tells of the others; 0: none"`
	FirstRatio     float64 `yaml:"first_ratio" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"at which all parameters begin; 0: drawn"`

	InitialSigmaMS       float64 `yaml:"initial_sigma_ms" jsonschema:"minimum=0,maximum=100000" jsonschema_description:"of the Gaussian that smooths the spikes into a first trajectory, ms"`
	InitialSlack         float64 `yaml:"initial_slack" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"divides the squared distances between the first trajectory and what the network expects, in the first fit of the parameters"`
	ParameterIterations  int     `yaml:"parameter_iterations" jsonschema:"minimum=1,maximum=10000" jsonschema_description:"most iterations of L-BFGS on the parameters alone"`
	TrajectoryIterations int     `yaml:"trajectory_iterations" jsonschema:"minimum=1,maximum=10000" jsonschema_description:"most steps or iterations on the trajectory, with map and variational together with the parameters"`
	UnscoredMS           float64 `yaml:"unscored_ms" jsonschema:"minimum=0,maximum=100000" jsonschema_description:"at the start of the window, left out of the likelihood, ms"`
	SilentYoungest       bool    `yaml:"silent_youngest" jsonschema_description:"the initial state as published, in which none of the youngest cohort is left"`

	StepSize float64 `yaml:"step_size" jsonschema:"exclusiveMinimum=0,maximum=1" jsonschema_description:"η of the published steps, by Adam"`
	Keep     string  `yaml:"keep" jsonschema:"enum=both-lowest,enum=total-lowest" jsonschema_description:"which of the published steps are kept: those at which the losses of spikes and trajectory are both the lowest so far, or their sum"`
	Patience int     `yaml:"patience" jsonschema:"minimum=1,maximum=10000" jsonschema_description:"published steps without one to keep, after which they end"`

	Samples   int     `yaml:"samples" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"noisy trajectories that the variational bound is a mean of"`
	Particles int     `yaml:"particles" jsonschema:"minimum=2,maximum=100000" jsonschema_description:"of the filter that infers trajectories and likelihoods"`
	LagMS     float64 `yaml:"lag_ms" jsonschema:"minimum=0,maximum=100000" jsonschema_description:"how far the filter looks ahead, ms"`

	GuideIterations int     `yaml:"guide_iterations" jsonschema:"minimum=0,maximum=10000" jsonschema_description:"most iterations of L-BFGS to the most probable innovations of a split; where they add up, as at a switch, half of the particles of a second filter draw around them, at a cost to their weights that keeps means and likelihoods right, and both filters are averaged; 0: one filter whose particles go their own way"`
	PatienceMS      float64 `yaml:"patience_ms" jsonschema:"minimum=0,maximum=100000" jsonschema_description:"how long that cost does not count in resampling, ms"`

	FreeRunS        float64   `yaml:"free_run_s" jsonschema:"minimum=0,maximum=100000" jsonschema_description:"time that the fitted model runs on its own in the evaluation of the test split, s; 0: none"`
	PulseAmplitudes []float64 `yaml:"pulse_amplitudes,omitempty" jsonschema:"minItems=1,maxItems=100" jsonschema_description:"input to the second population, 1/s, for 200 ms while the first one wins: the test split then has the chance that the second takes over, and that in the true network"`
	PulseTrials     int       `yaml:"pulse_trials" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"trials for each amplitude"`
	PLDS            int       `yaml:"plds_dimensions" jsonschema:"minimum=0,maximum=100" jsonschema_description:"dimensions of a Poisson linear dynamical system that is fitted to the recorded neurons too, and compared; 0: none"`
	SwitchingLDS    int       `yaml:"switching_dimensions" jsonschema:"minimum=0,maximum=100" jsonschema_description:"the same of a switching linear dynamical system of two states; 0: none"`
	LDSIterations   int       `yaml:"lds_iterations" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"iterations of EM for either"`
	GLM             bool      `yaml:"glm" jsonschema_description:"fit a generalised linear model to the recorded neurons too, and compare"`
}

func (BaumViterbi) isRule() {}

func defaultBaumViterbi() BaumViterbi {
	return BaumViterbi{Trajectory: "map", Restarts: 5, Labels: "given", FitLeak: true, FitRest: true, FitThreshold: true, FitWeights: "by-source", Lower: 0.4, Upper: 2, PriorDeviation: 1,
		InitialSigmaMS: 200, InitialSlack: 10, ParameterIterations: 40, TrajectoryIterations: 60,
		StepSize: 1e-3, Keep: "both-lowest", Patience: 3, Samples: 4, Particles: 200, LagMS: 200, GuideIterations: 60, PatienceMS: 200, FreeRunS: 100, PulseTrials: 20, LDSIterations: 50, GLM: true}
}
