package config

// LSNN is a recurrent network of leaky integrate-and-fire neurons, a part of
// which adapt their threshold (arXiv:1803.09574, equations (1)-(8) of the method;
// unit-gain and light are those of the publications of e-prop, arXiv:1901.09049).
// The step is 1 ms; voltages have an arbitrary unit.
//
// With dt = 1 ms and α = exp(-dt/τ_m), ρ = exp(-dt/τ_a), the forms differ in
//
//	                          lsnn             light      unit-gain
//	input current times       1-α              1-α        1
//	a spike adds to b         1-ρ              1-ρ        1
//	a spike subtracts         A = v_th + β b   v_th       v_th
//	u = (v - A) divided by    A                A          v_th
type LSNN struct {
	Form               string  `yaml:"form" jsonschema:"enum=lsnn,enum=unit-gain,enum=light" jsonschema_description:"the equations of 1803.09574, of the 2020 article on e-prop, or of 1901.09049"`
	LIFNeurons         int     `yaml:"lif_neurons" jsonschema:"required,minimum=0,maximum=100000" jsonschema_description:"neurons with a fixed threshold"`
	ALIFNeurons        int     `yaml:"alif_neurons" jsonschema:"required,minimum=0,maximum=100000" jsonschema_description:"neurons with an adaptive threshold"`
	TauMembraneMS      float64 `yaml:"tau_membrane_ms" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"time constant of the membrane, ms"`
	TauAdaptationMS    float64 `yaml:"tau_adaptation_ms" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"time constant of the adaptation, ms; about the memory that the task needs"`
	TauAdaptationMaxMS float64 `yaml:"tau_adaptation_max_ms" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"0: all neurons adapt alike; otherwise the time constants spread evenly from tau_adaptation_ms to this, ms"`
	TauReadoutMS       float64 `yaml:"tau_readout_ms" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"time constant of the readout, ms"`
	Threshold          float64 `yaml:"threshold" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"v_th, threshold at rest"`
	Beta               float64 `yaml:"beta" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"β, strength of the adaptation"`
	RefractorySteps    int     `yaml:"refractory_steps" jsonschema:"minimum=0,maximum=10000" jsonschema_description:"steps after a spike in which none can follow, one less than the shortest interval between spikes"`
	DelaySteps         int     `yaml:"delay_steps" jsonschema:"minimum=1,maximum=256" when:"form=lsnn" jsonschema_description:"delay slots: each synapse has one of 0 … delay_steps-1 extra steps, drawn once; 1: no extra delay"`
	ResetThreshold     string  `yaml:"reset_threshold" jsonschema:"enum=updated,enum=at-spike" when:"form=lsnn" jsonschema_description:"a spike subtracts the threshold as updated by it, or as it was at the spike"`
	Dampening          float64 `yaml:"dampening" jsonschema:"exclusiveMinimum=0,maximum=1000" jsonschema_description:"γ, height of the pseudo-derivative"`
	DetachReset        bool    `yaml:"detach_reset" when:"form=lsnn" jsonschema_description:"no gradient through the reset"`
	InjectedNoise      float64 `yaml:"injected_noise" jsonschema:"minimum=0,maximum=1000000" when:"form=lsnn" jsonschema_description:"standard deviation of the Gaussian current added at each step"`
	ReadoutGain        string  `yaml:"readout_gain" jsonschema:"enum=normalised,enum=unit" jsonschema_description:"a spike adds to the readout's filter 1-exp(-dt/tau_readout), so that it is a mean, or 1"`
	ReadoutStart       string  `yaml:"readout_start" jsonschema:"enum=glorot-uniform,enum=normal" jsonschema_description:"initial readout weights without rewiring: U(±√(6/(n+outputs))) or N(0,1)/√n"`
	ReadoutBias        bool    `yaml:"readout_bias" jsonschema_description:"the readout has a bias"`
	CarryState         bool    `yaml:"carry_state" when:"form=lsnn" jsonschema_description:"a training batch begins in the state in which the last one ended"`
}

func (LSNN) isModel() {}

func defaultLSNN() LSNN {
	return LSNN{Form: "lsnn", TauMembraneMS: 20, TauAdaptationMS: 700, TauReadoutMS: 20, Threshold: 0.01, Beta: 1.8,
		RefractorySteps: 5, DelaySteps: 10, ResetThreshold: "updated", Dampening: 0.3,
		ReadoutGain: "normalised", ReadoutStart: "glorot-uniform", ReadoutBias: true}
}

func (m LSNN) check(_ *Experiment, report reporter) {
	if m.LIFNeurons+m.ALIFNeurons == 0 {
		report("model.lif_neurons", "model.lif_neurons and model.alif_neurons are both 0, expected at least one neuron")
	}
	if m.TauAdaptationMaxMS != 0 && m.TauAdaptationMaxMS < m.TauAdaptationMS {
		report("model.tau_adaptation_max_ms", "model.tau_adaptation_max_ms is %v, expected 0 or at least model.tau_adaptation_ms (%v)", m.TauAdaptationMaxMS, m.TauAdaptationMS)
	}
}
