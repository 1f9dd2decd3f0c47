package config

// EProp3 is e-prop 3 (arXiv:1901.09049): back-propagation inside windows of
// time, eligibility traces that carry credit to what came before a window, and
// synthetic gradients for what comes after it.
type EProp3 struct {
	Compute            string    `yaml:"compute" jsonschema:"enum=online,enum=adjoint" jsonschema_description:"two ways to the same gradient: online traces, in memory that does not grow with the length of a sequence; backwards in time without traces, which is the fastest"`
	Window             int       `yaml:"window" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"Δ, steps of a window"`
	SyntheticGradients bool      `yaml:"synthetic_gradients" jsonschema_description:"a network predicts the gradient at the end of each window; without, nothing is taken to come after it"`
	Optimizer          Optimizer `yaml:"optimizer" jsonschema_description:"how a gradient moves the parameters, those of the synthetic gradients too"`
	Schedule           Schedule  `yaml:"schedule" jsonschema_description:"how the learning rate changes"`
	ClipNorm           float64   `yaml:"clip_norm" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"longest gradient of the network, as a Euclidean norm; 0: no limit"`
}

func (EProp3) isRule() {}

func defaultEProp3() EProp3 {
	return EProp3{Compute: "adjoint", Window: 4, SyntheticGradients: true, Optimizer: Adam{LearningRate: 7e-5, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, Schedule: ConstantRate{}}
}

func (r EProp3) check(e *Experiment, report reporter) { checkDense(e, report) }

// checkDense reports an LSNN that rules over windows do not know.
func checkDense(e *Experiment, report reporter) {
	if m, ok := e.Model.(LSNN); ok && m.Form != "unit-gain" {
		report("model.form", "model.form is %s, expected unit-gain with rule.type %s", m.Form, TypeName(e.Rule))
	}
}

// TruncatedBPTT is back-propagation inside windows of time: states are carried
// from one to the next, gradients are not.
type TruncatedBPTT struct {
	Window    int       `yaml:"window" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"steps of a window; 0: the whole sequence, which is back-propagation through time"`
	Optimizer Optimizer `yaml:"optimizer" jsonschema_description:"how a gradient moves the parameters"`
	Schedule  Schedule  `yaml:"schedule" jsonschema_description:"how the learning rate changes"`
	ClipNorm  float64   `yaml:"clip_norm" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"longest gradient, as a Euclidean norm; 0: no limit"`
}

func (TruncatedBPTT) isRule() {}

func (r TruncatedBPTT) check(e *Experiment, report reporter) { checkDense(e, report) }

func defaultTruncatedBPTT() TruncatedBPTT {
	d := defaultEProp3()
	return TruncatedBPTT{Window: d.Window, Optimizer: d.Optimizer, Schedule: d.Schedule}
}
