package config

// SpeechWaves is recordings of speech as raw sound.
type SpeechWaves struct {
	Dataset       string  `yaml:"dataset" jsonschema:"minLength=1,maxLength=4096" jsonschema_description:"a directory of wav, flac, ogg and mp3 files: its name in the data directory, or a path; with folders train and test, and dev, those are the splits"`
	Classes       string  `yaml:"classes" jsonschema:"enum=auto,enum=phones,enum=speakers" jsonschema_description:"of frames of 10 ms: phones of a file NAME.phn beside NAME.wav, in TIMIT's form; speakers, what stands before the first hyphen of a file's name, as in LibriSpeech; auto: phones, if there are any"`
	RateHz        int     `yaml:"rate_hz" jsonschema:"minimum=2000,maximum=48000,multipleOf=100" jsonschema_description:"sampling rate that recordings are brought to, Hz"`
	WindowSamples int     `yaml:"window_samples" jsonschema:"minimum=1,maximum=100000000" jsonschema_description:"length of what a trial shows, a whole number of frames"`
	TestFraction  float64 `yaml:"test_fraction" jsonschema:"exclusiveMinimum=0,maximum=0.4" jsonschema_description:"end of each recording that is the test, and part before it that validates, without folders for them"`
	MaxMemoryMB   int     `yaml:"max_memory_mb" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"of the recordings, which are kept in memory as 16 bits; more is an error"`
}

// SyntheticSpeech is speech from a source and a filter, of ten phones.
type SyntheticSpeech struct {
	RateHz        int     `yaml:"rate_hz" jsonschema:"minimum=8000,maximum=48000,multipleOf=100" jsonschema_description:"sampling rate, Hz"`
	Utterances    int     `yaml:"utterances" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"to learn from; a quarter as many validate and test"`
	Seconds       float64 `yaml:"seconds" jsonschema:"minimum=0.1,maximum=600" jsonschema_description:"length of an utterance"`
	WindowSamples int     `yaml:"window_samples" jsonschema:"minimum=1,maximum=100000000" jsonschema_description:"length of what a trial shows, a whole number of frames of 10 ms"`
}

func (SpeechWaves) isData()     {}
func (SyntheticSpeech) isData() {}

func defaultSpeechWaves() SpeechWaves {
	return SpeechWaves{Dataset: "speech", Classes: "auto", RateHz: 16000, WindowSamples: 20480, TestFraction: 0.15, MaxMemoryMB: 4096}
}

func defaultSyntheticSpeech() SyntheticSpeech {
	return SyntheticSpeech{RateHz: 16000, Utterances: 40, Seconds: 4, WindowSamples: 20480}
}
