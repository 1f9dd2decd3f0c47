package audio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// The wav reader is our own: the one of go-audio wants to seek, so it reads no pipe, and knows
// neither RF64 nor WAVE_FORMAT_EXTENSIBLE.

const (
	formatPCM        = 1
	formatFloat      = 3
	formatExtensible = 0xFFFE
	unknownSize      = 1<<32 - 1
)

// readWAV reads chunks in any order until the samples.
func readWAV(r io.Reader) (*Reader, error) {
	head := make([]byte, 12)
	if _, err := io.ReadFull(r, head); err != nil || string(head[8:]) != "WAVE" {
		return nil, errors.New("it is a RIFF file, but not of WAVE")
	}
	wide := string(head[:4]) == "RF64"
	s := &Reader{}
	var known bool // the format
	var wideSize int64 = -1
	for {
		if _, err := io.ReadFull(r, head[:8]); err != nil {
			return nil, errors.New("it has no chunk of samples")
		}
		size := int64(binary.LittleEndian.Uint32(head[4:]))
		switch kind := string(head[:4]); {
		case kind == "fmt ":
			if size < 16 || size > 1<<16 {
				return nil, fmt.Errorf("its chunk of the format has %d bytes", size)
			}
			body := make([]byte, size+size%2)
			if _, err := io.ReadFull(r, body); err != nil {
				return nil, errors.New("it is cut short in its header")
			}
			if err := s.wavFormat(body[:size]); err != nil {
				return nil, err
			}
			known = true
		case kind == "ds64" && wide:
			if size < 24 || size > 1<<20 {
				return nil, fmt.Errorf("its chunk of long sizes has %d bytes", size)
			}
			body := make([]byte, size+size%2)
			if _, err := io.ReadFull(r, body); err != nil {
				return nil, errors.New("it is cut short in its header")
			}
			wideSize = int64(binary.LittleEndian.Uint64(body[8:]))
		case kind == "data":
			if !known {
				return nil, errors.New("its samples come before their format")
			}
			if size == unknownSize && wideSize >= 0 {
				size = wideSize
			} else if size == unknownSize || size == 0 {
				size = -1 // written to a pipe: until the end
			}
			return s, s.wavSamples(r, size)
		default:
			if _, err := io.CopyN(io.Discard, r, size+size%2); err != nil {
				return nil, errors.New("it is cut short in its header")
			}
		}
	}
}

func (r *Reader) wavFormat(body []byte) error {
	kind := binary.LittleEndian.Uint16(body)
	r.Channels = int(binary.LittleEndian.Uint16(body[2:]))
	r.Rate = int(min(binary.LittleEndian.Uint32(body[4:]), math.MaxInt32))
	r.Bits = int(binary.LittleEndian.Uint16(body[14:]))
	if kind == formatExtensible {
		if len(body) < 40 {
			return errors.New("its extensible format is cut short")
		}
		kind = binary.LittleEndian.Uint16(body[24:])
	}
	r.Float = kind == formatFloat
	switch {
	case kind == formatPCM && (r.Bits == 8 || r.Bits == 16 || r.Bits == 24 || r.Bits == 32):
	case r.Float && (r.Bits == 32 || r.Bits == 64):
	default:
		return fmt.Errorf("it holds %d-bit samples in format %d, expected PCM of 8, 16, 24 or 32 bits or floating-point numbers of 32 or 64", r.Bits, kind)
	}
	return nil
}

// wavSamples reads size bytes of samples, until the end if it is negative.
func (r *Reader) wavSamples(from io.Reader, size int64) error {
	width := r.Bits / 8
	frame := int64(width * r.Channels)
	if frame == 0 {
		return nil // NewReader refuses it
	}
	r.Frames = -1
	if size >= 0 {
		r.Frames = size / frame
		size = r.Frames * frame
	}
	left := size
	raw := make([]byte, 1<<15)
	r.read = func(to []float32) (int, error) {
		want := min(int64(len(to)/r.Channels), int64(len(raw))/frame) * frame
		if size >= 0 {
			want = min(want, left)
		}
		if want == 0 {
			return 0, io.EOF
		}
		got, err := io.ReadFull(from, raw[:want])
		left -= int64(got)
		if size >= 0 && int64(got) < want {
			return 0, fmt.Errorf("it ends after %d of %d samples", (size-left)/frame, r.Frames)
		}
		whole := int64(got) / frame * frame
		if whole == 0 {
			return 0, io.EOF
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return 0, err
		}
		n := int(whole) / width
		for i := range n {
			to[i] = r.sample(raw[i*width:])
		}
		return n, nil
	}
	return nil
}

func (r *Reader) sample(b []byte) float32 {
	switch {
	case r.Float && r.Bits == 64:
		return float32(math.Float64frombits(binary.LittleEndian.Uint64(b)))
	case r.Float:
		return math.Float32frombits(binary.LittleEndian.Uint32(b))
	case r.Bits == 8:
		return (float32(b[0]) - 128) / (1 << 7)
	case r.Bits == 16:
		return float32(int16(binary.LittleEndian.Uint16(b))) / (1 << 15)
	case r.Bits == 24:
		return float32(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)>>8) / (1 << 23)
	}
	return float32(float64(int32(binary.LittleEndian.Uint32(b))) / (1 << 31))
}

// Writer writes a stream of sound. Close is called once, at the end, and leaves the underlying writer open.
type Writer interface {
	Write(interleaved []float32) error
	Close() error
}

// NewWAVWriter writes a wav file of samples of 16 or 24 bits, or floating-point ones of 32 (f.Float).
// Where f.Frames is known the header says so, and exactly so many must follow; otherwise it has the sizes of a file that is piped.
// Files above 4 GiB are RF64.
func NewWAVWriter(w io.Writer, f Format) (Writer, error) {
	width := f.Bits / 8
	bytes := uint64(unknownSize)
	wide := false
	if f.Frames >= 0 {
		bytes = uint64(f.Frames) * uint64(width*f.Channels)
		wide = bytes > unknownSize-100
	}
	kind := uint16(formatPCM)
	if f.Float {
		kind = formatFloat
	}
	var h []byte
	le := binary.LittleEndian
	size32 := func(n uint64) uint32 {
		if wide || f.Frames < 0 {
			return unknownSize
		}
		return uint32(n)
	}
	if wide {
		h = append(h, "RF64"...)
	} else {
		h = append(h, "RIFF"...)
	}
	h = le.AppendUint32(h, size32(36+bytes+bytes%2))
	h = append(h, "WAVE"...)
	if wide {
		h = append(h, "ds64"...)
		h = le.AppendUint32(h, 28)
		h = le.AppendUint64(h, 72+bytes+bytes%2)
		h = le.AppendUint64(h, bytes)
		h = le.AppendUint64(h, uint64(f.Frames))
		h = le.AppendUint32(h, 0)
	}
	h = append(h, "fmt "...)
	h = le.AppendUint32(h, 16)
	h = le.AppendUint16(h, kind)
	h = le.AppendUint16(h, uint16(f.Channels))
	h = le.AppendUint32(h, uint32(f.Rate))
	h = le.AppendUint32(h, uint32(f.Rate*width*f.Channels))
	h = le.AppendUint16(h, uint16(width*f.Channels))
	h = le.AppendUint16(h, uint16(f.Bits))
	h = append(h, "data"...)
	h = le.AppendUint32(h, size32(bytes))
	_, err := w.Write(h)
	return &wavWriter{w: w, Format: f}, err
}

type wavWriter struct {
	Format
	w       io.Writer
	raw     []byte
	written int64 // samples of all channels
}

// quantised is a sample as a whole number of so many bits, rounded to nearest.
func quantised(v float32, bits int) int32 {
	full := float64(int64(1) << (bits - 1))
	return int32(min(max(math.RoundToEven(float64(v)*full), -full), full-1))
}

func (w *wavWriter) Write(x []float32) error {
	w.raw = w.raw[:0]
	for _, v := range x {
		switch {
		case w.Float:
			w.raw = binary.LittleEndian.AppendUint32(w.raw, math.Float32bits(v))
		case w.Bits == 24:
			q := quantised(v, 24)
			w.raw = append(w.raw, byte(q), byte(q>>8), byte(q>>16))
		default:
			w.raw = binary.LittleEndian.AppendUint16(w.raw, uint16(quantised(v, 16)))
		}
	}
	w.written += int64(len(x))
	_, err := w.w.Write(w.raw)
	return err
}

func (w *wavWriter) Close() error {
	if w.Frames >= 0 && w.written != w.Frames*int64(w.Channels) {
		return fmt.Errorf("the header of a wav file says %d samples, but there are %d", w.Frames, w.written/int64(w.Channels))
	}
	if bytes := w.written * int64(w.Bits/8); bytes%2 == 1 {
		_, err := w.w.Write([]byte{0})
		return err
	}
	return nil
}
