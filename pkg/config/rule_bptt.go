package config

// BPTT is back-propagation through time, with a penalty on firing rates and
// optional rewiring (arXiv:1803.09574, sections 2.1, 4 and 5 of the method).
type BPTT struct {
	Optimizer Optimizer  `yaml:"optimizer" jsonschema_description:"how a gradient moves the parameters"`
	Schedule  Schedule   `yaml:"schedule" jsonschema_description:"how the learning rate changes"`
	ClipNorm  float64    `yaml:"clip_norm" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"longest gradient, as a Euclidean norm; 0: no limit"`
	L2        float64    `yaml:"l2" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"weight of the penalty l2·Σ w² on all parameters; 0: none"`
	Rate      FiringRate `yaml:"rate" jsonschema_description:"penalty on firing rates"`
	Memory    string     `yaml:"memory" jsonschema:"enum=checkpointed,enum=full" jsonschema_description:"checkpointed: of potentials and thresholds only every 64th step is kept, the rest is computed again on the way back; full: all are kept. The gradients are the same, bit for bit"`
	Rewiring  Rewiring   `yaml:"rewiring" jsonschema_description:"which synapses exist"`
}

// FiringRate adds strength·Σ_j (r_j - target)² to the loss, with the mean rates
// r_j and the target in spikes per ms.
type FiringRate struct {
	Strength float64 `yaml:"strength" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"weight of the penalty; 0: none"`
	TargetHz float64 `yaml:"target_hz" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"wanted rate, Hz"`
}

func (BPTT) isRule() {}

func defaultBPTT() BPTT {
	return BPTT{Optimizer: defaultAdam(), Schedule: ConstantRate{}, Rate: FiringRate{Strength: 0.1, TargetHz: 10}, Memory: "checkpointed", Rewiring: NoRewiring{}}
}

func (r BPTT) check(e *Experiment, report reporter) {
	if _, rewired := r.Rewiring.(DeepR); rewired && r.L2 != 0 {
		report("rule.l2", "rule.l2 is %v, expected 0 where rule.rewiring.type is deep-r, which has its own l1", r.L2)
	}
	m, ok := e.Model.(LSNN)
	if !ok || m.Form != "lsnn" {
		if r.Memory == "full" {
			report("rule.memory", "rule.memory is full, expected checkpointed, unless model.type is lsnn and model.form is lsnn")
		}
		return
	}
	if m.ReadoutGain != "normalised" {
		report("model.readout_gain", "model.readout_gain is %s, expected normalised where model.form is lsnn and rule.type is bptt", m.ReadoutGain)
	}
	if _, curves := e.Data.(PatternGeneration); curves {
		report("model.form", "model.form is lsnn, expected unit-gain or light where rule.type is bptt and data.type is pattern-generation")
	}
}
