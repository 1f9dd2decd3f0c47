package experiment

import (
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/pkg/config"
	"github.com/snnctl/snnctl/pkg/learning/autoencoder"
	"github.com/snnctl/snnctl/pkg/models/audiocodec"
)

// BenchAudioCodec times training steps of audio-codec-quick so many times, on ten seconds of music.
func BenchAudioCodec(repeats, threads int) (*StepsResult, error) {
	if repeats < 1 {
		return nil, fault.Inputf("--repeats is %d, expected at least 1", repeats)
	}
	resolved, err := config.Open("audio-codec-quick", []string{"data.train_pieces=1", "data.piece_seconds=10", "rule.starts=[0, 0.5]"})
	if err != nil {
		return nil, err
	}
	e := &resolved.Experiment
	spec, err := codecSpec(e)
	if err != nil {
		return nil, err
	}
	corpus, err := audioCorpus(e, Settings{Threads: threads})
	if err != nil {
		return nil, err
	}
	trainer := autoencoder.New(audiocodec.New[float32](spec, e.Seed), corpus, codecOptions[float32](e, &spec, threads))
	timed := StepsCase{Network: "audio-codec-quick", Batch: e.Train.BatchSize}
	if err := timed.time(repeats, trainer.Step); err != nil {
		return nil, err
	}
	return &StepsResult{Job: "audio-codec", Threads: threads, Cases: []StepsCase{timed}, Peak: peakMemory()}, nil
}
