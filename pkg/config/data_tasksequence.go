package config

// TaskSequence makes tasks that are learned one after the other from a set of images
// (arXiv:2306.01690, section 10 of the method).
type TaskSequence struct {
	Dataset        string `yaml:"dataset" jsonschema:"minLength=1,maxLength=4096" jsonschema_description:"mnist, fashion-mnist, cifar-10, cifar-100, or the directory or tar archive of a set of one's own, as for data.type images"`
	CoarseLabels   bool   `yaml:"coarse_labels" jsonschema_description:"the 20 superclasses of CIFAR-100 for its 100 classes"`
	Kind           string `yaml:"kind" jsonschema:"enum=permuted,enum=rotated,enum=shuffled-labels,enum=split" jsonschema_description:"what a task is: the pixels in another fixed order; the images turned by another angle; the classes renamed; some of the classes"`
	Tasks          int    `yaml:"tasks" jsonschema:"minimum=1,maximum=10000" jsonschema_description:"number of tasks"`
	StepsPerTask   int    `yaml:"steps_per_task" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"training steps of each task"`
	FirstUnchanged bool   `yaml:"first_unchanged" when:"kind=permuted|rotated|shuffled-labels" jsonschema_description:"the first task is the images as they are"`
	LabelsPerTask  int    `yaml:"labels_per_task" jsonschema:"minimum=2,maximum=1000" when:"kind=split" jsonschema_description:"classes of a task, drawn at random"`

	ValidationImages int `yaml:"validation_images" jsonschema:"minimum=1,maximum=10000000" jsonschema_description:"the first so many training images validate"`
	TestImages       int `yaml:"test_images" jsonschema:"minimum=1,maximum=10000000" jsonschema_description:"the first so many test images test each task, in one batch"`
	CurveSteps       int `yaml:"curve_steps" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"after each of the first so many steps of a task its test accuracy is measured, for the area under the learning curve; 0: not at all"`
}

func (TaskSequence) isData() {}

func defaultTaskSequence() TaskSequence {
	return TaskSequence{Dataset: "mnist", Kind: "permuted", Tasks: 10, StepsPerTask: 500, FirstUnchanged: true, LabelsPerTask: 2, ValidationImages: 1000, TestImages: 1000}
}

func (d TaskSequence) check(e *Experiment, report reporter) {
	checkTasks(e, d.Tasks, d.StepsPerTask, report)
	if d.CurveSteps > d.StepsPerTask {
		report("data.curve_steps", "data.curve_steps is %d, expected at most data.steps_per_task (%d)", d.CurveSteps, d.StepsPerTask)
	}
	if e.Train.EvalTrials > d.ValidationImages {
		report("train.eval_trials", "train.eval_trials is %d, expected at most data.validation_images (%d)", e.Train.EvalTrials, d.ValidationImages)
	}
}

// checkTasks reports what does not fit the tasks of a sequence.
func checkTasks(e *Experiment, tasks, steps int, report reporter) {
	if e.Train.Iterations > tasks*steps {
		report("train.iterations", "train.iterations is %d, expected at most data.tasks times data.steps_per_task (%d)", e.Train.Iterations, tasks*steps)
	}
	if m, ok := e.Model.(Gated); ok && m.Contexts < tasks && m.Gate != "none" {
		report("model.contexts", "model.contexts is %d, expected at least data.tasks (%d)", m.Contexts, tasks)
	}
}

// FeatureSequence is tasks whose inputs are features that an encoder gave, in files
// (section 14 of the method).
type FeatureSequence struct {
	Manifest     string `yaml:"manifest" jsonschema:"required,minLength=1,maxLength=4096" jsonschema_description:"file that lists the tasks (YAML): of each its name, classes, and either features (safetensors with train.x, train.y, val.x, val.y, test.x, test.y) or x and y of train, val and test in NumPy's files"`
	StepsPerTask int    `yaml:"steps_per_task" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"training steps of each task"`
	TestExamples int    `yaml:"test_examples" jsonschema:"minimum=1,maximum=10000000" jsonschema_description:"the first so many test examples test each task, in one batch"`
	CurveSteps   int    `yaml:"curve_steps" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"after each of the first so many steps of a task its test accuracy is measured; 0: not at all"`
}

func (FeatureSequence) isData() {}

func defaultFeatureSequence() FeatureSequence {
	return FeatureSequence{StepsPerTask: 200, TestExamples: 1000}
}

// SyntheticFeatures stands in for the features of an encoder: classes with means in a
// basis that all tasks share, an offset of each task, and noise.
type SyntheticFeatures struct {
	Tasks        int     `yaml:"tasks" jsonschema:"minimum=1,maximum=10000" jsonschema_description:"number of tasks"`
	StepsPerTask int     `yaml:"steps_per_task" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"training steps of each task"`
	Classes      int     `yaml:"classes" jsonschema:"minimum=2,maximum=1000" jsonschema_description:"classes of a task"`
	Features     int     `yaml:"features" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"numbers of an example"`
	Rank         int     `yaml:"rank" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"dimensions of the shared basis"`
	Noise        float64 `yaml:"noise" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"standard deviation of each number about its class"`
	Offset       float64 `yaml:"offset" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"standard deviation of the offset of a task"`
	Shuffled     bool    `yaml:"shuffled_labels" jsonschema_description:"each task names the classes anew, so that tasks are in each other's way"`
	TestExamples int     `yaml:"test_examples" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"examples that test each task, in one batch, and as many that validate"`
	Examples     int     `yaml:"train_examples" jsonschema:"minimum=1,maximum=10000000" jsonschema_description:"examples that train each task"`
}

func (SyntheticFeatures) isData() {}

func defaultSyntheticFeatures() SyntheticFeatures {
	return SyntheticFeatures{Tasks: 10, StepsPerTask: 150, Classes: 10, Features: 128, Rank: 16, Noise: 1, Offset: 0.5, Shuffled: true, TestExamples: 1000, Examples: 5000}
}

func (d SyntheticFeatures) check(e *Experiment, report reporter) {
	checkTasks(e, d.Tasks, d.StepsPerTask, report)
	if e.Train.EvalTrials > d.TestExamples {
		report("train.eval_trials", "train.eval_trials is %d, expected at most data.test_examples (%d)", e.Train.EvalTrials, d.TestExamples)
	}
}
