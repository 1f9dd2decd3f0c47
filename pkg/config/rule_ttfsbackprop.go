package config

// TTFSBackprop trains a network of single spikes by the exact gradients of its spike
// times (arXiv:2306.08744; section 7 of the method).
type TTFSBackprop struct {
	Optimizer         Optimizer `yaml:"optimizer" jsonschema_description:"how a gradient moves the parameters"`
	Schedule          Schedule  `yaml:"schedule" jsonschema_description:"how the learning rate changes"`
	ClipNorm          float64   `yaml:"clip_norm" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"longest gradient, as a Euclidean norm; 0: no limit"`
	L2                float64   `yaml:"l2" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"weight of the penalty l2·Σ w² on the weights; 0: none"`
	L1Activity        float64   `yaml:"l1_activity" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"weight of the penalty l1_activity·Σ x/batch_size on what the spikes carry, x = t_max - t; 0: none"`
	Windows           string    `yaml:"windows" jsonschema:"enum=adaptive,enum=frozen,enum=scaled,enum=quantile" jsonschema_description:"adaptive: after each step a window grows to window_factor times the greatest value of the batch, if it is shorter; the others never change in training, and thresholds are tested from their start on: frozen: as they are; scaled: (1 + zeta) times the greatest value of the layer on the calibration images; quantile: that of its positive values on them"`
	WindowFactor      float64   `yaml:"window_factor" jsonschema:"minimum=1,maximum=1000000" when:"windows=adaptive" jsonschema_description:"γ"`
	Zeta              float64   `yaml:"zeta" jsonschema:"exclusiveMinimum=-1,maximum=1000000" when:"windows=scaled" jsonschema_description:"ζ; below 0 the greatest values are cut and the latency falls"`
	Quantile          float64   `yaml:"quantile" jsonschema:"exclusiveMinimum=0,maximum=1" when:"windows=quantile" jsonschema_description:"of the positive values of a layer"`
	CalibrationImages int       `yaml:"calibration_images" jsonschema:"minimum=1,maximum=10000000" jsonschema_description:"the first so many training images measure windows; fewer if there are fewer"`
	Defects           Defects   `yaml:"defects" jsonschema_description:"of the hardware, in training and evaluation"`
}

// Defects are what hardware does to spikes and weights; gradients go straight through
// roundings (section 6 of the method).
type Defects struct {
	Jitter          float64 `yaml:"jitter" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"standard deviation of the noise on each spike time, fresh in each trial, in τ_c; 0: none"`
	Silent          bool    `yaml:"silent" jsonschema_description:"silent neurons, whose time is the end of their window, jitter too, as in the authors' code"`
	TimeBits        int     `yaml:"time_bits" jsonschema:"minimum=0,maximum=32" jsonschema_description:"spike times are rounded to 2^time_bits steps a window; 0: they are not"`
	WeightBits      int     `yaml:"weight_bits" jsonschema:"minimum=0,maximum=32" jsonschema_description:"weights have 2^weight_bits values; 0: any"`
	WeightRange     string  `yaml:"weight_range" jsonschema:"enum=fixed,enum=layer" jsonschema_description:"of the values: fixed: from weight_low to weight_high; layer: as far as the greatest weight of each layer"`
	WeightLow       float64 `yaml:"weight_low" jsonschema:"minimum=-1000000,maximum=0" when:"weight_range=fixed" jsonschema_description:"least value of a rounded weight, before 0 is moved onto the grid"`
	WeightHigh      float64 `yaml:"weight_high" jsonschema:"exclusiveMinimum=0,maximum=1000000" when:"weight_range=fixed" jsonschema_description:"greatest value of a rounded weight"`
	QuantiseReadout bool    `yaml:"quantise_readout" jsonschema_description:"roundings hold for the readout too; in the authors' code they do not"`
	SlopeNoise      float64 `yaml:"slope_noise" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"standard deviation of the fixed offset that the slope of each neuron has; 0: none"`
	EarlyFiring     bool    `yaml:"early_firing" jsonschema_description:"in evaluation of form alpha, thresholds are tested before their window too, as in the authors' code, so that neurons fire on part of their input where windows are too short; without other defects"`
}

func (TTFSBackprop) isRule() {}

func defaultTTFSBackprop() TTFSBackprop {
	adam := defaultAdam()
	adam.LearningRate, adam.Epsilon = 5e-4, 1e-7
	return TTFSBackprop{Optimizer: adam, Schedule: ConstantRate{}, Windows: "adaptive", WindowFactor: 10, Quantile: 1, CalibrationImages: 8000,
		Defects: Defects{Silent: true, WeightRange: "fixed", WeightLow: -1, WeightHigh: 1}}
}

func (r TTFSBackprop) check(e *Experiment, report reporter) {
	d := r.Defects
	if !d.EarlyFiring {
		return
	}
	if m, ok := e.Model.(TTFS); ok && m.Form != "alpha" {
		report("rule.defects.early_firing", "rule.defects.early_firing is true, expected false where model.form is %s, whose thresholds are tested from their window on", m.Form)
	}
	if d.Jitter != 0 || d.TimeBits != 0 || d.WeightBits != 0 || d.SlopeNoise != 0 {
		report("rule.defects.early_firing", "rule.defects.early_firing is true, expected no other defect beside it")
	}
}
