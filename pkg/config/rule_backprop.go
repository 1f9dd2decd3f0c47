package config

// Backprop is back-propagation of the cross-entropy through a feed-forward network
// (sections 7.4 and 7.6 of the method of arXiv:2212.12522 and arXiv:2306.08744).
type Backprop struct {
	Optimizer  Optimizer `yaml:"optimizer" jsonschema_description:"how a gradient moves the parameters"`
	Schedule   Schedule  `yaml:"schedule" jsonschema_description:"how the learning rate changes"`
	ClipNorm   float64   `yaml:"clip_norm" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"longest gradient, as a Euclidean norm; 0: no limit"`
	L2         float64   `yaml:"l2" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"weight of the penalty l2·Σ w² on the weights of dense layers and convolutions; 0: none"`
	L1Activity float64   `yaml:"l1_activity" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"weight of the penalty l1_activity·Σ x/batch_size on the outputs of all ReLU; 0: none"`
}

func (Backprop) isRule() {}

func defaultBackprop() Backprop { return Backprop{Optimizer: defaultAdam(), Schedule: ConstantRate{}} }
