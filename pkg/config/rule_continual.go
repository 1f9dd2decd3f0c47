package config

// Finetune learns tasks in turn and protects nothing.
type Finetune struct {
	Loss      string    `yaml:"loss" jsonschema:"enum=cross-entropy-of-softmax,enum=cross-entropy" jsonschema_description:"cross-entropy-of-softmax takes probabilities for logits, as the authors' code does"`
	Optimizer Optimizer `yaml:"optimizer" jsonschema_description:"adam or sgd, begun anew with each task"`
}

// Joint learns all tasks at once: each step is of one of them at random.
type Joint Finetune

// Separate learns each task with a network of its own.
type Separate Finetune

// EWC is elastic weight consolidation (arXiv:1612.00796).
type EWC struct {
	Loss      string    `yaml:"loss" jsonschema:"enum=cross-entropy-of-softmax,enum=cross-entropy" jsonschema_description:"cross-entropy-of-softmax takes probabilities for logits"`
	Optimizer Optimizer `yaml:"optimizer" jsonschema_description:"adam or sgd, begun anew with each task"`
	Lambda    float64   `yaml:"lambda" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"weight of the penalty"`
	Examples  int       `yaml:"examples" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"training examples of each task that the Fisher information is measured on, one by one"`
	Labels    string    `yaml:"labels" jsonschema:"enum=data,enum=sampled" jsonschema_description:"of these examples: their own, or drawn from what the network says"`
}

// SI is synaptic intelligence (arXiv:1703.04200).
type SI struct {
	Loss      string    `yaml:"loss" jsonschema:"enum=cross-entropy-of-softmax,enum=cross-entropy" jsonschema_description:"cross-entropy-of-softmax takes probabilities for logits"`
	Optimizer Optimizer `yaml:"optimizer" jsonschema_description:"adam or sgd, begun anew with each task"`
	Lambda    float64   `yaml:"lambda" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"weight of the penalty"`
	Xi        float64   `yaml:"xi" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"ξ, which bounds the importance of parameters that hardly moved"`
}

// HAT is hard attention to the task (arXiv:1801.01423).
type HAT struct {
	Loss      string    `yaml:"loss" jsonschema:"enum=cross-entropy-of-softmax,enum=cross-entropy" jsonschema_description:"cross-entropy-of-softmax takes probabilities for logits"`
	Optimizer Optimizer `yaml:"optimizer" jsonschema_description:"adam or sgd, begun anew with each task"`
	SlopeMax  float64   `yaml:"slope_max" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"s_max, the steepest slope of the gates"`
	Strength  float64   `yaml:"strength" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"c, weight of the penalty on neurons that no earlier task uses"`
}

// AGEM is averaged gradient episodic memory (arXiv:1812.00420).
type AGEM struct {
	Loss        string    `yaml:"loss" jsonschema:"enum=cross-entropy-of-softmax,enum=cross-entropy" jsonschema_description:"cross-entropy-of-softmax takes probabilities for logits"`
	Optimizer   Optimizer `yaml:"optimizer" jsonschema_description:"adam or sgd, begun anew with each task"`
	Memory      int       `yaml:"memory" jsonschema:"minimum=1,maximum=10000000" jsonschema_description:"examples of each task that are stored"`
	MemoryBatch int       `yaml:"memory_batch" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"of them, those of one earlier task that a step is shown"`
}

// Replay learns stored examples of earlier tasks besides those of the present one.
type Replay AGEM

func (Finetune) isRule() {}
func (Joint) isRule()    {}
func (Separate) isRule() {}
func (EWC) isRule()      {}
func (SI) isRule()       {}
func (HAT) isRule()      {}
func (AGEM) isRule()     {}
func (Replay) isRule()   {}

func defaultFinetune() Finetune {
	return Finetune{Loss: "cross-entropy", Optimizer: continualAdam(0.001)}
}
func defaultEWC() EWC {
	return EWC{Loss: "cross-entropy", Optimizer: continualAdam(0.001), Lambda: 100, Examples: 200, Labels: "data"}
}
func defaultSI() SI {
	return SI{Loss: "cross-entropy", Optimizer: continualAdam(0.001), Lambda: 0.1, Xi: 0.1}
}
func defaultHAT() HAT {
	return HAT{Loss: "cross-entropy", Optimizer: continualAdam(0.001), SlopeMax: 400, Strength: 0.75}
}
func defaultAGEM() AGEM {
	return AGEM{Loss: "cross-entropy", Optimizer: continualAdam(0.001), Memory: 256, MemoryBatch: 128}
}

func (r Finetune) check(_ *Experiment, report reporter) { checkContinualOptimizer(r.Optimizer, report) }
func (r Joint) check(_ *Experiment, report reporter)    { checkContinualOptimizer(r.Optimizer, report) }
func (r Separate) check(_ *Experiment, report reporter) { checkContinualOptimizer(r.Optimizer, report) }
func (r EWC) check(_ *Experiment, report reporter)      { checkContinualOptimizer(r.Optimizer, report) }
func (r SI) check(_ *Experiment, report reporter)       { checkContinualOptimizer(r.Optimizer, report) }
func (r HAT) check(_ *Experiment, report reporter)      { checkContinualOptimizer(r.Optimizer, report) }
func (r AGEM) check(_ *Experiment, report reporter)     { checkContinualOptimizer(r.Optimizer, report) }
func (r Replay) check(_ *Experiment, report reporter)   { checkContinualOptimizer(r.Optimizer, report) }
