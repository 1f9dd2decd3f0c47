package config

// Optimizer turns gradients into steps: one of the variants in optimizers.
type Optimizer interface{ isOptimizer() }

// SGD is gradient descent with momentum: m ← momentum·m + g, w ← w - η·m; with
// Nesterov's, w ← w - η·(momentum·m + g).
type SGD struct {
	LearningRate float64 `yaml:"learning_rate" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"η"`
	Momentum     float64 `yaml:"momentum" jsonschema:"minimum=0,exclusiveMaximum=1" jsonschema_description:"0: none"`
	Nesterov     bool    `yaml:"nesterov" jsonschema_description:"the gradient counts as if taken after the next step of the momentum"`
}

// Adam is the optimiser of arXiv:1412.6980.
type Adam struct {
	LearningRate float64 `yaml:"learning_rate" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"η"`
	Beta1        float64 `yaml:"beta1" jsonschema:"minimum=0,exclusiveMaximum=1" jsonschema_description:"decay of the first moment, per step"`
	Beta2        float64 `yaml:"beta2" jsonschema:"minimum=0,exclusiveMaximum=1" jsonschema_description:"decay of the second moment, per step"`
	Epsilon      float64 `yaml:"epsilon" jsonschema:"exclusiveMinimum=0,maximum=1" jsonschema_description:"added to the root of the second moment"`
}

// AdamW is Adam with decoupled weight decay (arXiv:1711.05101): besides Adam's
// step, w ← w - η·weight_decay·w.
type AdamW struct {
	LearningRate float64 `yaml:"learning_rate" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"η"`
	Beta1        float64 `yaml:"beta1" jsonschema:"minimum=0,exclusiveMaximum=1" jsonschema_description:"decay of the first moment, per step"`
	Beta2        float64 `yaml:"beta2" jsonschema:"minimum=0,exclusiveMaximum=1" jsonschema_description:"decay of the second moment, per step"`
	Epsilon      float64 `yaml:"epsilon" jsonschema:"exclusiveMinimum=0,maximum=1" jsonschema_description:"added to the root of the second moment"`
	WeightDecay  float64 `yaml:"weight_decay" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"decay of the weights, per step and learning rate"`
}

func (SGD) isOptimizer()   {}
func (Adam) isOptimizer()  {}
func (AdamW) isOptimizer() {}

func defaultSGD() SGD   { return SGD{LearningRate: 0.01} }
func defaultAdam() Adam { return Adam{LearningRate: 0.01, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8} }
func defaultAdamW() AdamW {
	return AdamW{LearningRate: 0.01, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0.01}
}
