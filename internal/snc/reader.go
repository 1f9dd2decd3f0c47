package snc

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Reader reads a file from a stream.
type Reader struct {
	Header
	Trailer *Trailer // after Next has returned io.EOF

	r      *bufio.Reader
	at     int64
	chunk  Chunk
	data   []byte
	next   int     // index of the next chunk
	frames []int64 // of each stream so far
	short  []bool  // streams whose last chunk has been read
	bits   int64
	lossy  bool // chunks are missing: the trailer counts more
}

// NewReader reads the header.
func NewReader(r io.Reader) (*Reader, error) {
	f := &Reader{r: bufio.NewReaderSize(r, 1<<16)}
	b := make([]byte, headerSize)
	n, err := io.ReadFull(f.r, b)
	if !bytes.HasPrefix([]byte(Magic), b[:min(n, 8)]) || n == 0 {
		return nil, ErrNotSNC
	}
	if err != nil {
		return nil, &CorruptError{int64(n), "it ends within its header"}
	}
	h, err := parseHeader(b)
	if err != nil {
		if errors.Is(err, ErrNotSNC) || errors.Is(err, ErrVersion) {
			return nil, err
		}
		return nil, &CorruptError{0, err.Error()}
	}
	f.Header, f.at = *h, headerSize
	f.frames, f.short = make([]int64, h.Streams), make([]bool, h.Streams)
	return f, nil
}

func (r *Reader) corrupt(format string, arguments ...any) error {
	return &CorruptError{r.chunk.Offset, fmt.Sprintf(format, arguments...)}
}

// Next returns the next chunk; io.EOF after the trailer, when all is as it should be.
func (r *Reader) Next() (*Chunk, error) {
	r.chunk.Offset = r.at
	if r.Trailer != nil {
		return nil, io.EOF
	}
	head, err := r.r.Peek(4)
	if err != nil {
		return nil, r.corrupt("it ends where chunk %d or the trailer should begin", r.next)
	}
	switch binary.LittleEndian.Uint32(head) {
	case chunkMagic:
		if err := r.read(); err != nil {
			return nil, err
		}
		return &r.chunk, r.accept()
	case endMagic:
		return nil, r.end()
	}
	return nil, r.corrupt("there is neither chunk %d nor the trailer where it should begin", r.next)
}

// read takes a chunk that is whole, and within the limits.
func (r *Reader) read() error {
	head := make([]byte, chunkHead)
	if _, err := io.ReadFull(r.r, head); err != nil {
		return r.corrupt("it ends within chunk %d", r.next)
	}
	le := binary.LittleEndian
	c := &r.chunk
	c.Index, c.Frames, c.Mode, c.Param, c.Bits = int(le.Uint32(head[4:])), int(le.Uint16(head[8:])), head[10], head[11], int(le.Uint32(head[12:]))
	if c.Frames < 1 || c.Frames > r.ChunkFrames {
		return r.corrupt("chunk %d has %d frames, expected 1 to %d", r.next, c.Frames, r.ChunkFrames)
	}
	if most := MostBits(c.Frames * r.Units); c.Bits > most {
		return r.corrupt("chunk %d has %d bits, expected at most %d", r.next, c.Bits, most)
	}
	size := (c.Bits + 7) / 8
	if cap(r.data) < size+4 {
		r.data = make([]byte, size+4)
	}
	r.data = r.data[:size+4]
	if _, err := io.ReadFull(r.r, r.data); err != nil {
		return r.corrupt("it ends within chunk %d", r.next)
	}
	sum := crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, r.data[:size])
	if sum != le.Uint32(r.data[size:]) {
		return r.corrupt("chunk %d is damaged: its checksum is another", r.next)
	}
	c.Data = r.data[:size]
	r.at += int64(chunkHead + size + 4)
	return nil
}

// accept checks the place of a chunk among the others.
func (r *Reader) accept() error {
	c := &r.chunk
	if c.Index != r.next {
		return r.corrupt("chunk %d follows where chunk %d should", c.Index, r.next)
	}
	stream := c.Index % r.Streams
	if r.short[stream] {
		return r.corrupt("chunk %d follows the last of its stream", c.Index)
	}
	r.short[stream] = c.Frames < r.ChunkFrames
	r.frames[stream] += int64(c.Frames)
	r.bits += int64(c.Bits)
	r.next++
	return nil
}

// end reads the trailer, and what must not be behind it.
func (r *Reader) end() error {
	b := make([]byte, trailerSize)
	if _, err := io.ReadFull(r.r, b); err != nil {
		return r.corrupt("it ends within the trailer")
	}
	t, err := parseTrailer(b)
	if err != nil {
		return r.corrupt("%v", err)
	}
	switch {
	case r.lossy:
	case t.Chunks != r.next || t.PayloadBits != r.bits:
		return r.corrupt("the trailer says %d chunks of %d bits, but there are %d of %d", t.Chunks, t.PayloadBits, r.next, r.bits)
	case r.frames[0] != t.Frames || r.frames[r.Streams-1] != t.Frames:
		return r.corrupt("the trailer says %d frames, but there are %d", t.Frames, r.frames[0])
	case r.Samples >= 0 && (r.Samples != t.Samples || r.Header.Frames != t.Frames):
		return r.corrupt("header and trailer say different lengths")
	}
	if _, err := r.r.Peek(1); !errors.Is(err, io.EOF) {
		r.chunk.Offset = r.at + trailerSize
		return r.corrupt("there is more behind the trailer")
	}
	r.Trailer = t
	return io.EOF
}

// ReadTrailer reads the trailer at the end of a file without what lies before it, so that the
// length is known at once.
func ReadTrailer(f io.ReadSeeker) (*Trailer, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	at := size - trailerSize
	if at < headerSize {
		return nil, &CorruptError{size, "it ends before its trailer"}
	}
	b := make([]byte, trailerSize)
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(f, b); err != nil {
		return nil, err
	}
	t, err := parseTrailer(b)
	if err != nil {
		return nil, &CorruptError{at, err.Error()}
	}
	return t, nil
}
