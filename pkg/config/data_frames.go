package config

// SpeechFrames is prepared speech, phone by frame, as "snnctl data features" makes it
// (TIMIT: section 7.5 of the method of arXiv:1901.09049). The network is shown one
// frame after the other.
type SpeechFrames struct {
	Features  string `yaml:"features" jsonschema:"minLength=1,maxLength=4096" jsonschema_description:"directory with phones.txt, train, dev and test: its name in the data directory, or a path"`
	HoldSteps int    `yaml:"hold_steps" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"steps of 1 ms that a frame is shown"`
}

// SyntheticFrames is speech as SpeechFrames reads it, but drawn at random: each phone
// has a centre in the space of features, and a frame is that and noise.
type SyntheticFrames struct {
	Phones          int     `yaml:"phones" jsonschema:"minimum=2,maximum=10000" jsonschema_description:"classes of frames"`
	Features        int     `yaml:"features" jsonschema:"minimum=1,maximum=10000" jsonschema_description:"numbers in a frame"`
	Frames          int     `yaml:"frames" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"frames of the longest utterance; the shortest has half of them"`
	LeastFrames     int     `yaml:"least_frames" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"of the shortest phone"`
	MostFrames      int     `yaml:"most_frames" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"of the longest phone"`
	Spread          float64 `yaml:"spread" jsonschema:"minimum=0,maximum=1000000" jsonschema_description:"standard deviation of the centres, in that of the noise"`
	TrainUtterances int     `yaml:"train_utterances" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"validation and test have a quarter as many each"`
	HoldSteps       int     `yaml:"hold_steps" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"steps of 1 ms that a frame is shown"`
}

func (SpeechFrames) isData()    {}
func (SyntheticFrames) isData() {}

func defaultSpeechFrames() SpeechFrames { return SpeechFrames{Features: "timit-mfcc", HoldSteps: 5} }

func defaultSyntheticFrames() SyntheticFrames {
	return SyntheticFrames{Phones: 10, Features: 20, Frames: 30, LeastFrames: 4, MostFrames: 12, Spread: 0.6, TrainUtterances: 512, HoldSteps: 5}
}

func (d SyntheticFrames) check(_ *Experiment, report reporter) {
	if d.MostFrames < d.LeastFrames {
		report("data.most_frames", "data.most_frames is %d, expected at least data.least_frames (%d)", d.MostFrames, d.LeastFrames)
	}
}
