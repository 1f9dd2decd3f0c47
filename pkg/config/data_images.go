package config

// Images shows whole images and asks for their classes.
type Images struct {
	Dataset          string `yaml:"dataset" jsonschema:"minLength=1,maxLength=4096" jsonschema_description:"mnist, fashion-mnist, or the directory of four idx files in the layout of MNIST"`
	Only             string `yaml:"only" jsonschema:"enum=all,enum=test" jsonschema_description:"test: the data set is its test images alone, a small set: the last test_images of them test and validate, the others train"`
	TestImages       int    `yaml:"test_images" jsonschema:"minimum=1,maximum=10000000" when:"only=test" jsonschema_description:"images that test and validate"`
	ValidationImages int    `yaml:"validation_images" jsonschema:"minimum=1,maximum=10000000" when:"only=all" jsonschema_description:"the first so many training images validate"`
}

func (Images) isData() {}

func defaultImages() Images {
	return Images{Dataset: "mnist", Only: "all", TestImages: 2000, ValidationImages: 5000}
}

func (d Images) check(e *Experiment, report reporter) {
	if d.Only == "test" {
		if e.Train.EvalTrials > d.TestImages {
			report("train.eval_trials", "train.eval_trials is %d, expected at most data.test_images (%d)", e.Train.EvalTrials, d.TestImages)
		}
		return
	}
	if e.Train.EvalTrials > d.ValidationImages {
		report("train.eval_trials", "train.eval_trials is %d, expected at most data.validation_images (%d)", e.Train.EvalTrials, d.ValidationImages)
	}
}
