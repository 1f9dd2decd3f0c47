package config

// GateON protects what was learned by the availability of neurons or parameters for
// learning, which falls with their relevance (arXiv:2306.01690).
type GateON struct {
	Variant        string    `yaml:"variant" jsonschema:"enum=n,enum=p" jsonschema_description:"n: an availability of each hidden neuron; p: of each weight and bias of the hidden layers"`
	Eta            float64   `yaml:"eta" jsonschema:"minimum=0,maximum=1" jsonschema_description:"η, the rate of availability"`
	Epsilon        float64   `yaml:"epsilon" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"ε, the relevance below which availability grows again; relevance is 1 on the mean of a layer"`
	EtaChannels    float64   `yaml:"eta_channels" jsonschema:"minimum=0,maximum=1" when:"variant=n" jsonschema_description:"η of the channels of convolutions, whose relevance is their mean activity"`
	Relevance      string    `yaml:"relevance" jsonschema:"enum=full,enum=activity" jsonschema_description:"full: the squared change of the loss without the neuron or weight; activity: the neuron's mean activity, for variant n"`
	AvailabilityOn string    `yaml:"availability_on" jsonschema:"enum=grad,enum=update" jsonschema_description:"what availability multiplies: the gradient, before the optimiser, or its finished step"`
	Loss           string    `yaml:"loss" jsonschema:"enum=cross-entropy-of-softmax,enum=cross-entropy" jsonschema_description:"cross-entropy-of-softmax takes probabilities for logits, as the authors' code does"`
	Optimizer      Optimizer `yaml:"optimizer" jsonschema_description:"adam or sgd, begun anew with each task"`

	Context            string  `yaml:"context" jsonschema:"enum=fed,enum=inferred" jsonschema_description:"fed: the task says it; inferred: found by losses that surprise"`
	SurpriseRatio      float64 `yaml:"surprise_ratio" jsonschema:"minimum=0,maximum=1000" when:"context=inferred" jsonschema_description:"a loss surprises above so many times the mean of the last 49 of its context; 0: surprise_deviations decides"`
	SurpriseDeviations float64 `yaml:"surprise_deviations" jsonschema:"minimum=0,maximum=1000" when:"context=inferred" jsonschema_description:"or so many of their standard deviations above that mean"`
	LeastConfidence    float64 `yaml:"least_confidence" jsonschema:"minimum=0,exclusiveMaximum=1" when:"context=inferred" jsonschema_description:"confidence that a context needs before it can be left"`
	ConfidenceStep     float64 `yaml:"confidence_step" jsonschema:"exclusiveMinimum=0,maximum=1" when:"context=inferred" jsonschema_description:"part of what it lacks by which confidence grows in each step"`
	SurpriseReference  string  `yaml:"surprise_reference" jsonschema:"enum=own,enum=active" when:"context=inferred" jsonschema_description:"losses in other contexts are judged by those contexts' own recent losses, or by the present one's, as in the authors' code"`

	Snapshot         string `yaml:"snapshot" jsonschema:"enum=last,enum=best-validation" jsonschema_description:"a task is left with the weights of its last step, or of that with the least squared error on validation examples"`
	SnapshotExamples int    `yaml:"snapshot_examples" jsonschema:"minimum=1,maximum=10000000" when:"snapshot=best-validation" jsonschema_description:"validation examples shown in each step"`
}

func (GateON) isRule() {}

func defaultGateON() GateON {
	return GateON{Variant: "n", Eta: 0.01, EtaChannels: 0.004, Relevance: "full", AvailabilityOn: "grad", Loss: "cross-entropy-of-softmax", Optimizer: continualAdam(0.005),
		Context: "fed", SurpriseRatio: 1.01, SurpriseDeviations: 4, LeastConfidence: 0.9, ConfidenceStep: 0.005, SurpriseReference: "own", Snapshot: "last", SnapshotExamples: 1000}
}

func continualAdam(rate float64) Adam {
	o := defaultAdam()
	o.LearningRate = rate
	return o
}

func (r GateON) check(e *Experiment, report reporter) {
	if r.Variant == "p" && r.Relevance == "activity" {
		report("rule.relevance", "rule.relevance is activity with rule.variant p, expected full")
	}
	checkContinualOptimizer(r.Optimizer, report)
	if m, ok := e.Model.(Gated); ok && r.Context == "inferred" && m.Gate != "retanh2" {
		report("rule.context", "rule.context is inferred with model.gate %s, expected retanh2", m.Gate)
	}
}

// checkContinualOptimizer reports an optimiser that learning tasks in turn has no use for.
func checkContinualOptimizer(o Optimizer, report reporter) {
	switch o := o.(type) {
	case Adam:
	case SGD:
		if o.Momentum != 0 || o.Nesterov {
			report("rule.optimizer.momentum", "rule.optimizer.momentum is %g, expected 0 for tasks learned in turn", o.Momentum)
		}
	default:
		report("rule.optimizer.type", "rule.optimizer.type is %s, expected adam or sgd", TypeName(o))
	}
}
