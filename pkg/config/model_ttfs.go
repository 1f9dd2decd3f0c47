package config

import "strconv"

// TTFS is a network of neurons that fire at most one spike (arXiv:2212.12522 and
// arXiv:2306.08744). It starts as the ReLU network of preset or layers would, or goes
// on from a network that exists.
type TTFS struct {
	From          string      `yaml:"from,omitempty" jsonschema:"maxLength=4096" jsonschema_description:"what to go on from: the directory of a converted network (snnctl convert relu-to-ttfs), or a run, a checkpoint or an ONNX file of a ReLU network, which is converted; without it the network starts from initial weights"`
	Form          string      `yaml:"form" jsonschema:"enum=b1,enum=alpha" jsonschema_description:"slope of the potential at threshold: b1: 1; alpha: 1 + Σ J, so that it changes with the weights"`
	Preset        string      `yaml:"preset" jsonschema:"enum=none,enum=mlp,enum=lenet5,enum=vgg-mnist,enum=vgg-cifar,enum=vgg16" jsonschema_description:"architecture, as of model.type relu, without batch normalisation and dropout; none: the network of layers"`
	Width         int         `yaml:"width" jsonschema:"minimum=1,maximum=64" when:"preset=mlp|lenet5|vgg-mnist|vgg-cifar|vgg16" jsonschema_description:"divides the filters and hidden units of the architecture"`
	Classes       int         `yaml:"classes" jsonschema:"minimum=2,maximum=100000" when:"preset=mlp|lenet5|vgg-mnist|vgg-cifar|vgg16" jsonschema_description:"units of the readout"`
	Layers        []ReLULayer `yaml:"layers,omitempty" jsonschema:"minItems=1,maxItems=1000" when:"preset=none" jsonschema_description:"from the input to the logits, as of model.type relu"`
	Initialiser   string      `yaml:"initialiser" jsonschema:"enum=glorot-uniform,enum=he-uniform,enum=he-normal" jsonschema_description:"initial weights w, those of the ReLU network of the same seed"`
	AlphaStart    string      `yaml:"alpha_start" jsonschema:"enum=smart,enum=plain" when:"form=alpha" jsonschema_description:"smart: J_ij = w_ij/(1 - Σ_k w_ik), so that the network computes what the ReLU network does; plain: J = w"`
	InitialWindow float64     `yaml:"initial_window" jsonschema:"exclusiveMinimum=0,maximum=1000000000" jsonschema_description:"length of each window before the first step, in τ_c, where training starts from initial weights"`
	Margin        float64     `yaml:"window_margin" jsonschema:"exclusiveMinimum=-1,maximum=1000" jsonschema_description:"ζ: a converted network starts with windows of (1 + ζ) times the greatest value of the layer on rule.calibration_images"`
}

func (TTFS) isModel() {}

func defaultTTFS() TTFS {
	return TTFS{Form: "b1", Preset: "none", Width: 1, Classes: 10, Initialiser: "glorot-uniform", AlphaStart: "smart", InitialWindow: 1500, Margin: 0.5}
}

// Network is the ReLU network whose architecture and initial weights it has.
func (m TTFS) Network() ReLU {
	return ReLU{Preset: m.Preset, Width: m.Width, Classes: m.Classes, BatchNorm: "none", Layers: m.Layers, Initialiser: m.Initialiser}
}

func (m TTFS) check(e *Experiment, report reporter) {
	if m.From != "" {
		if m.Preset != "none" || len(m.Layers) > 0 {
			report("model.from", "model.from is %s, expected nothing where model.preset or model.layers say what the network is", m.From)
		}
		return
	}
	m.Network().check(e, report)
	for i, layer := range m.Layers {
		switch layer.(type) {
		case BatchNormLayer, DropoutLayer:
			at := "model.layers." + strconv.Itoa(i)
			report(at+".type", "%s is a layer that spikes cannot be trained through; train the network with model.type relu and name its run in model.from, "+
				"which takes the layer into the weights", at)
		}
	}
}
