package config

// HiddenPopulations are spikes of a few neurons of large populations, simulated neuron by
// neuron (arXiv:2205.13493, sections 3 and 6 of the method). A recording is a burn-in,
// and then a window each to train, to validate and to test, with a stretch of history
// before the first; those after it follow without a gap.
type HiddenPopulations struct {
	Network       string  `yaml:"network" jsonschema:"enum=winner-take-all,enum=oscillation,enum=weak-oscillation,enum=uncoupled" jsonschema_description:"winner-take-all: two excitatory populations of 400 and an inhibitory one of 200; the others: one population of 500, with strong, weak or no delayed inhibition"`
	Observed      int     `yaml:"observed" jsonschema:"minimum=1,maximum=100" jsonschema_description:"recorded neurons of each population"`
	StepMS        float64 `yaml:"step_ms" jsonschema:"exclusiveMinimum=0,maximum=10" jsonschema_description:"step of the simulation, ms"`
	Integrator    string  `yaml:"integrator" jsonschema:"enum=euler,enum=exact-leak,enum=exponential" jsonschema_description:"of the simulation: exact-leak as published, with the input added times the step; exponential: exact for constant input"`
	BinMS         float64 `yaml:"bin_ms" jsonschema:"exclusiveMinimum=0,maximum=100" jsonschema_description:"width of a bin, a multiple of step_ms, ms; a bin in which a neuron fires more than once counts once"`
	BurnInS       float64 `yaml:"burn_in_s" jsonschema:"minimum=0,maximum=1000" jsonschema_description:"simulated time before the recording, s"`
	HistoryS      float64 `yaml:"history_s" jsonschema:"exclusiveMinimum=0,maximum=100" jsonschema_description:"recorded time before the window, which only tells how it began, s"`
	WindowS       float64 `yaml:"window_s" jsonschema:"exclusiveMinimum=0,maximum=10000" jsonschema_description:"recorded time that is explained, s"`
	Heterogeneity float64 `yaml:"heterogeneity" jsonschema:"minimum=0,maximum=1" jsonschema_description:"standard deviation of the neurons' resting potentials, as a part of their mean"`
}

func (HiddenPopulations) isData() {}

func defaultHiddenPopulations() HiddenPopulations {
	return HiddenPopulations{Network: "winner-take-all", Observed: 3, StepMS: 0.2, Integrator: "exact-leak", BinMS: 4, BurnInS: 1, HistoryS: 1, WindowS: 10}
}

func (d HiddenPopulations) check(_ *Experiment, report reporter) {
	if !multiple(d.BinMS, d.StepMS) {
		report("data.bin_ms", "data.bin_ms is %g, expected a multiple of data.step_ms (%g)", d.BinMS, d.StepMS)
	}
}

// multiple reports whether x is a whole multiple of step, up to rounding.
func multiple(x, step float64) bool {
	n := x / step
	whole := float64(int(n + 0.5))
	return whole >= 1 && n-whole < 1e-6 && whole-n < 1e-6
}
