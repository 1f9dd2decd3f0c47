package config

// EPropReward is e-prop from rewards (2020 article on e-prop): outputs of the network
// choose actions, one more predicts the value, and what an action brings, more or
// less than that, is what the network learns from.
type EPropReward struct {
	Compute       string     `yaml:"compute" jsonschema:"enum=online,enum=filtered,enum=adjoint" jsonschema_description:"three ways to the same gradient: the rule as it stands, forward in time; backwards in time with traces or without, which is the fastest"`
	Discount      float64    `yaml:"discount" jsonschema:"minimum=0,maximum=1" jsonschema_description:"γ of future rewards, for a step of 1 ms"`
	ValueWeight   float64    `yaml:"value_weight" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"c_V of ½ Σ_t (R[t] - V[t])² in the loss"`
	EntropyWeight float64    `yaml:"entropy_weight" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"of the bonus on the entropy of the policy; keeps it trying"`
	Feedback      string     `yaml:"feedback" jsonschema:"enum=symmetric,enum=random,enum=adaptive" jsonschema_description:"the matrix B that brings errors to the neurons: the readout's own weights; drawn once; drawn, and learning along with the readout"`
	FeedbackScale float64    `yaml:"feedback_scale" jsonschema:"exclusiveMinimum=0,maximum=1000000" when:"feedback=random|adaptive" jsonschema_description:"entries of B start as feedback_scale·N(0,1)"`
	FeedbackDecay float64    `yaml:"feedback_decay" jsonschema:"minimum=0,exclusiveMaximum=1" when:"feedback=adaptive" jsonschema_description:"after each iteration B and the readout's weights lose this part, so that B becomes them (Kolen-Pollack)"`
	Optimizer     Optimizer  `yaml:"optimizer" jsonschema_description:"how a gradient moves the parameters"`
	Schedule      Schedule   `yaml:"schedule" jsonschema_description:"how the learning rate changes"`
	ClipNorm      float64    `yaml:"clip_norm" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"longest gradient, as a Euclidean norm; 0: no limit"`
	Rate          FiringRate `yaml:"rate" jsonschema_description:"penalty on firing rates"`
}

func (EPropReward) isRule() {}

func defaultEPropReward() EPropReward {
	return EPropReward{Compute: "adjoint", Discount: 0.99, ValueWeight: 0.05, EntropyWeight: 0.01,
		Feedback: "symmetric", FeedbackScale: 1, FeedbackDecay: 0.01,
		Optimizer: defaultAdam(), Schedule: ConstantRate{}, Rate: FiringRate{Strength: 1, TargetHz: 10}}
}

// EProp gives the keys that the rule shares with e-prop from errors.
func (r EPropReward) EProp() EProp {
	return EProp{Compute: r.Compute, Feedback: r.Feedback, FeedbackScale: r.FeedbackScale, FeedbackDecay: r.FeedbackDecay,
		Optimizer: r.Optimizer, Schedule: r.Schedule, ClipNorm: r.ClipNorm, Rate: r.Rate, Rewiring: NoRewiring{}}
}

func (r EPropReward) check(e *Experiment, report reporter) { r.EProp().check(e, report) }
