package config

// BidirectionalLSNN is two networks of the kind of LSNN, of which one is shown the
// frames of an utterance in their order and the other in reverse, with one readout
// (section 7.5 of the method of arXiv:1901.09049).
type BidirectionalLSNN struct {
	Form             string  `yaml:"form" jsonschema:"enum=lsnn,enum=unit-gain,enum=light" jsonschema_description:"the equations of 1803.09574, of the 2020 article on e-prop, or of 1901.09049"`
	LIFNeurons       int     `yaml:"lif_neurons" jsonschema:"required,minimum=0,maximum=100000" jsonschema_description:"neurons with a fixed threshold, in either network"`
	ALIFNeurons      int     `yaml:"alif_neurons" jsonschema:"required,minimum=0,maximum=100000" jsonschema_description:"neurons with an adaptive threshold, in either network"`
	TauMembraneMS    float64 `yaml:"tau_membrane_ms" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"time constant of the membrane, ms"`
	TauAdaptationMS  float64 `yaml:"tau_adaptation_ms" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"time constant of the adaptation, ms"`
	TauReadoutFrames float64 `yaml:"tau_readout_frames" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"time constant of the readout, in frames"`
	Threshold        float64 `yaml:"threshold" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"v_th, threshold at rest"`
	Beta             float64 `yaml:"beta" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"β, strength of the adaptation"`
	RefractorySteps  int     `yaml:"refractory_steps" jsonschema:"minimum=0,maximum=10000" jsonschema_description:"steps after a spike in which none can follow, one less than the shortest interval between spikes"`
	Dampening        float64 `yaml:"dampening" jsonschema:"exclusiveMinimum=0,maximum=1000" jsonschema_description:"γ, height of the pseudo-derivative"`
}

func (BidirectionalLSNN) isModel() {}

// The threshold and β are 0.01 and 1.8 of the form lsnn in terms of the form
// unit-gain.
func defaultBidirectionalLSNN() BidirectionalLSNN {
	return BidirectionalLSNN{Form: "unit-gain", TauMembraneMS: 20, TauAdaptationMS: 200, TauReadoutFrames: 3,
		Threshold: 0.205, Beta: 0.1841, RefractorySteps: 1, Dampening: 0.3}
}

func (m BidirectionalLSNN) check(e *Experiment, report reporter) {
	if m.LIFNeurons+m.ALIFNeurons == 0 {
		report("model.lif_neurons", "model.lif_neurons and model.alif_neurons are both 0, expected at least one neuron")
	}
	rewiring := Rewiring(NoRewiring{})
	switch r := e.Rule.(type) {
	case EProp:
		rewiring = r.Rewiring
		if r.Compute == "online" {
			report("rule.compute", "rule.compute is online, expected filtered or adjoint with model.type bidirectional-lsnn, which hears the end of an utterance first")
		}
	case BPTT:
		rewiring = r.Rewiring
	}
	if _, rewired := rewiring.(DeepR); rewired {
		report("rule.rewiring.type", "rule.rewiring.type is deep-r, expected none with model.type bidirectional-lsnn")
	}
}
