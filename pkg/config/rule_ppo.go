package config

// PPO is proximal policy optimisation (arXiv:1707.06347) with generalised advantages
// and back-propagation through whole episodes (arXiv:1803.09574, section 6.6 of the
// method). train.batch_size counts episodes.
type PPO struct {
	Discount            float64    `yaml:"discount" jsonschema:"minimum=0,maximum=1" jsonschema_description:"γ of future rewards, for a step of 1 ms"`
	Lambda              float64    `yaml:"lambda" jsonschema:"minimum=0,maximum=1" jsonschema_description:"λ of the generalised advantages"`
	Clip                float64    `yaml:"clip" jsonschema:"exclusiveMinimum=0,maximum=1000" jsonschema_description:"ε: how far the ratio of the new policy to the one that has acted may be from 1"`
	Epochs              int        `yaml:"epochs" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"updates from each batch of episodes"`
	ValueWeight         float64    `yaml:"value_weight" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"c_V of (V - R)² in the loss"`
	EntropyWeight       float64    `yaml:"entropy_weight" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"c_H of the bonus on the entropy of the policy; of no effect where std is fixed"`
	NormaliseAdvantages bool       `yaml:"normalise_advantages" jsonschema_description:"give the advantages of a batch mean 0 and standard deviation 1"`
	Std                 float64    `yaml:"std" jsonschema:"exclusiveMinimum=0,maximum=1000" jsonschema_description:"σ of the action, in units of data.max_speed, at the start"`
	LearnStd            bool       `yaml:"learn_std" jsonschema_description:"σ is learned, one for each direction; otherwise it is fixed"`
	Optimizer           Optimizer  `yaml:"optimizer" jsonschema_description:"how a gradient moves the parameters"`
	Schedule            Schedule   `yaml:"schedule" jsonschema_description:"how the learning rate changes; it counts iterations, not epochs"`
	ClipNorm            float64    `yaml:"clip_norm" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"longest gradient, as a Euclidean norm; 0: no limit"`
	Rate                FiringRate `yaml:"rate" jsonschema_description:"penalty on firing rates"`
	Memory              string     `yaml:"memory" jsonschema:"enum=checkpointed,enum=full" jsonschema_description:"checkpointed: of potentials and thresholds only every 64th step is kept, the rest is computed again on the way back; full: all are kept. The gradients are the same, bit for bit"`
	Rewiring            Rewiring   `yaml:"rewiring" jsonschema_description:"which synapses exist"`
}

func (PPO) isRule() {}

func defaultPPO() PPO {
	adam := defaultAdam()
	adam.LearningRate = 1e-3
	return PPO{Discount: 0.99, Lambda: 0.99, Clip: 0.2, Epochs: 4, ValueWeight: 1, EntropyWeight: 1e-3, Std: 0.5,
		Optimizer: adam, Schedule: ConstantRate{}, Rate: FiringRate{Strength: 0.1, TargetHz: 10}, Memory: "checkpointed", Rewiring: NoRewiring{}}
}

func (r PPO) check(e *Experiment, report reporter) {
	m, ok := e.Model.(LSNN)
	if !ok {
		return
	}
	if m.Form != "lsnn" {
		report("model.form", "model.form is %s, expected lsnn where rule.type is ppo", m.Form)
	}
	if m.ReadoutGain != "normalised" {
		report("model.readout_gain", "model.readout_gain is %s, expected normalised where rule.type is ppo", m.ReadoutGain)
	}
	if !m.ReadoutBias {
		report("model.readout_bias", "model.readout_bias is false, expected true where rule.type is ppo")
	}
	if m.CarryState {
		report("model.carry_state", "model.carry_state is true, expected false where rule.type is ppo: every episode starts anew")
	}
	if m.InjectedNoise != 0 {
		report("model.injected_noise", "model.injected_noise is %v, expected 0 where rule.type is ppo", m.InjectedNoise)
	}
}
