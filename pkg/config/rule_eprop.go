package config

// EProp is e-prop 1 (arXiv:1901.09049): each synapse keeps an eligibility trace,
// each neuron gets a learning signal from the errors of the readout. There is no
// gradient through recurrent spikes nor through the reset.
type EProp struct {
	Compute       string     `yaml:"compute" jsonschema:"enum=online,enum=filtered,enum=adjoint" jsonschema_description:"three ways to the same gradient: online traces, in memory that does not grow with the length of a trial; traces with the learning signal filtered instead; backwards in time without traces, which is the fastest"`
	Feedback      string     `yaml:"feedback" jsonschema:"enum=symmetric,enum=random,enum=adaptive" jsonschema_description:"the matrix B that brings errors to the neurons: the readout's own weights; drawn once; drawn, and learning along with the readout"`
	FeedbackScale float64    `yaml:"feedback_scale" jsonschema:"exclusiveMinimum=0,maximum=1000000" when:"feedback=random|adaptive" jsonschema_description:"entries of B start as feedback_scale·N(0,1)"`
	FeedbackDecay float64    `yaml:"feedback_decay" jsonschema:"minimum=0,exclusiveMaximum=1" when:"feedback=adaptive" jsonschema_description:"after each iteration B and the readout's weights lose this part, so that B becomes them (Kolen-Pollack)"`
	Optimizer     Optimizer  `yaml:"optimizer" jsonschema_description:"how a gradient moves the parameters"`
	Schedule      Schedule   `yaml:"schedule" jsonschema_description:"how the learning rate changes"`
	ClipNorm      float64    `yaml:"clip_norm" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"longest gradient, as a Euclidean norm; 0: no limit"`
	L2            float64    `yaml:"l2" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"weight of the penalty l2·Σ w² on all parameters; 0: none"`
	Rate          FiringRate `yaml:"rate" jsonschema_description:"penalty on firing rates"`
	Rewiring      Rewiring   `yaml:"rewiring" jsonschema_description:"which synapses exist"`
}

func (EProp) isRule() {}

func defaultEProp() EProp {
	return EProp{Compute: "adjoint", Feedback: "symmetric", FeedbackScale: 1, FeedbackDecay: 0.01,
		Optimizer: defaultAdam(), Schedule: ConstantRate{}, Rate: FiringRate{Strength: 1, TargetHz: 10}, Rewiring: NoRewiring{}}
}

func (r EProp) check(e *Experiment, report reporter) {
	if _, cells := e.Model.(LSTM); cells {
		r.checkLSTM(report)
	}
	if _, rewired := r.Rewiring.(DeepR); rewired {
		if r.Feedback == "adaptive" {
			report("rule.feedback", "rule.feedback is adaptive, expected symmetric or random where rule.rewiring.type is deep-r: feedback has no signs to keep")
		}
		if r.L2 != 0 {
			report("rule.l2", "rule.l2 is %v, expected 0 where rule.rewiring.type is deep-r, which has its own l1", r.L2)
		}
	}
	m, ok := e.Model.(LSNN)
	if !ok || m.Form != "lsnn" {
		return
	}
	for _, c := range []struct {
		wrong         bool
		key, expected string
		value         any
	}{
		{m.ResetThreshold != "updated", "reset_threshold", "updated", m.ResetThreshold},
		{m.DetachReset, "detach_reset", "false, as there is no gradient through the reset,", true},
		{m.InjectedNoise != 0, "injected_noise", "0", m.InjectedNoise},
		{m.CarryState, "carry_state", "false", true},
	} {
		if c.wrong {
			report("model."+c.key, "model.%s is %v, expected %s with rule.type %s", c.key, c.value, c.expected, TypeName(e.Rule))
		}
	}
}

// checkLSTM reports what only spiking neurons have.
func (r EProp) checkLSTM(report reporter) {
	if r.Compute == "filtered" {
		report("rule.compute", "rule.compute is filtered, expected online or adjoint with model.type lstm, whose readout has no filter")
	}
	if r.Rate.Strength != 0 {
		report("rule.rate.strength", "rule.rate.strength is %v, expected 0 with model.type lstm, whose cells do not spike", r.Rate.Strength)
	}
	if _, rewired := r.Rewiring.(DeepR); rewired {
		report("rule.rewiring.type", "rule.rewiring.type is deep-r, expected none with model.type lstm")
	}
}
