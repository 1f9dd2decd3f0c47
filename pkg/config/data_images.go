package config

// Images shows whole images and asks for their classes.
type Images struct {
	Dataset          string `yaml:"dataset" jsonschema:"minLength=1,maxLength=4096" jsonschema_description:"mnist, fashion-mnist, or the directory of four idx files in the layout of MNIST"`
	ValidationImages int    `yaml:"validation_images" jsonschema:"minimum=1,maximum=10000000" jsonschema_description:"the first so many training images validate"`
}

func (Images) isData() {}

func defaultImages() Images { return Images{Dataset: "mnist", ValidationImages: 5000} }

func (d Images) check(e *Experiment, report reporter) {
	if e.Train.EvalTrials > d.ValidationImages {
		report("train.eval_trials", "train.eval_trials is %d, expected at most data.validation_images (%d)", e.Train.EvalTrials, d.ValidationImages)
	}
}
