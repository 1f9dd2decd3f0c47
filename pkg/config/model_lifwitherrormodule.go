package config

// LIFWithErrorModule is a network of leaky integrate-and-fire neurons, and beside
// it a second one, the error module, that tells it how to learn (arXiv:1901.09049,
// section 5 of the method). A current is added to the potential as it is: voltages
// have an arbitrary unit, and both networks the same constants.
type LIFWithErrorModule struct {
	Neurons         int     `yaml:"neurons" jsonschema:"required,minimum=1,maximum=100000" jsonschema_description:"of the network that acts"`
	ErrorNeurons    int     `yaml:"error_neurons" jsonschema:"required,minimum=1,maximum=100000" jsonschema_description:"of the error module"`
	TauMembraneMS   float64 `yaml:"tau_membrane_ms" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"time constant of the membrane, ms"`
	TauReadoutMS    float64 `yaml:"tau_readout_ms" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"time constant of the motor commands and of the learning signals, ms"`
	Threshold       float64 `yaml:"threshold" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"v_th; a spike lowers the potential by as much"`
	RefractorySteps int     `yaml:"refractory_steps" jsonschema:"minimum=0,maximum=10000" jsonschema_description:"shortest interval between two spikes of a neuron"`
	Dampening       float64 `yaml:"dampening" jsonschema:"exclusiveMinimum=0,maximum=1000" jsonschema_description:"γ, height of the pseudo-derivative"`
}

func (LIFWithErrorModule) isModel() {}

func defaultLIFWithErrorModule() LIFWithErrorModule {
	return LIFWithErrorModule{TauMembraneMS: 20, TauReadoutMS: 20, Threshold: 0.4, RefractorySteps: 5, Dampening: 0.3}
}
