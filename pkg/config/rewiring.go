package config

// Rewiring decides which synapses exist: one of the variants in rewirings.
type Rewiring interface{ isRewiring() }

// NoRewiring keeps every synapse.
type NoRewiring struct{}

// DeepR keeps a fixed number of synapses and replaces those that reach zero
// (arXiv:1711.05136, as used in arXiv:1803.09574; section 5 of the method).
type DeepR struct {
	Connectivity       float64 `yaml:"connectivity" jsonschema:"exclusiveMinimum=0,maximum=1" jsonschema_description:"fraction of the possible synapses that exist"`
	L1                 float64 `yaml:"l1" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"pull of each existing synapse towards zero, per step and learning rate"`
	Temperature        float64 `yaml:"temperature" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"T, of the random walk √(2ηT)·N(0,1)"`
	Signed             bool    `yaml:"signed" jsonschema_description:"every neuron is excitatory or inhibitory (Dale's law); otherwise each synapse has a random sign"`
	ExcitatoryFraction float64 `yaml:"excitatory_fraction" jsonschema:"minimum=0,maximum=1" when:"signed=true" jsonschema_description:"fraction of excitatory neurons"`
}

func (NoRewiring) isRewiring() {}
func (DeepR) isRewiring()      {}

func defaultDeepR() DeepR {
	return DeepR{Connectivity: 0.12, L1: 0.01, Signed: true, ExcitatoryFraction: 0.75}
}
