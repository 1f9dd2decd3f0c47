package snc

import (
	"bufio"
	"encoding/binary"
	"io"
)

// Salvage goes on after an error of Next: it looks for the next whole chunk, or for the trailer, from the
// place of the error on, in f, the file that the reader reads. The chunk that is found may have any
// higher index; those between are lost. At the end it returns io.EOF, with Trailer nil if there is none.
func (r *Reader) Salvage(f io.ReadSeeker) (*Chunk, error) {
	r.lossy = true
	at := max(r.chunk.Offset, headerSize) - 1
	for {
		found, err := scan(f, at+1)
		if err != nil {
			return nil, err
		}
		if found < 0 {
			return nil, io.EOF
		}
		at = found
		if _, err := f.Seek(at, io.SeekStart); err != nil {
			return nil, err
		}
		r.r.Reset(f)
		r.at, r.chunk.Offset = at, at
		head, err := r.r.Peek(4)
		if err != nil {
			return nil, io.EOF
		}
		if binary.LittleEndian.Uint32(head) == endMagic {
			b := make([]byte, trailerSize)
			if _, err := io.ReadFull(r.r, b); err != nil {
				return nil, io.EOF
			}
			if t, err := parseTrailer(b); err == nil {
				r.Trailer = t
				return nil, io.EOF
			}
			continue
		}
		if r.read() != nil || r.chunk.Index < r.next || r.chunk.Index > r.next+1<<20 {
			r.at = at
			continue
		}
		stream := r.chunk.Index % r.Streams
		r.short[stream] = r.chunk.Frames < r.ChunkFrames
		r.next = r.chunk.Index + 1
		return &r.chunk, nil
	}
}

// scan finds the next place from at on where a chunk or the trailer may begin, -1 if there is none.
func scan(f io.ReadSeeker, at int64) (int64, error) {
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		return 0, err
	}
	b := bufio.NewReaderSize(f, 1<<16)
	var word uint32
	for n := int64(0); ; n++ {
		c, err := b.ReadByte()
		if err == io.EOF {
			return -1, nil
		}
		if err != nil {
			return 0, err
		}
		word = word>>8 | uint32(c)<<24
		if n >= 3 && (word == chunkMagic || word == endMagic) {
			return at + n - 3, nil
		}
	}
}
