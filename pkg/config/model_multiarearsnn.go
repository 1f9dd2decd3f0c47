package config

import "slices"

// MultiAreaRSNN is a recurrent network of stochastic leaky integrate-and-fire neurons in
// several areas, under Dale's law and with delays (arXiv:2306.03603, section 2 of the
// method). Areas are those of the data, all of the same size.
type MultiAreaRSNN struct {
	Neurons            int       `yaml:"neurons" jsonschema:"required,minimum=2,maximum=100000" jsonschema_description:"N; each stands for a recorded neuron of its area and cell type"`
	ExcitatoryFraction float64   `yaml:"excitatory_fraction" jsonschema:"minimum=0,maximum=1" jsonschema_description:"of the neurons, and of those of each area"`
	Inputs             int       `yaml:"inputs" jsonschema:"required,minimum=1,maximum=100000" jsonschema_description:"input neurons, four fifths of them excitatory"`
	StepMS             float64   `yaml:"step_ms" jsonschema:"exclusiveMinimum=0,maximum=2" jsonschema_description:"Δt, ms; a neuron fires with probability at most Δt/2 in a step"`
	DelaysMS           []float64 `yaml:"delays_ms" jsonschema:"minItems=1,maxItems=100,exclusiveMinimum=0,maximum=1000" jsonschema_description:"of recurrent synapses, ms, multiples of step_ms; each pair of neurons has a synapse of each delay"`
	Threshold          float64   `yaml:"threshold" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"θ; a spike lowers the potential by θ - v_rest"`
	Noise              float64   `yaml:"noise" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"σ: each step adds (θ - v_rest) σ √Δt ε to the potential"`
	Steepness          float64   `yaml:"steepness" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"β of the firing probability, S(β (v-θ)/θ) Δt/2"`
	Dampening          float64   `yaml:"dampening" jsonschema:"exclusiveMinimum=0,maximum=1000" jsonschema_description:"γ, of the derivative of a spike"`
	RefractoryMS       float64   `yaml:"refractory_ms" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"silence after a spike, ms, in whole steps"`
	TauExcitatoryMS    float64   `yaml:"tau_excitatory_ms" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"membrane time constant of excitatory neurons, ms"`
	TauInhibitoryMS    float64   `yaml:"tau_inhibitory_ms" jsonschema:"exclusiveMinimum=0,maximum=1000000" jsonschema_description:"membrane time constant of inhibitory neurons, ms"`
	TrialNoise         int       `yaml:"trial_noise" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"dimensions of the noise ξ that is drawn once a trial and offsets all its potentials; 0: none"`
	RunInMS            float64   `yaml:"run_in_ms" jsonschema:"minimum=0,maximum=100000" jsonschema_description:"before a trial, from rest and with background input alone, ms"`

	Jaw         string   `yaml:"jaw" jsonschema:"enum=none,enum=logarithmic,enum=linear" jsonschema_description:"what motor neurons move: none; logarithmic: e^q - b; linear: (q - mean)/deviation; q is their leaky weighted sum"`
	JawAreas    []string `yaml:"jaw_areas,omitempty" jsonschema:"maxItems=100,minLength=1,maxLength=200" when:"jaw=logarithmic|linear" jsonschema_description:"areas whose excitatory neurons are motor neurons"`
	TauJawMS    float64  `yaml:"tau_jaw_ms" jsonschema:"exclusiveMinimum=0,maximum=1000000" when:"jaw=logarithmic|linear" jsonschema_description:"time constant of q, ms"`
	JawFeedback bool     `yaml:"jaw_feedback" when:"jaw=logarithmic|linear" jsonschema_description:"the jaw moves all neurons in turn, through a filter of 12 to 40 ms"`

	InputHz        float64   `yaml:"input_hz" jsonschema:"minimum=0,maximum=500" jsonschema_description:"background rate of an input neuron, Hz"`
	StimuliMS      []float64 `yaml:"stimuli_ms" jsonschema:"maxItems=100,minimum=-100000,maximum=100000" jsonschema_description:"onsets of stimuli, relative to the event that trials are aligned to, ms; the first has the trial's amplitude, later ones 1"`
	StimulusInputs float64   `yaml:"stimulus_inputs" jsonschema:"minimum=0,maximum=1" jsonschema_description:"part of the input neurons that stimuli excite, each an equal part of them; the others are background"`
	StimulusGain   float64   `yaml:"stimulus_gain" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"V: a stimulus of amplitude A makes rates 1 + V ln(1 + A) times as high"`
	StimulusLagMS  float64   `yaml:"stimulus_lag_ms" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"from a stimulus to its effect on inputs, ms"`
	StimulusMS     float64   `yaml:"stimulus_ms" jsonschema:"minimum=0,maximum=10000" jsonschema_description:"length of a stimulus, ms"`
}

func (MultiAreaRSNN) isModel() {}

func defaultMultiAreaRSNN() MultiAreaRSNN {
	return MultiAreaRSNN{ExcitatoryFraction: 0.8, StepMS: 2, DelaysMS: []float64{4}, Threshold: 0.1, Noise: 0.1, Steepness: 15, Dampening: 0.3,
		RefractoryMS: 4, TauExcitatoryMS: 30, TauInhibitoryMS: 10, TrialNoise: 5, RunInMS: 300, Jaw: "none", TauJawMS: 50,
		InputHz: 5, StimuliMS: []float64{0}, StimulusInputs: 0.5, StimulusGain: 11.5, StimulusLagMS: 4, StimulusMS: 10}
}

func (m MultiAreaRSNN) check(e *Experiment, report reporter) {
	areas := []string{"area1", "area2"}
	if d, ok := e.Data.(RecordedTrials); ok {
		areas = d.Areas
	} else if m.Jaw != "none" {
		report("model.jaw", "model.jaw is %s, expected none, as the artificial recordings have no behaviour", m.Jaw)
		return
	}
	if m.Jaw != "none" && len(m.JawAreas) == 0 {
		report("model.jaw_areas", "model.jaw_areas is empty, expected areas of data.areas (%s)", either(areas))
	}
	for i, a := range m.JawAreas {
		if !slices.Contains(areas, a) {
			report("model.jaw_areas", "model.jaw_areas.%d is %s, expected one of data.areas (%s)", i, a, either(areas))
		}
	}
	for i, d := range m.DelaysMS {
		if steps := d / m.StepMS; !nearlyWhole(steps) {
			report("model.delays_ms", "model.delays_ms.%d is %g, expected a multiple of model.step_ms (%g)", i, d, m.StepMS)
		}
	}
}

// nearlyWhole reports whether x is a whole number, at least 1, up to rounding.
func nearlyWhole(x float64) bool {
	whole := float64(int(x + 0.5))
	return whole >= 1 && x-whole < 1e-6 && whole-x < 1e-6
}
