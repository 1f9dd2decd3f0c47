package config

import "fmt"

// Gated is a network of rectified units whose activity gates of the context multiply
// (arXiv:2306.01690, section 3 of the method).
type Gated struct {
	ConvChannels []int   `yaml:"conv_channels,omitempty" jsonschema:"minItems=2,maxItems=2" jsonschema_description:"channels of two 3×3 convolutions before the dense layers, with gates after ReLU, and 4×4 max-pooling after both"`
	Hidden       []int   `yaml:"hidden" jsonschema:"minItems=1,maxItems=100" jsonschema_description:"neurons of the hidden layers"`
	Contexts     int     `yaml:"contexts" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"contexts that there are gates for; gates begin at ±1/√contexts"`
	Norm         string  `yaml:"norm" jsonschema:"enum=batch-l2,enum=none" jsonschema_description:"batch-l2: each neuron is normalised over the batch, rectified, and each sample scaled to norm 1 over the layer; none: neurons only rectify"`
	Gate         string  `yaml:"gate" jsonschema:"enum=retanh2,enum=sigmoid,enum=binary,enum=none" jsonschema_description:"of each neuron and context: tanh²(max(v,0)), which learns; the sigmoid of HAT; fixed, 0 or 1 at random (XdG); none"`
	Closed       float64 `yaml:"closed" jsonschema:"minimum=0,exclusiveMaximum=1" when:"gate=binary" jsonschema_description:"part of a hidden layer's neurons that is off in a context"`
	Heads        string  `yaml:"heads" jsonschema:"enum=shared,enum=per-task" jsonschema_description:"outputs that are of all tasks, or of each its own"`
}

func (Gated) isModel() {}

func defaultGated() Gated {
	return Gated{Hidden: []int{5000, 5000, 5000, 5000}, Contexts: 110, Norm: "batch-l2", Gate: "retanh2", Closed: 0.8, Heads: "shared"}
}

func (m Gated) check(e *Experiment, report reporter) {
	const most = 100_000
	for key, sizes := range map[string][]int{"hidden": m.Hidden, "conv_channels": m.ConvChannels} {
		for i, n := range sizes {
			if n < 1 || n > most {
				report(fmt.Sprintf("model.%s.%d", key, i), "model.%s.%d is %d, expected 1 to %d", key, i, n, most)
			}
		}
	}
	rule := TypeName(e.Rule)
	if (rule == "hat") != (m.Gate == "sigmoid") {
		report("model.gate", "model.gate is %s with rule.type %s, expected sigmoid with hat, and only with it", m.Gate, rule)
	}
	if rule == "gateon" && m.Gate == "binary" {
		report("model.gate", "model.gate is binary with rule.type gateon, expected retanh2 or none")
	}
	if rule == "ewc" && m.Norm != "none" {
		report("model.norm", "model.norm is %s with rule.type ewc, expected none, as it needs the gradients of single examples", m.Norm)
	}
	if m.ConvChannels != nil && rule != "gateon" && rule != "finetune" {
		report("model.conv_channels", "model.conv_channels is given with rule.type %s, expected gateon or finetune", rule)
	}
}
