package audio

import (
	"io"

	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
	"github.com/mewkiz/flac/meta"
)

// flacBlock is the number of samples of a frame.
const flacBlock = 4096

// NewFLACWriter writes a flac file of samples of 16 or 24 bits, at most 8 channels.
func NewFLACWriter(w io.Writer, f Format) (Writer, error) {
	info := &meta.StreamInfo{BlockSizeMin: flacBlock, BlockSizeMax: flacBlock, SampleRate: uint32(f.Rate), NChannels: uint8(f.Channels), BitsPerSample: uint8(f.Bits)}
	if f.Frames > 0 {
		info.NSamples = uint64(f.Frames)
	}
	e, err := flac.NewEncoder(struct{ io.Writer }{w}, info) // without Seek, it does not come back to its header
	if err != nil {
		return nil, err
	}
	return &flacWriter{Format: f, encoder: e}, nil
}

type flacWriter struct {
	Format
	encoder *flac.Encoder
	waiting []int32
}

// assignments are the frame's names for numbers of channels.
var assignments = []frame.Channels{frame.ChannelsMono, frame.ChannelsLR, frame.ChannelsLRC, frame.ChannelsLRLsRs, frame.ChannelsLRCLsRs,
	frame.ChannelsLRCLfeLsRs, frame.ChannelsLRCLfeCsSlSr, frame.ChannelsLRCLfeLsRsSlSr}

func (w *flacWriter) Write(x []float32) error {
	for _, v := range x {
		w.waiting = append(w.waiting, quantised(v, w.Bits))
	}
	for len(w.waiting) >= flacBlock*w.Channels {
		if err := w.frame(flacBlock); err != nil {
			return err
		}
	}
	return nil
}

func (w *flacWriter) frame(samples int) error {
	f := &frame.Frame{Header: frame.Header{HasFixedBlockSize: true, BlockSize: uint16(samples), SampleRate: uint32(w.Rate),
		Channels: assignments[w.Channels-1], BitsPerSample: uint8(w.Bits)}}
	for c := range w.Channels {
		sub := &frame.Subframe{SubHeader: frame.SubHeader{Pred: frame.PredVerbatim}, NSamples: samples}
		for i := range samples {
			sub.Samples = append(sub.Samples, w.waiting[i*w.Channels+c])
		}
		f.Subframes = append(f.Subframes, sub)
	}
	w.waiting = w.waiting[:copy(w.waiting, w.waiting[samples*w.Channels:])]
	return w.encoder.WriteFrame(f)
}

func (w *flacWriter) Close() error {
	if n := len(w.waiting) / w.Channels; n > 0 {
		if err := w.frame(n); err != nil {
			return err
		}
	}
	return w.encoder.Close()
}
