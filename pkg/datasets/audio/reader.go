package audio

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/hajimehoshi/go-mp3"
	"github.com/mewkiz/flac"

	"github.com/snnctl/snnctl/internal/fault"
)

// Format is what a stream of sound is.
type Format struct {
	Rate     int // Hz
	Channels int
	Bits     int // of a sample; 32 of floating-point samples
	Float    bool
	Frames   int64 // samples of each channel; -1 where the stream does not say
}

// Reader reads a stream of sound in pieces, so that memory does not grow with its length.
type Reader struct {
	Format
	name string
	read func(to []float32) (int, error)
}

// The limits of what is taken for sound.
const (
	leastRate, mostRate = 1000, 768000
	mostChannels        = 64
)

// NewReader finds out the format of a stream by its first bytes: RIFF or RF64 (wav), FLAC, Ogg
// (Vorbis) or MP3. name is for errors, which are faults of the input.
func NewReader(r io.Reader, name string) (*Reader, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	head, _ := b.Peek(12)
	var s *Reader
	var err error
	switch {
	case len(head) == 0:
		return nil, fault.Inputf("%s is empty, expected sound in a wav, flac, ogg or mp3 file", name)
	case bytes.HasPrefix(head, []byte("RIFF")) || bytes.HasPrefix(head, []byte("RF64")):
		s, err = readWAV(b)
	case bytes.HasPrefix(head, []byte("fLaC")):
		s, err = readFLAC(b)
	case bytes.HasPrefix(head, []byte("OggS")):
		s, err = readOgg(b)
	case bytes.HasPrefix(head, []byte("ID3")) || len(head) > 1 && head[0] == 0xFF && head[1]&0xE0 == 0xE0:
		s, err = readMP3(b)
	default:
		return nil, fault.Inputf("%s is no sound that is known: its first bytes are those of no wav, flac, ogg or mp3 file", name)
	}
	if err != nil {
		return nil, fault.Inputf("reading the sound of %s: %w", name, err)
	}
	s.name = name
	switch {
	case s.Rate < leastRate || s.Rate > mostRate:
		return nil, fault.Inputf("%s has a sampling rate of %d Hz, expected %d to %d", name, s.Rate, leastRate, mostRate)
	case s.Channels < 1 || s.Channels > mostChannels:
		return nil, fault.Inputf("%s has %d channels, expected 1 to %d", name, s.Channels, mostChannels)
	}
	return s, nil
}

// Read writes samples in [-1, 1], the channels interleaved, into to, and returns how many it has
// written: whole frames. At the end it is 0 and io.EOF.
func (r *Reader) Read(to []float32) (int, error) {
	to = to[:len(to)/r.Channels*r.Channels]
	n, err := r.read(to)
	if err != nil && !errors.Is(err, io.EOF) {
		return n, fault.Inputf("reading the sound of %s: %w", r.name, err)
	}
	if n > 0 {
		return n, nil
	}
	return 0, io.EOF
}

// guard turns a panic of a decoder that met damage into an error.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the stream is damaged (%v)", p)
	}
}

func readFLAC(r io.Reader) (s *Reader, err error) {
	defer guard(&err)
	stream, err := flac.New(r)
	if err != nil {
		return nil, damaged(err)
	}
	info := stream.Info
	s = &Reader{Format: Format{Rate: int(info.SampleRate), Channels: int(info.NChannels), Bits: int(info.BitsPerSample), Frames: -1}}
	if info.NSamples > 0 && info.NSamples < 1<<62 {
		s.Frames = int64(info.NSamples)
	}
	scale := 1 / float32(int64(1)<<(max(1, info.BitsPerSample)-1))
	var waiting []float32
	seen := int64(0)
	s.read = func(to []float32) (n int, err error) {
		defer guard(&err)
		for len(waiting) == 0 {
			f, err := stream.ParseNext()
			if errors.Is(err, io.EOF) && s.Frames >= 0 && seen < s.Frames {
				return 0, fmt.Errorf("it ends after %d of %d samples", seen, s.Frames)
			}
			if err != nil {
				return 0, damaged(err)
			}
			if len(f.Subframes) != s.Channels {
				return 0, errors.New("a frame has another number of channels than the stream")
			}
			length := len(f.Subframes[0].Samples)
			seen += int64(length)
			waiting = waiting[:0]
			for i := range length {
				for _, sub := range f.Subframes {
					waiting = append(waiting, float32(sub.Samples[i])*scale)
				}
			}
		}
		n = copy(to, waiting)
		waiting = waiting[n:]
		return n, nil
	}
	return s, nil
}

// damaged makes an end in the middle of something an error that says so.
func damaged(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it is cut short")
	}
	return err
}

func readMP3(r io.Reader) (s *Reader, err error) {
	defer guard(&err)
	d, err := mp3.NewDecoder(struct{ io.Reader }{r}) // without Seek, it does not read all of it first
	if err != nil {
		return nil, err
	}
	s = &Reader{Format: Format{Rate: d.SampleRate(), Channels: 2, Bits: 16, Frames: -1}}
	raw := make([]byte, 1<<14)
	s.read = func(to []float32) (n int, err error) {
		defer guard(&err)
		got, err := io.ReadFull(d, raw[:min(len(raw), 2*len(to))/4*4])
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = nil
		}
		for i := range got / 4 * 2 {
			to[i] = float32(int16(uint16(raw[2*i])|uint16(raw[2*i+1])<<8)) / (1 << 15)
		}
		return got / 4 * 2, err
	}
	return s, nil
}

// Mono reads the rest of the stream as one channel at a rate, and gives it piece by piece to use, which must not keep
// them. It ends at the first error.
func (r *Reader) Mono(rate int, use func(samples []float32) error) error {
	resampler := NewResampler(r.Rate, rate)
	mono, block := []float32(nil), make([]float32, 8192*r.Channels)
	for {
		n, err := r.Read(block)
		if errors.Is(err, io.EOF) {
			return use(resampler.Close())
		}
		if err != nil {
			return err
		}
		mono = Mono(mono[:0], block[:n], r.Channels)
		if err := use(resampler.Write(mono)); err != nil {
			return err
		}
	}
}
