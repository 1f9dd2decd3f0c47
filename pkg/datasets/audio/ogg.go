package audio

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/jfreymuth/oggvorbis"
)

// Limits of Ogg Vorbis: what encoders make stays far below them.
const (
	mostOggPacket   = 1 << 24 // bytes: the comments may hold a picture
	mostVorbisCodes = 1 << 16 // entries of a codebook
	mostVorbisWords = 1 << 20 // entries times dimensions
)

func readOgg(r io.Reader) (s *Reader, err error) {
	defer guard(&err)
	pages := &oggPages{from: r}
	stream, err := oggvorbis.NewReader(pages)
	if pages.wrong != nil {
		err = pages.wrong
	}
	if err != nil {
		return nil, damaged(err)
	}
	s = &Reader{Format: Format{Rate: stream.SampleRate(), Channels: stream.Channels(), Bits: 32, Float: true, Frames: -1}}
	s.read = func(to []float32) (n int, err error) {
		defer guard(&err)
		for n == 0 && err == nil {
			n, err = stream.Read(to)
		}
		if pages.wrong != nil {
			err = pages.wrong
		}
		if n > 0 && errors.Is(err, io.EOF) {
			err = nil
		}
		return n, damaged(err)
	}
	return s, nil
}

// oggPages passes the pages of an Ogg stream on, after a look at what the decoder would take memory for: packets that never end, and
// codebooks of any size.
type oggPages struct {
	from  io.Reader
	page  []byte
	wrong error // that ended it

	packet  []byte // of the three headers, so far
	length  int    // of the packet so far
	packets int    // that are complete
}

func (o *oggPages) Read(p []byte) (int, error) {
	if len(o.page) == 0 {
		if err := o.next(); err != nil {
			if !errors.Is(err, io.EOF) {
				o.wrong = err
			}
			return 0, err
		}
	}
	n := copy(p, o.page)
	o.page = o.page[n:]
	return n, nil
}

// next reads a page.
func (o *oggPages) next() error {
	const head = 27
	page := make([]byte, head, 1<<16)
	if _, err := io.ReadFull(o.from, page); err != nil {
		return err // io.EOF between pages
	}
	if !bytes.HasPrefix(page, []byte("OggS")) {
		return errors.New("a page does not begin with OggS")
	}
	segments := int(page[head-1])
	if segments == 0 {
		return errors.New("a page has no segments")
	}
	size := 0
	page = page[:head+segments]
	if _, err := io.ReadFull(o.from, page[head:]); err != nil {
		return io.ErrUnexpectedEOF
	}
	for _, n := range page[head:] {
		size += int(n)
	}
	start := len(page)
	page = append(page, make([]byte, size)...)
	if _, err := io.ReadFull(o.from, page[start:]); err != nil {
		return io.ErrUnexpectedEOF
	}
	content := page[start:]
	for _, n := range page[head:start] {
		o.length += int(n)
		if o.length > mostOggPacket {
			return fmt.Errorf("a packet has more than %d bytes", mostOggPacket)
		}
		if o.packets < 3 && o.packets != 1 { // comments are not looked at
			o.packet = append(o.packet, content[:n]...)
		}
		content = content[n:]
		if n == 255 {
			continue
		}
		if err := o.whole(); err != nil {
			return err
		}
		o.packets++
		o.packet, o.length = o.packet[:0], 0
	}
	o.page = page
	return nil
}

// whole looks at a packet that is complete.
func (o *oggPages) whole() error {
	switch o.packets {
	case 0:
		if !bytes.HasPrefix(o.packet, []byte("\x01vorbis")) {
			return errors.New("it is an Ogg stream of something else than Vorbis, which is not read; decode it to wav first, for example with opusdec")
		}
	case 2:
		if !bytes.HasPrefix(o.packet, []byte("\x05vorbis")) {
			return errors.New("the third packet is not the setup of Vorbis")
		}
		return checkCodebooks(&bitString{data: o.packet[7:]})
	}
	return nil
}

// bitString reads numbers, least significant bit first; behind the end there are zeros.
type bitString struct {
	data []byte
	at   int // bits
}

func (b *bitString) read(n int) (x uint64) {
	for i := range n {
		if byte := b.at / 8; byte < len(b.data) {
			x |= uint64(b.data[byte]>>(b.at%8)&1) << i
		}
		b.at++
	}
	return x
}

func (b *bitString) ended() bool { return b.at > 8*len(b.data) }

// checkCodebooks reads the codebooks of a setup header (Vorbis I, section 3.2.1) for their sizes.
func checkCodebooks(b *bitString) error {
	for range b.read(8) + 1 {
		if b.read(24) != 0x564342 || b.ended() {
			return errors.New("a codebook of Vorbis is damaged")
		}
		dimensions, entries := b.read(16), b.read(24)
		if dimensions == 0 || entries == 0 || entries > mostVorbisCodes || dimensions*entries > mostVorbisWords {
			return fmt.Errorf("a codebook of Vorbis has %d entries of %d numbers, expected 1 to %d and in all at most %d", entries, dimensions, mostVorbisCodes, mostVorbisWords)
		}
		if ordered := b.read(1) == 1; ordered {
			b.read(5)
			for have := uint64(0); have < entries; {
				n := b.read(bitLength(entries - have))
				if have += n; have > entries || b.ended() {
					return errors.New("a codebook of Vorbis is damaged")
				}
			}
		} else if sparse := b.read(1) == 1; sparse {
			for range entries {
				if b.read(1) == 1 {
					b.read(5)
				}
			}
		} else {
			b.at += 5 * int(entries)
		}
		kind := b.read(4)
		if kind == 0 {
			continue
		}
		b.read(64)
		width := int(b.read(4)) + 1
		b.read(1)
		values := dimensions * entries
		if kind == 1 {
			values = root(entries, dimensions)
		}
		b.at += width * int(values)
		if kind > 2 || b.ended() {
			return errors.New("a codebook of Vorbis is damaged")
		}
	}
	return nil
}

func bitLength(x uint64) (n int) {
	for ; x > 0; x >>= 1 {
		n++
	}
	return n
}

// root is the greatest r with r^n ≤ x.
func root(x, n uint64) uint64 {
	r := uint64(1)
	for {
		power := uint64(1)
		for range n {
			if power *= r + 1; power > x {
				return r
			}
		}
		r++
	}
}
