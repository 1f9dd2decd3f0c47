package compression

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/snnctl/snnctl/internal/eventcode"
	"github.com/snnctl/snnctl/internal/fault"
	"github.com/snnctl/snnctl/internal/snc"
	"github.com/snnctl/snnctl/pkg/datasets/audio"
	"github.com/snnctl/snnctl/pkg/models/audiocodec"
)

// Decoding are the choices of decoding.
type Decoding struct {
	Salvage  bool    // go on behind damage; what is lost is silence. It needs a file that can be sought in
	From, To float64 // s; To 0 is the end
	AtModel  bool    // at the rate of the model, instead of the sound's own
	Bits     int     // 16, 24 or 32 of the samples; 32 are floating-point
	FLAC     bool
	Threads  int
}

// Loss is what salvage had to leave out.
type Loss struct {
	Problems []string
	Seconds  float64 // of silence
}

// Decoded says what became of a file.
type Decoded struct {
	Samples  int64   `json:"samples"`
	Seconds  float64 `json:"seconds"`
	Rate     int     `json:"rate_hz"`
	Channels int     `json:"channels"`
	Lost     Loss    `json:"lost,omitzero"`
}

func broken(name string, err error) error {
	return fault.Inputf("%s cannot be decompressed: %w", name, err)
}

// Open reads the header of a file; name is for errors.
func Open(in io.Reader, name string) (*snc.Reader, error) {
	r, err := snc.NewReader(in)
	if err != nil {
		return nil, broken(name, err)
	}
	return r, nil
}

// Fits says whether a model is the one that a file was made with.
func Fits(c *audiocodec.Codec, h *snc.Header, name string) error {
	if !bytes.Equal(c.Hash[:], h.ModelHash[:]) {
		return fault.Inputf("%s was made with the model %x, and this is the model %x; give its own with --model", name, h.ModelHash[:6], c.Hash[:6])
	}
	s := &c.Net.Spec
	quantiser := 0
	if c.Net.Vectors != nil {
		quantiser = 1
	}
	if h.ModelRate != s.Rate || h.Units != s.Bits() || h.Hop != s.Hop() || h.Quantiser != quantiser {
		return fault.Inputf("%s says another architecture than its model has", name)
	}
	return nil
}

// decompressor is a file on its way to sound.
type decompressor struct {
	Decoding
	name   string
	codec  *audiocodec.Codec
	reader *snc.Reader
	seek   io.ReadSeeker // of the file, nil for a pipe

	tracks []*track
	start  int   // frame with which decoding begins
	before int64 // output samples before those that come of it
	coder  *eventcode.Codec
	matrix *eventcode.Matrix
	row    []float32

	writer     audio.Writer
	rate       int
	skip, left int64 // output samples to leave out, and to write; left < 0: all
	written    int64
	mixed      []float32
	total      int64 // samples at the rate of the file; -1 unknown
	lost       Loss
}

// track is one channel.
type track struct {
	decoder   *audiocodec.Decoder[float32]
	resampler *audio.Resampler
	frames    int        // so far
	start     int64      // sample of the model's rate that comes next
	gaps      [][2]int64 // samples that are lost
	out       []float32
}

// Decompress turns a file into sound. seek is the file that the reader reads, nil for a pipe.
func Decompress(codec *audiocodec.Codec, r *snc.Reader, seek io.ReadSeeker, out io.Writer, name string, o Decoding) (*Decoded, error) {
	if err := Fits(codec, &r.Header, name); err != nil {
		return nil, err
	}
	d := &decompressor{Decoding: o, name: name, codec: codec, reader: r, seek: seek, total: r.Samples,
		coder: eventcode.NewCodec(codec.Net.Spec.Bits(), codec.Prior), matrix: &eventcode.Matrix{}, row: make([]float32, codec.Net.Spec.Units)}
	if d.total < 0 && seek != nil {
		at, err := seek.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, err
		}
		if t, err := snc.ReadTrailer(seek); err == nil {
			d.total = t.Samples
		}
		if _, err := seek.Seek(at, io.SeekStart); err != nil {
			return nil, err
		}
	}
	d.rate = r.Rate
	if o.AtModel {
		d.rate = r.ModelRate
	}
	length := int64(-1) // of the output
	if d.total >= 0 {
		length = d.outLength(d.total)
	}
	d.skip = int64(math.Round(o.From * float64(d.rate)))
	end := length
	if o.To > 0 {
		end = int64(math.Round(o.To * float64(d.rate)))
		if length >= 0 {
			end = min(end, length)
		}
	}
	d.left = -1
	if end >= 0 {
		d.left = max(0, end-d.skip)
	}
	if length >= 0 && d.skip > length {
		return nil, fault.Inputf("--from is %g s, but %s has %g s", o.From, name, float64(length)/float64(d.rate))
	}
	format := audio.Format{Rate: d.rate, Channels: r.Channels, Bits: o.Bits, Float: o.Bits == 32, Frames: d.left}
	var err error
	if o.FLAC {
		if o.Bits == 32 {
			return nil, fault.Inputf("a flac file holds samples of 16 or 24 bits, not floating-point ones")
		}
		d.writer, err = audio.NewFLACWriter(out, format)
	} else {
		d.writer, err = audio.NewWAVWriter(out, format)
	}
	if err != nil {
		return nil, err
	}
	d.begin()
	if err := d.run(); err != nil {
		return nil, err
	}
	return &Decoded{Samples: d.written, Seconds: float64(d.written) / float64(d.rate), Rate: d.rate, Channels: r.Channels, Lost: d.lost}, nil
}

// outLength is how many samples come of so many of the sound.
func (d *decompressor) outLength(samples int64) int64 {
	if d.rate == d.reader.Rate {
		return samples
	}
	return audio.NewResampler(d.reader.Rate, d.rate).Length(samples)
}

var errEnough = errors.New("all that is wanted is written")

func (d *decompressor) run() error {
	next := 0 // index of a chunk
	for {
		c, err := d.reader.Next()
		if err != nil && !errors.Is(err, io.EOF) {
			if !d.Salvage {
				return broken(d.name, err)
			}
			d.lost.Problems = append(d.lost.Problems, err.Error())
			if c, err = d.reader.Salvage(d.seek); err != nil && !errors.Is(err, io.EOF) {
				return fmt.Errorf("salvaging %s: %w", d.name, err)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		for ; next < c.Index; next++ {
			if err := d.silence(next, d.reader.ChunkFrames); err != nil {
				return d.done(err)
			}
		}
		next++
		if err := d.chunk(c); err != nil {
			return d.done(err)
		}
	}
	return d.done(d.finish(next))
}

// done tells the end that was asked for from errors.
func (d *decompressor) done(err error) error {
	if errors.Is(err, errEnough) {
		err = nil
	}
	return errors.Join(err, d.closeWriter(err))
}

func (d *decompressor) closeWriter(err error) error {
	if err != nil {
		return nil // the file is of no use
	}
	return d.writer.Close()
}

// chunk decodes one chunk.
func (d *decompressor) chunk(c *snc.Chunk) error {
	d.matrix.Resize(c.Frames, d.reader.Units)
	p := eventcode.Payload{Mode: eventcode.Mode(c.Mode), Param: c.Param, Bits: c.Bits, Data: c.Data}
	if err := d.coder.Decode(p, d.matrix); err != nil {
		err = &snc.CorruptError{Offset: c.Offset, What: fmt.Sprintf("chunk %d: %v", c.Index, err)}
		if !d.Salvage {
			return broken(d.name, err)
		}
		d.lost.Problems = append(d.lost.Problems, err.Error())
		return d.silence(c.Index, c.Frames)
	}
	return d.push(c.Index, c.Frames)
}

// silence takes the place of a chunk that is lost.
func (d *decompressor) silence(index, frames int) error {
	d.matrix.Resize(frames, d.reader.Units)
	t := d.tracks[index%len(d.tracks)]
	hop := int64(d.codec.Net.Spec.Hop())
	t.gaps = append(t.gaps, [2]int64{int64(t.frames) * hop, int64(t.frames+frames) * hop})
	d.lost.Seconds += float64(frames) / d.codec.Net.Spec.FrameRate() / float64(len(d.tracks))
	return d.push(index, frames)
}

func (d *decompressor) push(index, frames int) error {
	t := d.tracks[index%len(d.tracks)]
	t.frames += frames
	for f := max(0, frames-(t.frames-d.start)); f < frames; f++ {
		d.codec.Net.Code(d.row, d.matrix, f)
		if err := t.decoder.Write(d.row); err != nil {
			return err
		}
	}
	return nil
}

// begin makes the tracks, which begin so many frames before --from that what comes out there has the
// bits of the whole sound.
func (d *decompressor) begin() {
	hop := d.codec.Net.Spec.Hop()
	for range d.reader.Streams {
		t := &track{resampler: audio.NewResampler(d.reader.ModelRate, d.rate)}
		first := int(d.skip*int64(d.reader.ModelRate)/int64(d.rate)) - t.resampler.Reach() // sample that is read
		d.start = max(0, (first/hop/audiocodec.Alignment-1)*audiocodec.Alignment)
		t.start = int64(d.start) * int64(hop)
		t.decoder = &audiocodec.Decoder[float32]{Net: d.codec.Net, Threads: d.Threads, Start: d.start,
			Emit: func(y []float32) error { return d.sound(t, y) }}
		d.tracks = append(d.tracks, t)
	}
	if d.start > 0 {
		for _, t := range d.tracks {
			before := t.resampler.Skip(t.start)
			if t == d.tracks[0] {
				d.skip -= before
				d.before = before
			}
		}
	}
}

// sound takes samples of a track at the rate of the model.
func (d *decompressor) sound(t *track, y []float32) error {
	for _, gap := range t.gaps {
		for i := max(gap[0], t.start); i < min(gap[1], t.start+int64(len(y))); i++ {
			y[i-t.start] = 0
		}
	}
	t.start += int64(len(y))
	for i := range y {
		y[i] /= d.reader.Gain
	}
	t.out = append(t.out, t.resampler.Write(y)...)
	return d.mix()
}

// mix writes what all tracks have.
func (d *decompressor) mix() error {
	n := len(d.tracks[0].out)
	for _, t := range d.tracks {
		n = min(n, len(t.out))
	}
	from := min(int64(n), d.skip)
	d.skip -= from
	count := int64(n) - from
	if d.left >= 0 {
		count = min(count, d.left)
		d.left -= count
	}
	d.mixed = d.mixed[:0]
	for i := from; i < from+count; i++ {
		for c := range d.reader.Channels {
			d.mixed = append(d.mixed, d.tracks[min(c, len(d.tracks)-1)].out[i])
		}
	}
	for _, t := range d.tracks {
		t.out = t.out[:copy(t.out, t.out[n:])]
	}
	d.written += count
	if err := d.writer.Write(d.mixed); err != nil {
		return err
	}
	if d.left == 0 && d.To > 0 {
		return errEnough
	}
	return nil
}

// finish gives what follows the last chunk.
func (d *decompressor) finish(next int) error {
	total := d.total
	if t := d.reader.Trailer; t != nil {
		total = t.Samples
	}
	spec := &d.codec.Net.Spec
	if total < 0 { // salvaged, without a trailer: as far as the chunks go
		frames := d.tracks[0].frames
		if spec.Lead() > 0 {
			frames = max(0, frames-1)
		}
		total = int64(frames) * int64(spec.Hop()) * int64(d.reader.Rate) / int64(d.reader.ModelRate)
	}
	model := audio.NewResampler(d.reader.Rate, d.reader.ModelRate).Length(total)
	if frames := spec.Frames(int(model)); d.tracks[0].frames != frames {
		if !d.Salvage {
			return broken(d.name, fmt.Errorf("it has %d frames, expected %d for %d samples", d.tracks[0].frames, frames, total))
		}
		for ; d.tracks[next%len(d.tracks)].frames < frames; next++ {
			if err := d.silence(next, min(d.reader.ChunkFrames, frames-d.tracks[next%len(d.tracks)].frames)); err != nil {
				return err
			}
		}
	}
	if d.left < 0 {
		d.left = max(0, d.outLength(total)-d.before-d.written-d.skip)
	}
	for _, t := range d.tracks {
		if err := t.decoder.Close(int(model)); err != nil {
			return err
		}
		t.out = append(t.out, t.resampler.Close()...)
	}
	return d.mix()
}
