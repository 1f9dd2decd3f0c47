// Package config is the schema of experiment files: typed, strict, and with
// the position of every mistake.
//
// An experiment is a YAML mapping:
//
//	name: lsnn-smnist
//	paper: "1803.09574"
//	seed: 1
//	precision: float32
//	data:  {type: sequential-mnist, encoding: threshold-crossing}
//	model: {type: lsnn, lif_neurons: 120, alif_neurons: 100}
//	rule:  {type: bptt, optimizer: {type: adam, learning_rate: 0.01}}
//	train: {iterations: 36000, batch_size: 256}
//	reference: {metric: test_accuracy, value: 0.947, source: "1803.09574, Table S1"}
//
// data, model and rule are unions: type chooses the variant, and with it the
// keys. The tables of variants are in unions.go; a new one is a struct in a file
// of its own, and a line there.
//
// The tags of a struct's fields say what a value may be, for the reader and for
// the JSON Schema alike: jsonschema:"required", minimum, maximum,
// exclusiveMinimum, exclusiveMaximum, multipleOf, enum, pattern; allowed puts a
// pattern in words; when:"key=value" limits a key to a value of a key beside
// it, or "key=one|other" to several (elsewhere the field is zero, and writing it is
// an error).
package config

// Experiment is one experiment, with every default filled in.
type Experiment struct {
	Name      string     `yaml:"name" jsonschema:"required,maxLength=100,pattern=^[A-Za-z0-9][A-Za-z0-9._-]*$" allowed:"up to 100 letters, digits, dots, dashes and underscores, beginning with a letter or digit" jsonschema_description:"names the run and its directory"`
	Paper     string     `yaml:"paper,omitempty" jsonschema:"maxLength=200" jsonschema_description:"arXiv identifier of the paper, in quotes"`
	Seed      uint64     `yaml:"seed" jsonschema:"minimum=0,maximum=18446744073709551615" jsonschema_description:"of all random numbers"`
	Precision string     `yaml:"precision" jsonschema:"enum=float32,enum=float64" jsonschema_description:"of the numbers: float32 trains, float64 proves"`
	Data      Data       `yaml:"data" jsonschema:"required" jsonschema_description:"the data set and its encoding"`
	Model     Model      `yaml:"model" jsonschema:"required" jsonschema_description:"the network"`
	Rule      Rule       `yaml:"rule" jsonschema:"required" jsonschema_description:"how the network learns"`
	Train     Train      `yaml:"train" jsonschema:"required" jsonschema_description:"length and rhythm of the training"`
	Reference *Reference `yaml:"reference,omitempty" jsonschema_description:"what the paper reports, to stand beside the result"`
}

// Train is the length and the rhythm of the training.
type Train struct {
	Iterations      int `yaml:"iterations" jsonschema:"required,minimum=1,maximum=1000000000" jsonschema_description:"training steps, each of one batch"`
	BatchSize       int `yaml:"batch_size" jsonschema:"required,minimum=1,maximum=1000000" jsonschema_description:"trials in a batch"`
	EvalEvery       int `yaml:"eval_every" jsonschema:"minimum=1,maximum=1000000000" jsonschema_description:"iterations between evaluations of the validation split"`
	EvalTrials      int `yaml:"eval_trials" jsonschema:"minimum=1,maximum=10000000" jsonschema_description:"trials of such an evaluation"`
	CheckpointEvery int `yaml:"checkpoint_every" jsonschema:"minimum=1,maximum=1000000000" jsonschema_description:"iterations between checkpoints"`
	KeepCheckpoints int `yaml:"keep_checkpoints" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"newest checkpoints to keep, beside the best"`
	LogEvery        int `yaml:"log_every" jsonschema:"minimum=1,maximum=1000000000" jsonschema_description:"iterations between records of the training loss"`

	Stop *Stop `yaml:"stop,omitempty" jsonschema_description:"when to end before the last iteration"`
}

// Stop ends a training when a metric is low enough in a training batch and, on the
// mean, in some batches of the validation split.
type Stop struct {
	Metric  string  `yaml:"metric" jsonschema:"required,maxLength=100,pattern=^[a-z][a-z0-9_]*$" allowed:"the name of a metric in lower case, such as error" jsonschema_description:"of training and validation, such as error"`
	Below   float64 `yaml:"below" jsonschema:"required" jsonschema_description:"what the metric must be below"`
	Batches int     `yaml:"batches" jsonschema:"required,minimum=1,maximum=10000" jsonschema_description:"validation batches, each of train.batch_size trials"`
}

// Reference is a result that the paper reports.
type Reference struct {
	Metric string  `yaml:"metric" jsonschema:"required,maxLength=100,pattern=^[a-z][a-z0-9_]*$" allowed:"the name of a metric in lower case, such as test_accuracy" jsonschema_description:"name of the metric, as in summary.json"`
	Value  float64 `yaml:"value" jsonschema:"required" jsonschema_description:"in the unit of the metric; accuracies and errors are fractions"`
	Source string  `yaml:"source" jsonschema:"required,minLength=1,maxLength=500" jsonschema_description:"where the paper says so"`
}

func defaultExperiment() Experiment {
	return Experiment{Seed: 1, Precision: "float32", Train: Train{
		EvalEvery: 400, EvalTrials: 256, CheckpointEvery: 400, KeepCheckpoints: 3, LogEvery: 10}}
}
