package config

// NeuLVM is the mesoscopic model of populations of escape-noise LIF neurons
// (arXiv:2205.13493, sections 2 to 4 of the method): the latent variable is the fraction
// of each population that spikes in a bin. The numbers here are the reference that fitted
// parameters are ratios to; those that are not fitted keep them. A list has a number for
// each population, or one for all.
type NeuLVM struct {
	Neurons      []int     `yaml:"neurons" jsonschema:"required,minimum=1,maximum=100000000,minItems=1,maxItems=100" jsonschema_description:"N of each population"`
	TauMembrane  []float64 `yaml:"tau_membrane_ms" jsonschema:"exclusiveMinimum=0,maximum=100000,minItems=1,maxItems=100" jsonschema_description:"time constants of the membranes, ms"`
	TauSynapse   []float64 `yaml:"tau_synapse_ms" jsonschema:"exclusiveMinimum=0,maximum=100000,minItems=1,maxItems=100" jsonschema_description:"time constants of the synapses that a population makes, ms"`
	Rest         []float64 `yaml:"rest" jsonschema:"minItems=1,maxItems=100" jsonschema_description:"μ, resting potential with constant drive, in units of the slope of escape noise; reset is at 0"`
	Threshold    []float64 `yaml:"threshold" jsonschema:"minItems=1,maxItems=100" jsonschema_description:"θ: a neuron at u fires with the hazard exp(u - θ) Hz"`
	Weights      []float64 `yaml:"weights" jsonschema:"required,minItems=1,maxItems=10000" jsonschema_description:"J, a row for each population that the weights come from, one row after the other"`
	RefractoryMS float64   `yaml:"refractory_ms" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"refractory time, ms"`
	DelayMS      float64   `yaml:"delay_ms" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"delay of spikes, ms"`
	CohortMS     float64   `yaml:"cohort_ms" jsonschema:"exclusiveMinimum=0,maximum=100000" jsonschema_description:"how long neurons that spiked in the same bin are followed, ms"`
	Integrator   string    `yaml:"integrator" jsonschema:"enum=euler,enum=exponential" jsonschema_description:"of the potential over a bin: euler as published; exponential: exact for constant input, without the bias of coarse bins"`
	Hazard       string    `yaml:"hazard" jsonschema:"enum=exact,enum=published" jsonschema_description:"exact: P = 1 - exp(-λΔt); published: P = λΔt below 0.01"`
}

func (NeuLVM) isModel() {}

func defaultNeuLVM() NeuLVM {
	return NeuLVM{TauMembrane: []float64{20}, TauSynapse: []float64{3}, Rest: []float64{14.4}, Threshold: []float64{3.697414907005954},
		RefractoryMS: 4, CohortMS: 1000, Integrator: "exponential", Hazard: "exact"}
}

func (m NeuLVM) check(e *Experiment, report reporter) {
	n := len(m.Neurons)
	for _, list := range []struct {
		key    string
		length int
	}{{"tau_membrane_ms", len(m.TauMembrane)}, {"tau_synapse_ms", len(m.TauSynapse)}, {"rest", len(m.Rest)}, {"threshold", len(m.Threshold)}} {
		if list.length != n && list.length != 1 {
			report("model."+list.key, "model.%s has %d numbers, expected 1 or %d, one for each population of model.neurons", list.key, list.length, n)
		}
	}
	if len(m.Weights) != n*n {
		report("model.weights", "model.weights has %d numbers, expected %d: a row of %d for each population of model.neurons", len(m.Weights), n*n, n)
	}
	bin := 0.0
	switch d := e.Data.(type) {
	case HiddenPopulations:
		bin = d.BinMS
		if want := map[bool]int{true: 3, false: 1}[d.Network == "winner-take-all"]; n != want {
			report("model.neurons", "model.neurons names %d populations, expected %d as data.network %s has", n, want, d.Network)
		}
	case SpikeTrains:
		bin = d.BinMS
	}
	if bin > 0 && m.RefractoryMS > 0 && bin > m.RefractoryMS*(1+1e-9) {
		report("data.bin_ms", "data.bin_ms is %g, expected at most model.refractory_ms (%g): a neuron could fire twice in a coarser bin", bin, m.RefractoryMS)
	}
	if bin > 0 && m.CohortMS <= m.RefractoryMS+bin {
		report("model.cohort_ms", "model.cohort_ms is %g, expected more than model.refractory_ms and a bin (%g)", m.CohortMS, m.RefractoryMS+bin)
	}
}
