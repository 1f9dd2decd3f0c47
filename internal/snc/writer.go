package snc

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// Writer writes a file to a stream.
type Writer struct {
	Header
	w       io.Writer
	chunks  int
	bits    int64
	written int64
	frames  []int64 // of each stream so far
	partial []bool  // streams whose last chunk is written
}

// NewWriter writes the header.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	f := &Writer{Header: h, w: w, frames: make([]int64, h.Streams), partial: make([]bool, h.Streams)}
	return f, f.put(h.bytes())
}

func (w *Writer) put(b []byte) error {
	n, err := w.w.Write(b)
	w.written += int64(n)
	return err
}

// Chunk writes the next chunk, of stream number (chunks so far) mod streams.
func (w *Writer) Chunk(frames int, mode, param uint8, bits int, data []byte) error {
	stream := w.chunks % w.Streams
	if frames < 1 || frames > w.ChunkFrames || w.partial[stream] || len(data) != (bits+7)/8 || bits > MostBits(frames*w.Units) {
		return fmt.Errorf("a chunk of %d frames, %d bits and %d bytes does not fit its file", frames, bits, len(data))
	}
	w.partial[stream] = frames < w.ChunkFrames
	le := binary.LittleEndian
	b := le.AppendUint32(make([]byte, 0, chunkHead+len(data)+4), chunkMagic)
	b = le.AppendUint32(b, uint32(w.chunks))
	b = le.AppendUint16(b, uint16(frames))
	b = append(b, mode, param)
	b = le.AppendUint32(b, uint32(bits))
	b = append(b, data...)
	w.chunks++
	w.bits += int64(bits)
	w.frames[stream] += int64(frames)
	return w.put(le.AppendUint32(b, crc32.Checksum(b, castagnoli)))
}

// Close writes the trailer of a sound of so many samples.
func (w *Writer) Close(samples int64) error {
	if w.Samples >= 0 && (samples != w.Samples || w.frames[0] != w.Frames) {
		return fmt.Errorf("the header says %d samples and %d frames, but there are %d and %d", w.Samples, w.Frames, samples, w.frames[0])
	}
	if w.frames[0] != w.frames[w.Streams-1] {
		return fmt.Errorf("the two streams have %d and %d frames", w.frames[0], w.frames[1])
	}
	t := Trailer{samples, w.frames[0], w.bits, w.chunks}
	return w.put(t.bytes())
}

// PayloadBits is the sum of the chunks so far, Written the bytes so far.
func (w *Writer) PayloadBits() int64 { return w.bits }

// Written is the number of bytes so far.
func (w *Writer) Written() int64 { return w.written }
