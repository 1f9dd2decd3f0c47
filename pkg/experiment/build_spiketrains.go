package experiment

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"

	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/datasets/spiketrain"
)

// buildRecording reads a recording and what belongs to it, and cuts it into trials.
func buildRecording(d config.SpikeTrains, m config.RSNN, s Settings) (*spiketrain.Trials, error) {
	file, err := spiketrain.Locate(s.DataDir, d.File)
	if err != nil {
		return nil, fault.Inputf("data.file: %w", err)
	}
	duration := d.DurationMS / 1000
	recording, err := spiketrain.Open(file, spiketrain.OpenOptions{
		CSV:   spiketrain.CSVOptions{Duration: d.StartMS/1000 + duration, Trials: d.Trials, Neurons: d.Neurons},
		Array: spiketrain.ArrayOptions{Array: d.Array, Frames: d.Frames, Bin: d.BinMS / 1000},
	})
	if err != nil {
		return nil, err
	}
	files := []string{file}
	switch d.Onsets {
	case "regular":
		recording.RegularTrials(d.EveryMS / 1000)
	case "listed":
		place, err := spiketrain.Locate(s.DataDir, d.OnsetsFile)
		if err != nil {
			return nil, fault.Inputf("data.onsets_file: %w", err)
		}
		onsets, err := spiketrain.ReadOnsets(place)
		if err != nil {
			return nil, err
		}
		if err := recording.OnsetTrials(place, onsets); err != nil {
			return nil, err
		}
		files = append(files, place)
	}
	// Frames before a bin may need more bins left out than the history takes.
	skipped := 0
	if d.Stimulus == "frames" {
		skipped = max(0, d.FrameHistory-1-m.HistoryBins)
	}
	bin := d.BinMS / 1000
	cut := spiketrain.Cut{Bin: bin, Start: d.StartMS/1000 + float64(skipped)*bin, Duration: max(0, duration-float64(skipped)*bin),
		History: m.HistoryBins, LeastRate: d.LeastRateHz, Interleaved: d.Split == "interleaved", Validation: d.ValidationTrials, Test: d.TestTrials}
	trials, err := recording.Cut(file, cut)
	if err != nil {
		return nil, err
	}
	switch d.Stimulus {
	case "bumps":
		trials.Bumps(d.Bumps)
	case "array", "frames":
		place, err := spiketrain.Locate(s.DataDir, d.StimulusFile)
		if err != nil {
			return nil, fault.Inputf("data.stimulus_file: %w", err)
		}
		if err := readStimulus(trials, place, d, m, skipped); err != nil {
			return nil, err
		}
		files = append(files, place)
	}
	trials.Checksums = map[string]string{}
	for _, f := range files {
		if trials.Checksums[filepath.Base(f)], err = fileChecksum(f); err != nil {
			return nil, err
		}
	}
	return trials, nil
}

// readStimulus gives the trials the rows of an array, or the frames of a movie.
func readStimulus(t *spiketrain.Trials, file string, d config.SpikeTrains, m config.RSNN, skipped int) error {
	if d.Stimulus == "array" {
		return t.ReadStimulus(file)
	}
	movie, err := spiketrain.ReadMovie(file)
	if err != nil {
		return err
	}
	if err := t.Show(movie, file, d.FrameSide, d.FrameHistory, skipped); err != nil {
		return err
	}
	if m.StimulusNetwork == "none" {
		t.Flatten()
	}
	return nil
}

func fileChecksum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", &fault.Input{Err: err}
	}
	defer f.Close()
	digest := sha256.New()
	if _, err := io.Copy(digest, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

// portableRecording gives the files of a recording places that no change of directory
// moves, but for those in the data directory.
func portableRecording(d config.SpikeTrains, s Settings) (config.SpikeTrains, error) {
	for _, name := range []*string{&d.File, &d.OnsetsFile, &d.StimulusFile} {
		if *name == "" {
			continue
		}
		place, err := spiketrain.Locate(s.DataDir, *name)
		if err != nil {
			return d, err
		}
		if place == *name {
			if *name, err = filepath.Abs(place); err != nil {
				return d, err
			}
		}
	}
	return d, nil
}
