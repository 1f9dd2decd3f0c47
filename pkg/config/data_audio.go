package config

// SyntheticPiano is pieces of a simple piano whose notes are known, made up as they are
// needed (arXiv:2402.01571, section 12.2 of the method). One piece validates, one is the test.
type SyntheticPiano struct {
	RateHz       int     `yaml:"rate_hz" jsonschema:"minimum=2000,maximum=48000" jsonschema_description:"sampling rate, Hz"`
	TrainPieces  int     `yaml:"train_pieces" jsonschema:"minimum=1,maximum=10000" jsonschema_description:"pieces to train on"`
	PieceSeconds float64 `yaml:"piece_seconds" jsonschema:"minimum=2,maximum=3600" jsonschema_description:"length of a piece, s"`
	LowKey       int     `yaml:"low_key" jsonschema:"minimum=21,maximum=108" jsonschema_description:"lowest key, as MIDI numbers them: 60 is middle C; white keys are played"`
	HighKey      int     `yaml:"high_key" jsonschema:"minimum=21,maximum=108" jsonschema_description:"highest key"`
}

// AudioFiles is recordings: the data set MAESTRO, or any folder of wav, flac, ogg and mp3
// files. They are mixed to one channel and brought to one sampling rate.
type AudioFiles struct {
	Dataset            string  `yaml:"dataset" jsonschema:"minLength=1,maxLength=4096" jsonschema_description:"a directory: its name in the data directory, or a path"`
	Layout             string  `yaml:"layout" jsonschema:"enum=auto,enum=maestro,enum=splits,enum=folder" jsonschema_description:"maestro: a file maestro-v*.csv names the recordings, their notes and splits; splits: folders train, validation and test; folder: all files below, of which some are held out; auto: the first of these that is there"`
	RateHz             int     `yaml:"rate_hz" jsonschema:"minimum=2000,maximum=192000" jsonschema_description:"sampling rate that they are brought to, Hz"`
	ValidationFraction float64 `yaml:"validation_fraction" jsonschema:"minimum=0,maximum=0.5" jsonschema_description:"part of the files of a folder that validates: every so manieth in the order of their names; at least one"`
	TestFraction       float64 `yaml:"test_fraction" jsonschema:"minimum=0,maximum=0.5" jsonschema_description:"part of the files of a folder that is the test"`
	MaxMemoryMB        int     `yaml:"max_memory_mb" jsonschema:"minimum=1,maximum=1000000" jsonschema_description:"of the decoded recordings that are kept in memory"`
	SpoolDir           string  `yaml:"spool_dir" jsonschema:"maxLength=4096" jsonschema_description:"directory on a disk that holds what is more, four bytes a sample, in files without names that are gone when the program ends; empty: more is an error"`
}

func (SyntheticPiano) isData() {}
func (AudioFiles) isData()     {}

func defaultSyntheticPiano() SyntheticPiano {
	return SyntheticPiano{RateHz: 8000, TrainPieces: 8, PieceSeconds: 60, LowKey: 48, HighKey: 72}
}

func defaultAudioFiles() AudioFiles {
	return AudioFiles{Dataset: "maestro", Layout: "auto", RateHz: 24000, ValidationFraction: 0.1, TestFraction: 0.1, MaxMemoryMB: 8192}
}

func (d SyntheticPiano) check(_ *Experiment, report reporter) {
	if d.HighKey < d.LowKey+2 {
		report("data.high_key", "data.high_key is %d, expected at least data.low_key (%d) and two more", d.HighKey, d.LowKey)
	}
}
