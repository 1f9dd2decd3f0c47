// Package snc is the file format of coded sound (arXiv:2402.01571, section 11.2 of the
// method): a header, chunks that each stand for themselves, a trailer. Little endian.
//
//	header   magic 89 53 4E 43 0D 0A 1A 0A; u16 version 1; u16 flags (bit 0: length unknown, bit 1: two
//	         mono streams); u32 length of the header; 32 bytes SHA-256 of the model; u32 rate of the
//	         model; u32 rate of the sound; u8 channels; u8 bits of its samples; u8 quantiser (0 binary,
//	         1 RVQ); u8 stages; u16 units N; u16 hop; u32 frames a chunk; u64 samples of the sound;
//	         u64 frames (of a stream; both 2⁶⁴-1 where unknown); f32 gain; u32 CRC-32C of all that
//	chunk    u32 0x4B4E4843; u32 index; u16 frames; u8 mode; u8 param; u32 bits; the payload; u32
//	         CRC-32C of all that
//	trailer  u32 0x444E4553; u64 samples; u64 frames; u64 bits of all payloads; u32 chunks; u32 CRC-32C
//	         of all that
//
// All chunks but the last of a stream have as many frames as the header says. With two streams their
// chunks take turns: index 2k is chunk k of the first.
//
// The reader checks everything before it takes memory, and takes no more than one chunk
// needs. What no writer has written is an error that names the place.
package snc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// Magic begins a file; its line ends are what a transfer as text would damage.
const Magic = "\x89SNC\r\n\x1a\n"

const (
	version     = 1
	headerSize  = 92
	chunkHead   = 16
	trailerSize = 36
	chunkMagic  = 0x4B4E4843
	endMagic    = 0x444E4553

	flagUnknown = 1 << 0
	flagTwo     = 1 << 1
)

// Overhead is the bytes of a file of so many chunks, besides its payloads.
func Overhead(chunks int) int { return headerSize + chunks*(chunkHead+4) + trailerSize }

// MostCells is the greatest N · frames of a chunk, which bounds what a reader needs.
const MostCells = 1 << 26

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Header is what a file says of itself.
type Header struct {
	ModelHash   [32]byte
	ModelRate   int // Hz
	Rate        int // Hz of the sound
	Channels    int // of the sound; they are mixed to one, or coded as two streams
	Bits        int // of the samples of the sound
	Streams     int // 1 or 2
	Quantiser   int // 0 binary, 1 RVQ
	Stages      int
	Units       int
	Hop         int
	ChunkFrames int
	Samples     int64 // of the sound, at its rate; -1 unknown
	Frames      int64 // of a stream; -1 unknown
	Gain        float32
}

// Trailer ends a file.
type Trailer struct {
	Samples, Frames int64
	PayloadBits     int64
	Chunks          int
}

// Chunk is one of a stream.
type Chunk struct {
	Index  int
	Frames int
	Mode   uint8
	Param  uint8
	Bits   int
	Data   []byte // valid until the next

	Offset int64 // in the file
}

// CorruptError says that a file is damaged, or no such file, and where.
type CorruptError struct {
	Offset int64
	What   string
}

func (e *CorruptError) Error() string { return fmt.Sprintf("%s (at byte %d)", e.What, e.Offset) }

// ErrNotSNC and ErrVersion are in the chain of the errors of files that are of another kind, or
// newer.
var (
	ErrNotSNC  = errors.New("it is no .snc file: its first bytes are others")
	ErrVersion = errors.New("a newer snnctl wrote it")
)

// MostBits is the longest payload that a reader takes for so many cells.
func MostBits(cells int) int { return 2*cells + 1024 }

// check says what of a header no writer writes.
func (h *Header) check() error {
	within := func(what string, x, least, most int64) error {
		if x < least || x > most {
			return fmt.Errorf("%s is %d, expected %d to %d", what, x, least, most)
		}
		return nil
	}
	return errors.Join(
		within("the rate of the model", int64(h.ModelRate), 1, 1<<20),
		within("the rate of the sound", int64(h.Rate), 1, 1<<20),
		within("the number of channels", int64(h.Channels), 1, 255),
		within("the number of bits", int64(h.Bits), 8, 64),
		within("the number of streams", int64(h.Streams), 1, 2),
		within("the quantiser", int64(h.Quantiser), 0, 1),
		within("the number of stages", int64(h.Stages), 0, 255),
		within("the number of units", int64(h.Units), 1, 65535),
		within("the hop", int64(h.Hop), 1, 65535),
		within("the number of frames in a chunk", int64(h.ChunkFrames), 1, 65535),
		within("the number of cells in a chunk", int64(h.Units)*int64(h.ChunkFrames), 1, MostCells),
		within("the number of samples", h.Samples, -1, 1<<50),
		within("the number of frames", h.Frames, -1, 1<<50),
		finite(h.Gain),
	)
}

func finite(gain float32) error {
	if !(gain > 0) || math.IsInf(float64(gain), 0) {
		return fmt.Errorf("the gain is %v, expected a number above 0", gain)
	}
	return nil
}

func (h *Header) bytes() []byte {
	le := binary.LittleEndian
	b := []byte(Magic)
	b = le.AppendUint16(b, version)
	var flags uint16
	if h.Samples < 0 {
		flags |= flagUnknown
	}
	if h.Streams == 2 {
		flags |= flagTwo
	}
	b = le.AppendUint16(b, flags)
	b = le.AppendUint32(b, headerSize)
	b = append(b, h.ModelHash[:]...)
	b = le.AppendUint32(b, uint32(h.ModelRate))
	b = le.AppendUint32(b, uint32(h.Rate))
	b = append(b, byte(h.Channels), byte(h.Bits), byte(h.Quantiser), byte(h.Stages))
	b = le.AppendUint16(b, uint16(h.Units))
	b = le.AppendUint16(b, uint16(h.Hop))
	b = le.AppendUint32(b, uint32(h.ChunkFrames))
	b = le.AppendUint64(b, uint64(h.Samples)) // -1 is 2⁶⁴-1
	b = le.AppendUint64(b, uint64(h.Frames))
	b = le.AppendUint32(b, math.Float32bits(h.Gain))
	return le.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// parseHeader reads what bytes wrote; b has headerSize bytes.
func parseHeader(b []byte) (*Header, error) {
	le := binary.LittleEndian
	if string(b[:8]) != Magic {
		return nil, ErrNotSNC
	}
	if crc32.Checksum(b[:headerSize-4], castagnoli) != le.Uint32(b[headerSize-4:]) {
		if v := le.Uint16(b[8:]); v > version && le.Uint32(b[12:]) != headerSize {
			return nil, fmt.Errorf("it has version %d, and this snnctl reads up to %d: %w", v, version, ErrVersion)
		}
		return nil, errors.New("the header is damaged: its checksum is another")
	}
	if v := le.Uint16(b[8:]); v != version {
		return nil, fmt.Errorf("it has version %d, and this snnctl reads version %d: %w", v, version, ErrVersion)
	}
	flags := le.Uint16(b[10:])
	if flags&^(flagUnknown|flagTwo) != 0 {
		return nil, fmt.Errorf("it has flags %#x, of which this snnctl does not know all: %w", flags, ErrVersion)
	}
	if n := le.Uint32(b[12:]); n != headerSize {
		return nil, fmt.Errorf("its header has %d bytes, expected %d", n, headerSize)
	}
	h := &Header{
		ModelRate: int(le.Uint32(b[48:])), Rate: int(le.Uint32(b[52:])), Channels: int(b[56]), Bits: int(b[57]), Quantiser: int(b[58]), Stages: int(b[59]),
		Units: int(le.Uint16(b[60:])), Hop: int(le.Uint16(b[62:])), ChunkFrames: int(le.Uint32(b[64:])),
		Samples: int64(le.Uint64(b[68:])), Frames: int64(le.Uint64(b[76:])), Gain: math.Float32frombits(le.Uint32(b[84:])), Streams: 1,
	}
	copy(h.ModelHash[:], b[16:48])
	if flags&flagTwo != 0 {
		h.Streams = 2
	}
	if (h.Samples < 0) != (flags&flagUnknown != 0) || (h.Frames < 0) != (h.Samples < 0) {
		return nil, errors.New("its header contradicts itself about the length")
	}
	return h, h.check()
}

func (t *Trailer) bytes() []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, endMagic)
	b = le.AppendUint64(b, uint64(t.Samples))
	b = le.AppendUint64(b, uint64(t.Frames))
	b = le.AppendUint64(b, uint64(t.PayloadBits))
	b = le.AppendUint32(b, uint32(t.Chunks))
	return le.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// parseTrailer reads what bytes wrote; b has trailerSize bytes.
func parseTrailer(b []byte) (*Trailer, error) {
	le := binary.LittleEndian
	if le.Uint32(b) != endMagic || crc32.Checksum(b[:trailerSize-4], castagnoli) != le.Uint32(b[trailerSize-4:]) {
		return nil, errors.New("the trailer is damaged: its checksum is another")
	}
	t := &Trailer{Samples: int64(le.Uint64(b[4:])), Frames: int64(le.Uint64(b[12:])), PayloadBits: int64(le.Uint64(b[20:])), Chunks: int(le.Uint32(b[28:]))}
	if t.Samples < 0 || t.Samples > 1<<50 || t.Frames < 0 || t.Frames > 1<<50 || t.PayloadBits < 0 {
		return nil, errors.New("the trailer has lengths that no file has")
	}
	return t, nil
}
