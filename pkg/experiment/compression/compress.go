// Package compression codes sound as events in .snc files, and back, in streams: memory
// does not grow with their length (arXiv:2402.01571, section 11 of the method).
package compression

import (
	"errors"
	"io"
	"math"
	"slices"

	"github.com/snnctl/snnctl/internal/eventcode"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/snc"
	"github.com/snnctl/snnctl/pkg/datasets/audio"
	"github.com/snnctl/snnctl/pkg/models/audiocodec"
)

// Options are the choices of coding.
type Options struct {
	Modes      []eventcode.Mode // of which the cheapest is taken for each chunk
	ChunkS     float64
	Stereo     bool    // two channels as two streams, instead of their mean
	TargetKbps float64 // of the file, at most; 0: what the model gives
	Gain       float64 // the sound is multiplied by it before it is coded
	Threads    int
}

// Report says what became of a sound.
type Report struct {
	Seconds     float64        `json:"seconds"`
	Rate        int            `json:"rate_hz"`
	Channels    int            `json:"channels"`
	PayloadKbps float64        `json:"payload_kbps"`
	FileKbps    float64        `json:"file_kbps"`
	FileBytes   int64          `json:"file_bytes"`
	Density     float64        `json:"density"`
	EventsPerS  float64        `json:"events_per_second"`
	Chunks      int            `json:"chunks"`
	Modes       map[string]int `json:"modes"` // chunks of each
}

// compressor is a sound on its way into a file.
type compressor struct {
	Options
	codec  *audiocodec.Codec
	writer *snc.Writer

	streams []*stream
	events  int
	cells   int
	modes   map[string]int
	kept    float64 // bits that header, trailer, a short last chunk, and earlier chunks have left of the target; below 0 is owed
}

// stream is one channel.
type stream struct {
	c         *compressor
	resampler *audio.Resampler
	encoder   *audiocodec.Encoder[float32]
	chunk     int       // frames of a chunk
	logits    []float32 // of the chunk so far, [frames][N]
	coder     *eventcode.Codec
	matrix    *eventcode.Matrix
	ready     []coded
	mono      []float32
}

// coded is a chunk that waits for those before it.
type coded struct {
	frames  int
	payload eventcode.Payload
}

// Compress codes a sound into a file.
func Compress(codec *audiocodec.Codec, in *audio.Reader, out io.Writer, o Options) (*Report, error) {
	spec := &codec.Net.Spec
	if codec.Net.Recurrent() {
		return nil, fault.Inputf("the model has an LSTM, whose code cannot be cut into windows; a model for files is trained with model.lstm_layers: 0")
	}
	chunk := int(math.Round(o.ChunkS * spec.FrameRate()))
	if most := min(65535, snc.MostCells/spec.Bits()); chunk < 1 || chunk > most {
		return nil, fault.Inputf("a chunk of %g s has %d frames, expected 1 to %d", o.ChunkS, chunk, most)
	}
	if o.Stereo && in.Channels != 2 {
		return nil, fault.Inputf("the sound has %d channels, expected 2 to code them apart", in.Channels)
	}
	if in.Channels > 255 || in.Bits > 64 {
		return nil, fault.Inputf("the sound has %d channels of %d bits, which no .snc file says", in.Channels, in.Bits)
	}
	h := snc.Header{ModelHash: codec.Hash, ModelRate: spec.Rate, Rate: in.Rate, Channels: in.Channels, Bits: in.Bits, Streams: 1, Units: spec.Bits(), Hop: spec.Hop(),
		ChunkFrames: chunk, Samples: -1, Frames: -1, Gain: float32(o.Gain)}
	if codec.Net.Vectors != nil {
		h.Quantiser, h.Stages = 1, spec.Stages
	}
	if o.Stereo {
		h.Streams = 2
	}
	if in.Frames >= 0 {
		h.Samples = in.Frames
		h.Frames = int64(spec.Frames(int(audio.NewResampler(in.Rate, spec.Rate).Length(in.Frames))))
	}
	w, err := snc.NewWriter(out, h)
	if err != nil {
		return nil, err
	}
	c := &compressor{Options: o, codec: codec, writer: w, modes: map[string]int{}, kept: -8 * float64(snc.Overhead(1))}
	for range h.Streams {
		c.add(in.Rate, chunk)
	}
	samples, err := c.run(in)
	if err != nil {
		return nil, err
	}
	if in.Frames >= 0 && samples != in.Frames {
		return nil, fault.Inputf("the sound has %d samples, but its header says %d", samples, in.Frames)
	}
	if err := w.Close(samples); err != nil {
		return nil, err
	}
	return c.report(in, samples), nil
}

func (c *compressor) add(rate, chunk int) {
	s := &stream{c: c, resampler: audio.NewResampler(rate, c.codec.Net.Spec.Rate), chunk: chunk,
		coder: eventcode.NewCodec(c.codec.Net.Spec.Bits(), c.codec.Prior), matrix: &eventcode.Matrix{}}
	s.encoder = &audiocodec.Encoder[float32]{Net: c.codec.Net, Threads: c.Threads, Emit: s.take}
	c.streams = append(c.streams, s)
}

// blockFrames is how many samples of each channel are read at a time.
const blockFrames = 8192

// run reads the whole sound, and returns how many samples each channel has.
func (c *compressor) run(in *audio.Reader) (samples int64, err error) {
	block := make([]float32, blockFrames*in.Channels)
	for {
		n, err := in.Read(block)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
		samples += int64(n / in.Channels)
		for i, s := range c.streams {
			s.mono = s.mono[:0]
			if len(c.streams) == 1 {
				s.mono = audio.Mono(s.mono, block[:n], in.Channels)
			} else {
				for k := i; k < n; k += 2 {
					s.mono = append(s.mono, block[k])
				}
			}
			for k, v := range s.mono {
				if v-v != 0 {
					return 0, fault.Inputf("sample %d of the sound is %v, expected a finite number", samples-int64(n/in.Channels)+int64(k), v)
				}
				s.mono[k] = v * float32(c.Gain)
			}
			if err := s.encoder.Write(s.resampler.Write(s.mono)); err != nil {
				return 0, err
			}
		}
		if err := c.flush(); err != nil {
			return 0, err
		}
	}
	for _, s := range c.streams {
		if err := s.encoder.Write(s.resampler.Close()); err != nil {
			return 0, err
		}
		if _, err := s.encoder.Close(); err != nil {
			return 0, err
		}
		if len(s.logits) > 0 {
			if err := s.code(); err != nil {
				return 0, err
			}
		}
	}
	return samples, c.flush()
}

// take gets frames of pre-activations from the encoder.
func (s *stream) take(_, frames int, l []float32) error {
	units := s.c.codec.Net.Spec.Units
	for t := range frames {
		for n := range units {
			s.logits = append(s.logits, l[n*frames+t])
		}
		if len(s.logits) == s.chunk*units {
			if err := s.code(); err != nil {
				return err
			}
		}
	}
	return nil
}

// code turns the frames that were gathered into a chunk.
func (s *stream) code() error {
	frames := len(s.logits) / s.c.codec.Net.Spec.Units
	p, err := s.encode(frames, 0)
	if err != nil {
		return err
	}
	if s.c.TargetKbps > 0 {
		if p, err = s.fit(frames, p); err != nil {
			return err
		}
	}
	s.c.events += s.matrix.Count()
	s.c.cells += frames * s.matrix.Units()
	s.ready = append(s.ready, coded{frames, p})
	s.logits = s.logits[:0]
	return nil
}

// encode codes the gathered frames, with events rarer by a part, see audiocodec.Spec.Threshold.
func (s *stream) encode(frames int, part float64) (eventcode.Payload, error) {
	net := s.c.codec.Net
	s.matrix.Resize(frames, net.Spec.Bits())
	if net.Vectors != nil {
		turned := make([]float32, len(s.logits)) // as the encoder gives them
		for t := range frames {
			for n := range net.Spec.Units {
				turned[n*frames+t] = s.logits[t*net.Spec.Units+n]
			}
		}
		net.Events(s.matrix, 0, frames, turned, 0)
	} else {
		thresholds := make([]float32, net.Spec.Units)
		for n := range thresholds {
			thresholds[n] = float32(net.Spec.Threshold(n, part))
		}
		for i, v := range s.logits {
			if v > thresholds[i%net.Spec.Units] {
				s.matrix.Set(i/net.Spec.Units, i%net.Spec.Units)
			}
		}
	}
	most := snc.MostBits(s.matrix.Units() * frames)
	p, ok := s.coder.Cheapest(s.matrix, s.c.Modes)
	if !ok || p.Bits > most { // longer than a reader takes: as a bitmap
		p, _ = s.coder.Encode(s.matrix, eventcode.Dense)
	}
	return p, nil
}

// The search of a threshold ends after so many steps, or within such a part of the target.
const (
	thresholdSteps = 14
	closeEnough    = 0.002
)

// fit raises the threshold, or leaves out the last units of a nested model, until the chunk, with what surrounds it in the file and with what earlier chunks have
// left, takes no more than the target. A model that takes less anyway is left as it is, and
// what is left over is not saved up: the target is a limit.
func (s *stream) fit(frames int, natural eventcode.Payload) (eventcode.Payload, error) {
	c := s.c
	seconds := float64(frames) / c.codec.Net.Spec.FrameRate()
	budget := 1000*c.TargetKbps*seconds/float64(len(c.streams)) + c.kept
	cost := func(p eventcode.Payload) float64 {
		return float64((p.Bits+7)/8*8 + 8*(snc.Overhead(1)-snc.Overhead(0)))
	}
	if c.codec.Net.Vectors != nil {
		return natural, fault.Inputf("the model has a vector quantiser, whose rate is %.2f kbit/s; only a code of events meets a target", float64(natural.Bits)/seconds/1000)
	}
	if cost(natural) <= budget {
		c.kept = budget - cost(natural)
		return natural, nil
	}
	low, high := 0.0, 1.0
	if !c.codec.Net.Spec.Nested {
		high = max(0, float64(slices.Max(s.logits)))
	}
	best, err := s.encode(frames, high) // no events
	if err != nil {
		return best, err
	}
	at := high
	for range thresholdSteps {
		middle := (low + high) / 2
		p, err := s.encode(frames, middle)
		if err != nil {
			return p, err
		}
		if cost(p) > budget {
			low = middle
			continue
		}
		high, best, at = middle, p, middle
		if budget-cost(p) < closeEnough*budget {
			break
		}
	}
	if best, err = s.encode(frames, at); err != nil { // the matrix that is counted
		return best, err
	}
	c.kept = budget - cost(best)
	return best, nil
}

// flush writes the chunks that are next.
func (c *compressor) flush() error {
	for {
		for _, s := range c.streams {
			if len(s.ready) == 0 {
				return nil
			}
		}
		for _, s := range c.streams {
			r := s.ready[0]
			s.ready = s.ready[1:]
			c.modes[r.payload.Mode.String()]++
			if err := c.writer.Chunk(r.frames, uint8(r.payload.Mode), r.payload.Param, r.payload.Bits, r.payload.Data); err != nil {
				return err
			}
		}
	}
}

func (c *compressor) report(in *audio.Reader, samples int64) *Report {
	r := &Report{Seconds: float64(samples) / float64(in.Rate), Rate: in.Rate, Channels: in.Channels, FileBytes: c.writer.Written(), Modes: c.modes}
	for _, n := range c.modes {
		r.Chunks += n
	}
	if samples > 0 {
		r.PayloadKbps = float64(c.writer.PayloadBits()) / r.Seconds / 1000
		r.FileKbps = 8 * float64(r.FileBytes) / r.Seconds / 1000
		r.Density = float64(c.events) / float64(c.cells)
		r.EventsPerS = float64(c.events) / r.Seconds
	}
	return r
}
