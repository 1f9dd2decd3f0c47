package config

// SequentialMNIST shows an image pixel by pixel, or row by row, and asks for its
// class at the end (arXiv:1803.09574, sections 6.1 and 6.2 of the method).
//
// With P = 28/pool, a trial has (P² + cue_steps)·step_ms steps of 1 ms when it is
// encoded by threshold crossings, P²·step_ms as grey levels, P·step_ms as rows.
type SequentialMNIST struct {
	Dataset          string `yaml:"dataset" jsonschema:"minLength=1,maxLength=4096" jsonschema_description:"mnist, fashion-mnist, or the directory of four idx files in the layout of MNIST"`
	Encoding         string `yaml:"encoding" jsonschema:"enum=threshold-crossing,enum=grey,enum=rows" jsonschema_description:"spikes where the grey level crosses a threshold; the grey level as one current; a row of grey levels as currents"`
	InputLines       int    `yaml:"input_lines" jsonschema:"minimum=4,maximum=10000,multipleOf=2" when:"encoding=threshold-crossing" jsonschema_description:"spike lines: half as many thresholds, evenly from 0 to 1; the last line is the cue"`
	Pool             int    `yaml:"pool" jsonschema:"enum=1,enum=2,enum=4,enum=7" jsonschema_description:"averages squares of pool x pool pixels first"`
	StepMS           int    `yaml:"step_ms" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"ms that each pixel or row is shown"`
	CueSteps         int    `yaml:"cue_steps" jsonschema:"minimum=0,maximum=100000" when:"encoding=threshold-crossing" jsonschema_description:"length of the cue after the image, in pixels (times step_ms ms)"`
	ReadoutSteps     int    `yaml:"readout_steps" jsonschema:"minimum=1,maximum=100000000" jsonschema_description:"the logits are the mean output over the last so many ms"`
	ValidationImages int    `yaml:"validation_images" jsonschema:"minimum=1,maximum=10000000" jsonschema_description:"the first so many training images validate"`
}

func (SequentialMNIST) isData() {}

func defaultSequentialMNIST() SequentialMNIST {
	return SequentialMNIST{Dataset: "mnist", Encoding: "threshold-crossing", InputLines: 80, Pool: 1, StepMS: 1,
		CueSteps: 56, ReadoutSteps: 28, ValidationImages: 5000}
}

// Steps is the length of a trial in ms.
func (d SequentialMNIST) Steps() int {
	side := 28 / d.Pool
	if d.Encoding == "rows" {
		return side * d.StepMS
	}
	return (side*side + d.CueSteps) * d.StepMS
}

func (d SequentialMNIST) check(e *Experiment, report reporter) {
	if d.ReadoutSteps > d.Steps() {
		report("data.readout_steps", "data.readout_steps is %d, expected at most the %d steps of a trial", d.ReadoutSteps, d.Steps())
	}
	if e.Train.EvalTrials > d.ValidationImages {
		report("train.eval_trials", "train.eval_trials is %d, expected at most data.validation_images (%d)", e.Train.EvalTrials, d.ValidationImages)
	}
}
