package audio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/jfreymuth/vorbis"
)

// oggPage is a page of an Ogg stream (RFC 3533): pieces of packets.
type oggPage struct {
	continued, first, last bool
	granule                int64 // samples until the end of the last packet that ends here; -1: none does
	stream, number         uint32
	lacing, data           []byte
}

const (
	oggHeader  = 27
	oggPattern = "OggS"
)

// readPage reads the next page and checks its sum. io.EOF is an end between pages.
func readPage(r io.Reader) (p oggPage, err error) {
	head := make([]byte, oggHeader, oggHeader+255)
	if n, err := io.ReadFull(r, head); err != nil {
		if n == 0 {
			return p, io.EOF
		}
		return p, damaged(io.ErrUnexpectedEOF)
	}
	if string(head[:4]) != oggPattern || head[4] != 0 {
		return p, errors.New("a page does not begin as pages do; the stream is damaged")
	}
	head = head[:oggHeader+int(head[26])]
	if _, err := io.ReadFull(r, head[oggHeader:]); err != nil {
		return p, damaged(io.ErrUnexpectedEOF)
	}
	p.lacing = head[oggHeader:]
	size := 0
	for _, n := range p.lacing {
		size += int(n)
	}
	p.data = make([]byte, size)
	if _, err := io.ReadFull(r, p.data); err != nil {
		return p, damaged(io.ErrUnexpectedEOF)
	}
	sum := binary.LittleEndian.Uint32(head[22:])
	clear(head[22:26])
	if oggSum(oggSum(0, head), p.data) != sum {
		return p, errors.New("a page's sum is wrong; the stream is damaged")
	}
	p.continued, p.first, p.last = head[5]&1 != 0, head[5]&2 != 0, head[5]&4 != 0
	p.granule = int64(binary.LittleEndian.Uint64(head[6:]))
	p.stream, p.number = binary.LittleEndian.Uint32(head[14:]), binary.LittleEndian.Uint32(head[18:])
	return p, nil
}

// oggSum is the CRC of Ogg: the polynomial 0x04C11DB7 from 0 on, and the highest bit first, which
// hash/crc32 does not have.
func oggSum(sum uint32, data []byte) uint32 {
	for _, b := range data {
		sum = sum<<8 ^ oggSums[byte(sum>>24)^b]
	}
	return sum
}

var oggSums = func() (table [256]uint32) {
	for i := range table {
		sum := uint32(i) << 24
		for range 8 {
			if sum>>31 != 0 {
				sum = sum<<1 ^ 0x04C11DB7
			} else {
				sum <<= 1
			}
		}
		table[i] = sum
	}
	return table
}()

// oggStream is one of the streams of an Ogg file.
type oggStream struct {
	r      io.Reader
	serial uint32
	first  *oggPage // nil when it is used
	number uint32   // of the next page
	part   []byte   // of a packet that goes on in the next page
	ended  bool
}

// mostPacket bounds a packet, bytes; a header may hold a picture.
const mostPacket = 1 << 25

// openOgg finds the first stream whose first packet begins with a pattern.
func openOgg(r io.Reader, pattern string) (*oggStream, error) {
	for {
		page, err := readPage(r)
		switch {
		case errors.Is(err, io.EOF), err == nil && !page.first:
			return nil, errors.New("it holds no stream of Vorbis")
		case err != nil:
			return nil, err
		case bytes.HasPrefix(page.data, []byte("OpusHead")):
			return nil, errors.New("it holds Opus, which is not read; decode it to wav first, with opusdec")
		case bytes.HasPrefix(page.data, []byte(pattern)):
			return &oggStream{r: r, serial: page.stream, first: &page, number: page.number}, nil
		}
	}
}

// turn returns the stream's next page; those of other streams are passed over.
func (o *oggStream) turn() (oggPage, error) {
	if first := o.first; first != nil {
		o.first = nil
		return *first, nil
	}
	for {
		page, err := readPage(o.r)
		if errors.Is(err, io.EOF) {
			err = damaged(io.ErrUnexpectedEOF)
		}
		if err != nil || page.stream == o.serial {
			return page, err
		}
	}
}

// next returns the packets that end in the stream's next page, and the page. io.EOF comes after
// the page that says that it is the last one.
func (o *oggStream) next() (packets [][]byte, page oggPage, err error) {
	if o.ended {
		// A file may have other streams after this one.
		if p, err := readPage(o.r); err == nil && p.first {
			return nil, p, errors.New("it holds several streams, one after the other, of which only one can be read")
		}
		return nil, page, io.EOF
	}
	if page, err = o.turn(); err != nil {
		return nil, page, err
	}
	if page.number != o.number || page.continued != (o.part != nil) {
		return nil, page, fmt.Errorf("page %d is missing; the stream is damaged", o.number)
	}
	o.number++
	o.ended = page.last
	data := page.data
	for _, n := range page.lacing {
		if o.part == nil {
			o.part = []byte{}
		}
		o.part = append(o.part, data[:n]...)
		data = data[n:]
		if len(o.part) > mostPacket {
			return nil, page, errors.New("a packet is larger than any of sound")
		}
		if n < 255 {
			packets, o.part = append(packets, o.part), nil
		}
	}
	return packets, page, nil
}

// readOgg reads Vorbis in Ogg.
func readOgg(r io.Reader) (s *Reader, err error) {
	defer guard(&err)
	stream, err := openOgg(r, "\x01vorbis")
	if err != nil {
		return nil, err
	}
	var decoder vorbis.Decoder
	for headers := 0; headers < 3; {
		packets, _, err := stream.next()
		if errors.Is(err, io.EOF) {
			err = damaged(io.ErrUnexpectedEOF)
		}
		if err != nil {
			return nil, err
		}
		for _, packet := range packets {
			switch headers {
			case 1: // comments, whose lengths a decoder takes at their word
			case 2:
				if err := checkCodebooks(packet); err != nil {
					return nil, err
				}
				fallthrough
			case 0:
				if err := decoder.ReadHeader(packet); err != nil {
					return nil, err
				}
			default:
				return nil, errors.New("sound begins in the page of a header")
			}
			headers++
		}
	}
	if !decoder.HeadersRead() {
		return nil, errors.New("a header is missing")
	}
	s = &Reader{Format: Format{Rate: decoder.SampleRate(), Channels: decoder.Channels(), Bits: 32, Float: true, Frames: -1}}
	if s.Channels < 1 {
		return s, nil // refused by who asked
	}
	v := vorbisPages{stream: stream, decoder: &decoder, channels: s.Channels}
	var waiting []float32
	s.read = func(to []float32) (n int, err error) {
		defer guard(&err)
		for len(waiting) == 0 {
			if waiting, err = v.next(); err != nil {
				return 0, err
			}
		}
		n = copy(to, waiting)
		waiting = waiting[n:]
		return n, nil
	}
	return s, nil
}

// vorbisPages decodes page by page.
type vorbisPages struct {
	stream   *oggStream
	decoder  *vorbis.Decoder
	channels int
	at       int64 // samples of each channel until here
	begun    bool
	samples  []float32
}

// next are the samples of a page. Positions in the first page that has one say how many of its
// samples come before the beginning, and in the last one how many after the end.
func (v *vorbisPages) next() ([]float32, error) {
	packets, page, err := v.stream.next()
	if err != nil {
		return nil, err
	}
	v.samples = v.samples[:0]
	for _, packet := range packets {
		out, err := v.decoder.Decode(packet)
		if err != nil {
			return nil, err
		}
		for _, x := range out {
			v.samples = append(v.samples, min(max(x, -1), 1))
		}
	}
	frames := int64(len(v.samples) / v.channels)
	keep := v.samples
	switch {
	case len(packets) == 0 || page.granule < 0:
		v.at += frames
		return keep, nil
	case page.last && page.granule < v.at+frames:
		keep = keep[:max(0, page.granule-v.at)*int64(v.channels)]
	case !v.begun && page.granule < v.at+frames:
		keep = keep[(v.at+frames-page.granule)*int64(v.channels):]
	}
	v.begun = true
	v.at = page.granule
	return keep, nil
}
