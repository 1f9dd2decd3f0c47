package config

import "math"

// SpikeTrains are recorded spikes, cut into trials and bins (arXiv:2106.10064; section
// 5 of the method). A bin in which a neuron fires more than once counts once.
type SpikeTrains struct {
	File        string  `yaml:"file" jsonschema:"required,minLength=1,maxLength=4096" jsonschema_description:"the recording: NWB 2.x, CSV with the columns trial,neuron,time_s, npy or npz of bins, or the MATLAB v7.3 file of CRCNS pvc-11; a relative path is sought in the working directory, then in the data directory"`
	Array       string  `yaml:"array,omitempty" jsonschema:"maxLength=256" jsonschema_description:"of an npz file, the name of the array with the spikes; empty: spikes, or the only one"`
	Frames      int     `yaml:"frames" jsonschema:"minimum=0,maximum=100000000" jsonschema_description:"of an npy or npz array of trials below each other, (K·T, N): T; 0: the array is (K, T, N), or the archive holds n_frames"`
	Trials      int     `yaml:"trials" jsonschema:"minimum=0,maximum=10000000" jsonschema_description:"of a CSV file, how many trials there were, silent ones among them; 0: as many as are named"`
	Neurons     int     `yaml:"neurons" jsonschema:"minimum=0,maximum=100000" jsonschema_description:"of a CSV file, how many neurons there were, silent ones among them; 0: as many as are named"`
	Onsets      string  `yaml:"onsets" jsonschema:"enum=file,enum=regular,enum=listed" jsonschema_description:"of the trials: file: those of the recording; regular: one every every_ms from the first spike on; listed: those of onsets_file"`
	EveryMS     float64 `yaml:"every_ms" jsonschema:"exclusiveMinimum=0,maximum=1000000000" when:"onsets=regular" jsonschema_description:"between the starts of trials, ms"`
	OnsetsFile  string  `yaml:"onsets_file,omitempty" jsonschema:"maxLength=4096" when:"onsets=listed" jsonschema_description:"a CSV file with the column onset_s, or an npy array: starts of trials, s on the recording's clock"`
	BinMS       float64 `yaml:"bin_ms" jsonschema:"exclusiveMinimum=0,maximum=100000" jsonschema_description:"width of a bin, ms"`
	StartMS     float64 `yaml:"start_ms" jsonschema:"minimum=-1000000000,maximum=1000000000" jsonschema_description:"first bin, after a trial's start, ms; the first model.history_bins bins are history only"`
	DurationMS  float64 `yaml:"duration_ms" jsonschema:"minimum=0,maximum=1000000000" jsonschema_description:"from the first bin to the end of the last, ms; 0: as long as the shortest trial (of a CSV file it must be given)"`
	LeastRateHz float64 `yaml:"least_rate_hz" jsonschema:"minimum=0,maximum=100000" jsonschema_description:"neurons that fire less in the training trials are left out; 0: only silent ones"`

	Stimulus     string `yaml:"stimulus" jsonschema:"enum=none,enum=bumps,enum=array,enum=frames" jsonschema_description:"what all trials share: none; bumps: raised cosines over the time of a trial; array: rows of stimulus_file, one a bin; frames: the pictures of stimulus_file, one a bin, as they are shown to model.stimulus_network"`
	Bumps        int    `yaml:"bumps" jsonschema:"minimum=2,maximum=10000" when:"stimulus=bumps" jsonschema_description:"raised cosines"`
	StimulusFile string `yaml:"stimulus_file,omitempty" jsonschema:"maxLength=4096" when:"stimulus=array|frames" jsonschema_description:"npy array (T, I), or frames (rows, columns, T) in an npy file or as the variable M of a MATLAB file"`
	FrameSide    int    `yaml:"frame_side" jsonschema:"minimum=1,maximum=512" when:"stimulus=frames" jsonschema_description:"pixels that the sides of a frame are resized to"`
	FrameHistory int    `yaml:"frame_history" jsonschema:"minimum=1,maximum=100" when:"stimulus=frames" jsonschema_description:"frames that a bin sees: its own and those before"`

	Split            string `yaml:"split" jsonschema:"enum=blocks,enum=interleaved" jsonschema_description:"blocks: the last trials validate, those before them test, the first ones train; interleaved: the same numbers of trials, spread evenly over the session"`
	ValidationTrials int    `yaml:"validation_trials" jsonschema:"minimum=2,maximum=1000000" jsonschema_description:"trials that tell when the fit is best"`
	TestTrials       int    `yaml:"test_trials" jsonschema:"minimum=2,maximum=1000000" jsonschema_description:"trials that the fit is compared with"`
}

func (SpikeTrains) isData() {}

func defaultSpikeTrains() SpikeTrains {
	return SpikeTrains{Onsets: "file", EveryMS: 1000, BinMS: 40, Stimulus: "none", Bumps: 10, FrameSide: 27, FrameHistory: 10,
		Split: "blocks", ValidationTrials: 10, TestTrials: 30}
}

func (d SpikeTrains) check(e *Experiment, report reporter) {
	if d.Onsets == "listed" && d.OnsetsFile == "" {
		report("data.onsets_file", "data.onsets_file is missing, expected a file where data.onsets is listed")
	}
	if d.Stimulus == "array" || d.Stimulus == "frames" {
		if d.StimulusFile == "" {
			report("data.stimulus_file", "data.stimulus_file is missing, expected a file where data.stimulus is %s", d.Stimulus)
		}
	}
	m, ok := e.Model.(RSNN)
	if !ok {
		return
	}
	if m.StimulusNetwork == "cnn" && d.Stimulus != "frames" {
		report("model.stimulus_network", "model.stimulus_network is cnn, expected none where data.stimulus is %s", d.Stimulus)
	}
	if bins := math.Floor(d.DurationMS/d.BinMS + 1e-9); d.DurationMS > 0 && bins <= float64(m.HistoryBins) {
		report("data.duration_ms", "data.duration_ms is %g, which has %g bins, expected more than model.history_bins (%d)", d.DurationMS, bins, m.HistoryBins)
	}
}
